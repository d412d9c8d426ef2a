/* SPDX-License-Identifier: MIT */
/* The signature of a policy file (policy_format.h). Pure but for the crypto it calls (measure/crypto.h). */
#ifndef BULKHEAD_POLICY_VERIFY_H
#define BULKHEAD_POLICY_VERIFY_H

#include <stddef.h>
#include <stdint.h>

/* Was the file signed with the private half of key (X || Y)? 0, -EPERM, or -EINVAL when it is too
 * short to have a signature. Looks at nothing else in it. */
int policy_verify(const uint8_t *file, size_t len, const uint8_t key[64]);

#endif
