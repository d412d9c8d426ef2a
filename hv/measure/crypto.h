/* SPDX-License-Identifier: MIT */
/* The crypto that the hypervisor uses, all of it by mbedTLS. */
#ifndef HV_CRYPTO_H
#define HV_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

/* Incremental SHA-256; the state is plain data (no pointers), so it may lie in any structure. */
struct sha256_state {
    uint8_t opaque[128];
} __attribute__((aligned(8)));
void sha256_start(struct sha256_state *s);
void sha256_update(struct sha256_state *s, const void *data, size_t len);
void sha256_finish(struct sha256_state *s, uint8_t out[32]);
void sha256(const void *data, size_t len, uint8_t out[32]);
/* 0 if sig (r || s, big-endian) over hash is valid for pub (X || Y), else -EINVAL. At start only: takes long
 * (verifier.c). */
int ecdsa_p256_verify(const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64]);

#endif
