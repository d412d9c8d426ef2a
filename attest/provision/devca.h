/* SPDX-License-Identifier: MIT */
/*
 * The development CA, inside the provisioning service: it certifies an AK after a credential was activated, under
 * the development profile, which a relying party has to ask for by name. Its private key lies in the dom0 image, so a
 * certificate of it proves nothing about hardware.
 */
#ifndef DEVCA_H
#define DEVCA_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

struct devca {
    mbedtls_pk_context key;
    mbedtls_x509_crt cert;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random; /* with mbedtls_ctr_drbg_random */
};

/* PEM files, with their NUL counted in the size. 0 or -EINVAL; devca_close() after either. */
int devca_open(struct devca *ca, const uint8_t *key_pem, size_t key_size, const uint8_t *cert_pem, size_t cert_size);
void devca_close(struct devca *ca);

/* Certificate for the AK with public point xy of the TPM whose EK hashes to ek_hash, with the CA's own validity.
 * DER into out: its size, or -EIO. */
int devca_issue(struct devca *ca, const uint8_t xy[64], const uint8_t ek_hash[32], uint8_t *out, size_t capacity);

#endif
