/* SPDX-License-Identifier: MIT */
#include "akca.h"
#include "../verify/akcert_oid.h"
#include "../verify/findings.h"

#include <errno.h>
#include <mbedtls/oid.h>
#include <stdio.h>
#include <string.h>

int akca_open(struct akca *ca, const uint8_t *key_pem, size_t key_size, const uint8_t *cert_pem, size_t cert_size)
{
    mbedtls_pk_init(&ca->key);
    mbedtls_x509_crt_init(&ca->cert);
    mbedtls_entropy_init(&ca->entropy);
    mbedtls_ctr_drbg_init(&ca->random);
    if (mbedtls_ctr_drbg_seed(&ca->random, mbedtls_entropy_func, &ca->entropy, NULL, 0) != 0 ||
        mbedtls_pk_parse_key(&ca->key, key_pem, key_size, NULL, 0) != 0 ||
        mbedtls_x509_crt_parse(&ca->cert, cert_pem, cert_size) != 0 || ca->cert.ca_istrue == 0 ||
        mbedtls_pk_check_pair(&ca->cert.pk, &ca->key) != 0)
        return -EINVAL;
    return 0;
}

void akca_close(struct akca *ca)
{
    mbedtls_ctr_drbg_free(&ca->random);
    mbedtls_entropy_free(&ca->entropy);
    mbedtls_x509_crt_free(&ca->cert);
    mbedtls_pk_free(&ca->key);
}

