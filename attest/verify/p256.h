/* SPDX-License-Identifier: MIT */
/* SHA-256 and ECDSA on P-256, by mbedTLS. */
#ifndef P256_H
#define P256_H

#include "bytes.h"

void p256_sha256(const void *data, size_t size, uint8_t digest[32]);

/* value = SHA-256(value || digest), as a TPM extends a PCR. */
void p256_extend(uint8_t value[32], const uint8_t digest[32]);

/* pub: X || Y, signature: r || s, 32 bytes each, big-endian. False for a point that is not on the curve, too. */
bool p256_verify(const uint8_t pub[64], const uint8_t digest[32], const uint8_t signature[64]);

#endif
