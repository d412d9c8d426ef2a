/* SPDX-License-Identifier: MIT */
/*
 * What a CA does to learn that a key lives in the TPM of an EK: TPM2_MakeCredential in software, for an EK by one of
 * the default templates L-1 (RSA 2048) and L-2 (P-256) of the TCG EK Credential Profile, B.3. TPM 2.0 Library Part 1,
 * section 24, annexes B.10 and C.6.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tpm2_types.h>

typedef int (*credential_random)(void *context, unsigned char *out, size_t size);

/* secret: 1 to 32 bytes. 0, -EINVAL for an EK that is not such a key, -EIO when a primitive failed. */
int credential_make(const TPMT_PUBLIC *ek, const TPM2B_NAME *ak_name, const uint8_t *secret, size_t size,
                    credential_random random, void *random_context, TPM2B_ID_OBJECT *blob,
                    TPM2B_ENCRYPTED_SECRET *seed);

#endif
