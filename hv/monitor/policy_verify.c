/* SPDX-License-Identifier: MIT */
#include "policy_verify.h"

#include <xen/errno.h>

#include "measure/crypto.h"
#include "policy_format.h"

int policy_verify(const uint8_t *file, size_t len, const uint8_t key[64])
{
    uint8_t hash[32];

    if (len < POLICY_SIGNATURE) return -XEN_EINVAL;
    sha256(file, len - POLICY_SIGNATURE, hash);
    return ecdsa_p256_verify(key, hash, file + len - POLICY_SIGNATURE) == 0 ? 0 : -XEN_EPERM;
}
