/* SPDX-License-Identifier: MIT */
#include "attest_certs.h"
#include "../../attest/ca/akcrl.h"
#include "../../attest/verify/akcert_oid.h"

#include <mbedtls/oid.h>
#include <stdio.h>
#include <stdlib.h>

#define must(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static void extend(const struct attest_certs_spec *spec, mbedtls_x509write_cert *write)
{
    static const uint8_t policy[] = "\x30\x09\x30\x07\x06\x05" AKCERT_OID_DEVELOPMENT;

    must(mbedtls_x509write_crt_set_basic_constraints(write, spec->ca, spec->alone ? 0 : -1) == 0);
    if (spec->usage != 0) must(mbedtls_x509write_crt_set_key_usage(write, spec->usage) == 0);
    if (spec->ext_usage.data != NULL)
        must(mbedtls_x509write_crt_set_extension(write, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                                                 MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 1,
                                                 spec->ext_usage.data, spec->ext_usage.size) == 0);
    if (spec->profile != AKCERT_NONE)
        must(mbedtls_x509write_crt_set_extension(write, MBEDTLS_OID_CERTIFICATE_POLICIES,
                                                 MBEDTLS_OID_SIZE(MBEDTLS_OID_CERTIFICATE_POLICIES), 0, policy,
                                                 sizeof(policy) - 1) == 0);
}

static size_t write_cert(const struct attest_certs_spec *spec, mbedtls_pk_context *key, mbedtls_pk_context *issuer_key,
                         const char *issuer, mbedtls_ctr_drbg_context *random, uint8_t *out, size_t capacity)
{
    mbedtls_x509write_cert write;
    mbedtls_mpi serial;
    int size;

    mbedtls_x509write_crt_init(&write);
    mbedtls_mpi_init(&serial);
    must(mbedtls_mpi_fill_random(&serial, 8, mbedtls_ctr_drbg_random, random) == 0 &&
         mbedtls_mpi_set_bit(&serial, 63, 0) == 0 && mbedtls_mpi_set_bit(&serial, 62, 1) == 0 &&
         mbedtls_x509write_crt_set_serial(&write, &serial) == 0);
    mbedtls_x509write_crt_set_version(&write, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&write, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&write, key);
    mbedtls_x509write_crt_set_issuer_key(&write, issuer_key);
    must(mbedtls_x509write_crt_set_subject_name(&write, spec->subject) == 0 &&
         mbedtls_x509write_crt_set_issuer_name(&write, issuer) == 0 &&
         mbedtls_x509write_crt_set_validity(&write, spec->from != NULL ? spec->from : "20200101000000",
                                            spec->to != NULL ? spec->to : "20491231235959") == 0);
    extend(spec, &write);
    size = mbedtls_x509write_crt_der(&write, out, capacity, mbedtls_ctr_drbg_random, random);
    must(size > 0);
    memmove(out, out + capacity - (size_t)size, (size_t)size); /* mbedTLS writes from the end */
    mbedtls_mpi_free(&serial);
    mbedtls_x509write_crt_free(&write);
    return (size_t)size;
}

size_t attest_certs_write(const struct attest_certs_spec *spec, mbedtls_pk_context *key, struct akca *issuer,
                          uint8_t *out, size_t capacity)
{
    char name[256];

    must(mbedtls_x509_dn_gets(name, sizeof(name), &issuer->cert.subject) > 0);
    return write_cert(spec, key, &issuer->key, name, &issuer->random, out, capacity);
}

void attest_certs_ca(const struct attest_certs_spec *spec, struct akca *issuer, struct akca *out)
{
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    uint8_t cert[2048], pem[1024];
    size_t size;

    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_pk_init(&key);
    must(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0 &&
         mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
         mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), mbedtls_ctr_drbg_random, &random) == 0 &&
         mbedtls_pk_write_key_pem(&key, pem, sizeof(pem)) == 0);
    size = issuer == NULL ? write_cert(spec, &key, &key, spec->subject, &random, cert, sizeof(cert))
                          : attest_certs_write(spec, &key, issuer, cert, sizeof(cert));
    must(akca_open(out, pem, strlen((char *)pem) + 1, cert, size) == 0 || !spec->ca);
    mbedtls_pk_free(&key);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
}

void attest_certs_list(struct akca *ca, const struct bytes *certs, size_t count, int from_year, int to_year,
                       mbedtls_x509_crl *crl)
{
    const mbedtls_x509_time from = {from_year, 1, 1, 0, 0, 0}, to = {to_year, 12, 31, 0, 0, 0};
    struct akcrl_entry entry[4];
    struct akcrl_list list = {.entry = entry, .count = count, .number = 1, .from = &from, .to = &to};
    uint8_t out[2048];
    int size;

    must(count <= sizeof(entry) / sizeof(entry[0]));
    for (size_t i = 0; i < count; i++)
        entry[i] = (struct akcrl_entry){certs[i], from};
    size = akcrl_write(ca, &list, out, sizeof(out));
    must(size > 0 && mbedtls_x509_crl_parse_der(crl, out, (size_t)size) == 0);
}
