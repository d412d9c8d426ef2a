/* SPDX-License-Identifier: MIT */
/* The TPM's structures in the platform part, by tss2-mu, as plain values. */
#ifndef TPMQUOTE_H
#define TPMQUOTE_H

#include "bytes.h"

struct tpmquote {
    uint32_t magic;
    uint16_t type;
    uint8_t extra[64];
    size_t extra_size;
    uint8_t signer[34]; /* qualified name of the signing key; zero when it is no SHA-256 name */
    uint32_t reset_count;
    bool sha256_only; /* one selection, of the SHA-256 bank; the rest is valid for a quote alone */
    uint32_t pcr_mask;
    uint8_t pcr_digest[32];
};

struct tpmquote_key {
    uint8_t xy[64];        /* X || Y, zero when the key is not on P-256 */
    uint8_t qualified[34]; /* its qualified name as a primary key of the endorsement hierarchy */
    bool is_ak;            /* restricted, signing, not decrypting, made in and fixed to its TPM; ECDSA P-256 SHA-256 */
};

/* Each: 0, or -EBADMSG when it is not exactly one such structure. */
int tpmquote_parse(struct bytes attest, struct tpmquote *out);
int tpmquote_parse_key(struct bytes tpmt_public, struct tpmquote_key *out);
int tpmquote_parse_signature(struct bytes tpmt_signature, uint8_t rs[64]);

/* Of a primary key of the endorsement hierarchy whose name algorithm is SHA-256. */
void tpmquote_qualified_name(struct bytes tpmt_public, uint8_t out[34]);

/* SHA-256 over the values of the PCRs in the mask, ascending (Part 1, section 17.5). */
void tpmquote_digest(const uint8_t pcr[][32], uint32_t mask, uint8_t digest[32]);

#endif
