/* SPDX-License-Identifier: MIT */
#include "attls_key.h"

#include <mbedtls/ecp.h>
#include <mbedtls/sha256.h>

#define NAME "CN=attls"

void attls_key_init(struct attls_key *key)
{
    mbedtls_pk_init(&key->pk);
    mbedtls_x509_crt_init(&key->cert);
}

void attls_key_free(struct attls_key *key)
{
    mbedtls_x509_crt_free(&key->cert);
    mbedtls_pk_free(&key->pk);
}

/* Its time says nothing: nobody looks at it, and a tenant's clock is its operator's. */
static int write_cert(struct attls_key *key, mbedtls_x509write_cert *w, mbedtls_ctr_drbg_context *random)
{
    unsigned char der[1024];
    mbedtls_mpi serial;
    int rc;

    mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(w, &key->pk);
    mbedtls_x509write_crt_set_issuer_key(w, &key->pk);
    mbedtls_mpi_init(&serial);
    rc = mbedtls_mpi_lset(&serial, 1);
    if (rc == 0) rc = mbedtls_x509write_crt_set_serial(w, &serial);
    mbedtls_mpi_free(&serial);
    if (rc == 0) rc = mbedtls_x509write_crt_set_subject_name(w, NAME);
    if (rc == 0) rc = mbedtls_x509write_crt_set_issuer_name(w, NAME);
    if (rc == 0) rc = mbedtls_x509write_crt_set_validity(w, "20000101000000", "20991231235959");
    if (rc == 0) rc = mbedtls_x509write_crt_der(w, der, sizeof(der), mbedtls_ctr_drbg_random, random);
    return rc > 0 ? mbedtls_x509_crt_parse_der(&key->cert, der + sizeof(der) - rc, (size_t)rc) : rc;
}

int attls_key_make(struct attls_key *key, mbedtls_ctr_drbg_context *random)
{
    mbedtls_x509write_cert w;
    int rc = mbedtls_pk_setup(&key->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

    if (rc == 0)
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key->pk), mbedtls_ctr_drbg_random, random);
    if (rc != 0) return rc;
    mbedtls_x509write_crt_init(&w);
    rc = write_cert(key, &w, random);
    mbedtls_x509write_crt_free(&w);
    return rc;
}

int attls_key_hash(const mbedtls_pk_context *pk, uint8_t hash[32])
{
    unsigned char der[256];
    int n = mbedtls_pk_write_pubkey_der((mbedtls_pk_context *)pk, der, sizeof(der));

    return n > 0 ? mbedtls_sha256_ret(der + sizeof(der) - n, (size_t)n, hash, 0) : n;
}