static int load_point(mbedtls_pk_context *pk, const uint8_t xy[64])
{
    uint8_t encoded[65] = {4};
    mbedtls_ecp_keypair *pair;

    memcpy(encoded + 1, xy, 64);
    if (mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0) return -EIO;
    pair = mbedtls_pk_ec(*pk);
    if (mbedtls_ecp_group_load(&pair->grp, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
        mbedtls_ecp_point_read_binary(&pair->grp, &pair->Q, encoded, sizeof(encoded)) != 0)
        return -EIO;
    return mbedtls_ecp_check_pubkey(&pair->grp, &pair->Q) == 0 ? 0 : -EIO;
}

/* DER: SEQUENCE { OID } for extended key usage, SEQUENCE { SEQUENCE { OID } } for policies. */
static int set_usage_and_policy(mbedtls_x509write_cert *write, enum akcert_profile profile)
{
    static const uint8_t usage[] = "\x30\x07\x06\x05" AKCERT_OID_AK_USAGE;
    static const uint8_t production[] = "\x30\x09\x30\x07\x06\x05" AKCERT_OID_PRODUCTION;
    static const uint8_t development[] = "\x30\x09\x30\x07\x06\x05" AKCERT_OID_DEVELOPMENT;
    const uint8_t *policy = profile == AKCERT_PRODUCTION ? production : development;

    _Static_assert(sizeof(production) == sizeof(development), "one size for both");
    return mbedtls_x509write_crt_set_extension(write, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                                               MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 1, usage,
                                               sizeof(usage) - 1) == 0 &&
                   mbedtls_x509write_crt_set_extension(write, MBEDTLS_OID_CERTIFICATE_POLICIES,
                                                       MBEDTLS_OID_SIZE(MBEDTLS_OID_CERTIFICATE_POLICIES), 0, policy,
                                                       sizeof(production) - 1) == 0
               ? 0
               : -EIO;
}

static void print_time(const mbedtls_x509_time *t, char out[15])
{
    snprintf(out, 15, "%04u%02u%02u%02u%02u%02u", (unsigned int)t->year % 10000, (unsigned int)t->mon % 100,
             (unsigned int)t->day % 100, (unsigned int)t->hour % 100, (unsigned int)t->min % 100,
             (unsigned int)t->sec % 100);
}

static int set_names_and_time(struct akca *ca, mbedtls_x509write_cert *write, const struct akca_subject *subject)
{
    char issuer[256], name[256], ek[65], from[15], to[15];

    findings_hex(subject->ek_hash, 32, ek);
    snprintf(name, sizeof(name), "O=Bulkhead,OU=%s,CN=Bulkhead AK,serialNumber=%s",
             subject->profile == AKCERT_PRODUCTION ? "production" : "development", ek);
    print_time(subject->from != NULL ? subject->from : &ca->cert.valid_from, from);
    print_time(subject->to != NULL ? subject->to : &ca->cert.valid_to, to);
    return mbedtls_x509_dn_gets(issuer, sizeof(issuer), &ca->cert.subject) > 0 &&
                   mbedtls_x509write_crt_set_issuer_name(write, issuer) == 0 &&
                   mbedtls_x509write_crt_set_subject_name(write, name) == 0 &&
                   mbedtls_x509write_crt_set_validity(write, from, to) == 0
               ? 0
               : -EIO;
}

static int fill(struct akca *ca, mbedtls_x509write_cert *write, const struct akca_subject *subject)
{
    uint8_t serial_bytes[16];
    mbedtls_mpi serial;
    int rc;

    mbedtls_mpi_init(&serial);
    rc = mbedtls_ctr_drbg_random(&ca->random, serial_bytes, sizeof(serial_bytes));
    serial_bytes[0] = (serial_bytes[0] & 0x7f) | 0x40; /* positive, and of one length */
    if (rc == 0) rc = mbedtls_mpi_read_binary(&serial, serial_bytes, sizeof(serial_bytes));
    if (rc == 0) rc = mbedtls_x509write_crt_set_serial(write, &serial);
    mbedtls_mpi_free(&serial);
    if (rc != 0 || set_names_and_time(ca, write, subject) != 0 || set_usage_and_policy(write, subject->profile) != 0)
        return -EIO;
    return mbedtls_x509write_crt_set_basic_constraints(write, 0, -1) == 0 &&
                   mbedtls_x509write_crt_set_key_usage(write, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0
               ? 0
               : -EIO;
}

int akca_check(struct akca *ca, struct bytes der, mbedtls_x509_crt *crt)
{
    const uint32_t time = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
    uint32_t flags = 0;
    int rc;

    if (mbedtls_x509_crt_parse_der(crt, der.data, der.size) != 0 || crt->raw.len != der.size ||
        crt->issuer_raw.len != ca->cert.subject_raw.len ||
        memcmp(crt->issuer_raw.p, ca->cert.subject_raw.p, crt->issuer_raw.len) != 0)
        return -EINVAL;
    rc = mbedtls_x509_crt_verify_with_profile(crt, &ca->cert, NULL, &mbedtls_x509_crt_profile_next, NULL, &flags, NULL,
                                              NULL);
    return (rc == 0 || rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) && (flags & ~time) == 0 ? 0 : -EINVAL;
}

/* The issuer's name went through text, which does not keep every name. */
static int check_issued(struct akca *ca, const uint8_t *der, int size)
{
    mbedtls_x509_crt crt;
    int rc;

    mbedtls_x509_crt_init(&crt);
    rc = akca_check(ca, (struct bytes){der, (size_t)size}, &crt);
    mbedtls_x509_crt_free(&crt);
    return rc == 0 ? size : rc;
}

int akca_issue(struct akca *ca, const struct akca_subject *subject, uint8_t *out, size_t capacity)
{
    mbedtls_x509write_cert write;
    mbedtls_pk_context key;
    int rc;

    mbedtls_pk_init(&key);
    mbedtls_x509write_crt_init(&write);
    mbedtls_x509write_crt_set_version(&write, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&write, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&write, &key);
    mbedtls_x509write_crt_set_issuer_key(&write, &ca->key);
    rc = load_point(&key, subject->xy);
    if (rc == 0) rc = fill(ca, &write, subject);
    if (rc == 0) rc = mbedtls_x509write_crt_der(&write, out, capacity, mbedtls_ctr_drbg_random, &ca->random);
    if (rc > 0) memmove(out, out + capacity - (size_t)rc, (size_t)rc); /* mbedTLS writes from the end */
    mbedtls_x509write_crt_free(&write);
    mbedtls_pk_free(&key);
    return rc > 0 ? check_issued(ca, out, rc) : -EIO;
}
