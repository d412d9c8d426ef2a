/* SPDX-License-Identifier: MIT */
/*
 * The messages between a platform that wants its AK certified and a CA elsewhere (deterministic CBOR, FORMAT.md
 * section 5): request {0: EK public, 1: AK public, ? 2: the EK's certificate}, challenge {0: TPM2B_ID_OBJECT's bytes,
 * 1: encrypted secret's bytes}; the answer is the secret itself.
 */
#ifndef AKREQUEST_H
#define AKREQUEST_H

#include "../verify/bytes.h"

#include <tss2/tss2_tpm2_types.h>

#define AKREQUEST_MAX    8192u
#define AKREQUEST_SECRET 32u

struct akrequest {
    TPMT_PUBLIC ek, ak;
    struct bytes ak_encoded, ek_certificate; /* views into the input; the certificate may be absent */
    uint8_t ek_hash[32];
    uint8_t ak_xy[64];
    TPM2B_NAME ak_name;
};

/* 0: no room. certificate may be absent. */
size_t akrequest_write(const TPMT_PUBLIC *ek, const TPMT_PUBLIC *ak, struct bytes certificate, uint8_t *out,
                       size_t capacity);

/* -EBADMSG; -EINVAL for an AK that is not a restricted signing key on P-256. */
int akrequest_read(struct bytes input, struct akrequest *out);

size_t akrequest_write_challenge(const TPM2B_ID_OBJECT *blob, const TPM2B_ENCRYPTED_SECRET *seed, uint8_t *out,
                                 size_t capacity);
int akrequest_read_challenge(struct bytes input, TPM2B_ID_OBJECT *blob, TPM2B_ENCRYPTED_SECRET *seed);

#endif
