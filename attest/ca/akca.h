/* SPDX-License-Identifier: MIT */
/*
 * A CA for AKs. In development it runs inside the provisioning service and its private key lies in the dom0 image, so
 * its certificates, which say so by their profile, prove nothing about hardware. In production it is bh-ca, elsewhere.
 */
#ifndef AKCA_H
#define AKCA_H

#include "../verify/akcert.h"

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

struct akca {
    mbedtls_pk_context key;
    mbedtls_x509_crt cert;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random; /* with mbedtls_ctr_drbg_random */
};

/* PEM files, with their NUL counted in the size. 0 or -EINVAL; akca_close() after either. */
int akca_open(struct akca *ca, const uint8_t *key_pem, size_t key_size, const uint8_t *cert_pem, size_t cert_size);
void akca_close(struct akca *ca);

struct akca_subject {
    const uint8_t *xy;                  /* the AK's point, 64 bytes */
    const uint8_t *ek_hash;             /* of the TPM, 32 bytes */
    enum akcert_profile profile;        /* development, or production */
    const mbedtls_x509_time *from, *to; /* UTC; NULL: the CA's own */
};

/* DER into out: its size, -EIO, or -EINVAL: the CA's own name cannot be written as its certificate has it, so nothing
 * would verify. */
int akca_issue(struct akca *ca, const struct akca_subject *subject, uint8_t *out, size_t capacity);

/* Is it one whole certificate that this CA signed? Whatever its time. 0 or -EINVAL; crt, set up, is filled in. */
int akca_check(struct akca *ca, struct bytes der, mbedtls_x509_crt *crt);

#endif
