/* SPDX-License-Identifier: MIT */
/* The key of one connection, and the certificate that carries it through TLS. */
#ifndef ATTLS_KEY_H
#define ATTLS_KEY_H

#include <stdint.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/x509_crt.h>

struct attls_key {
    mbedtls_pk_context pk;
    mbedtls_x509_crt cert;
};

void attls_key_init(struct attls_key *key);
/* A new P-256 key, and a certificate by itself for itself. 0 or mbedTLS's error. */
int attls_key_make(struct attls_key *key, mbedtls_ctr_drbg_context *random);
void attls_key_free(struct attls_key *key);

/* SHA-256 of the SubjectPublicKeyInfo. 0 or mbedTLS's error. */
int attls_key_hash(const mbedtls_pk_context *pk, uint8_t hash[32]);

#endif
