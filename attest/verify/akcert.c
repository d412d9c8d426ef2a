/* SPDX-License-Identifier: MIT */
#include "akcert.h"
#include "akcert_oid.h"

#include <errno.h>
#include <mbedtls/oid.h>

int akcert_parse(const struct bytes *ders, size_t count, struct akcert *out)
{
    const mbedtls_x509_crt *last;

    mbedtls_x509_crt_init(&out->chain);
    for (size_t i = 0; i < count; i++) {
        if (mbedtls_x509_crt_parse_der(&out->chain, ders[i].data, ders[i].size) != 0) return -EBADMSG;
        for (last = &out->chain; last->next != NULL; last = last->next)
            ;
        if (last->raw.len != ders[i].size) return -EBADMSG;
    }
    return 0;
}

void akcert_free(struct akcert *cert)
{
    mbedtls_x509_crt_free(&cert->chain);
}

static bool is_oid(const mbedtls_x509_buf *oid, const char *wanted, size_t size)
{
    return oid->len == size && memcmp(oid->p, wanted, size) == 0;
}

static enum akcert_profile profile_of(const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_sequence *policies = &crt->certificate_policies;

    if (policies->buf.p == NULL || policies->next != NULL) return AKCERT_NONE;
    if (is_oid(&policies->buf, AKCERT_OID_PRODUCTION, sizeof(AKCERT_OID_PRODUCTION) - 1)) return AKCERT_PRODUCTION;
    if (is_oid(&policies->buf, AKCERT_OID_DEVELOPMENT, sizeof(AKCERT_OID_DEVELOPMENT) - 1)) return AKCERT_DEVELOPMENT;
    return AKCERT_NONE;
}

static bool is_ak_usage(const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_sequence *usage = &crt->ext_key_usage;

    return usage->buf.p != NULL && usage->next == NULL &&
           is_oid(&usage->buf, AKCERT_OID_AK_USAGE, sizeof(AKCERT_OID_AK_USAGE) - 1) && crt->ca_istrue == 0;
}

static bool is_key(const mbedtls_x509_crt *crt, const uint8_t xy[64])
{
    const mbedtls_ecp_keypair *key;
    uint8_t encoded[65];
    size_t size;

    if (mbedtls_pk_get_type(&crt->pk) != MBEDTLS_PK_ECKEY) return false;
    key = mbedtls_pk_ec(crt->pk);
    return key->grp.id == MBEDTLS_ECP_DP_SECP256R1 &&
           mbedtls_ecp_point_write_binary(&key->grp, &key->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &size, encoded,
                                          sizeof(encoded)) == 0 &&
           size == sizeof(encoded) && memcmp(encoded + 1, xy, 64) == 0;
}

static struct bytes subject_serial(const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_name *name;

    for (name = &crt->subject; name != NULL; name = name->next) {
        if (name->oid.p != NULL && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_SERIAL_NUMBER, &name->oid) == 0)
            return (struct bytes){name->val.p, name->val.len};
    }
    return (struct bytes){0};
}

static int64_t seconds_like(const mbedtls_x509_time *t)
{
    return ((((int64_t)t->year * 12 + t->mon) * 31 + t->day) * 24 + t->hour) * 3600 + t->min * 60 + t->sec;
}

static bool is_in_time(const mbedtls_x509_crt *crt, const mbedtls_x509_time *now)
{
    return seconds_like(&crt->valid_from) <= seconds_like(now) && seconds_like(now) <= seconds_like(&crt->valid_to);
}

/* The chain's own certificates, and of the trusted ones those that issued one of it. */
static bool way_is_in_time(const mbedtls_x509_crt *chain, const mbedtls_x509_crt *trust, const mbedtls_x509_time *now)
{
    for (const mbedtls_x509_crt *crt = chain; crt != NULL; crt = crt->next) {
        if (!is_in_time(crt, now)) return false;
        for (const mbedtls_x509_crt *root = trust; root != NULL; root = root->next) {
            if (root->subject_raw.len == crt->issuer_raw.len &&
                memcmp(root->subject_raw.p, crt->issuer_raw.p, crt->issuer_raw.len) == 0 && !is_in_time(root, now))
                return false;
        }
    }
    return true;
}

#define TIME_FLAGS (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)
#define CRL_FLAGS                                                                                                      \
    (MBEDTLS_X509_BADCERT_REVOKED | MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_EXPIRED |                    \
     MBEDTLS_X509_BADCRL_FUTURE | MBEDTLS_X509_BADCRL_BAD_MD | MBEDTLS_X509_BADCRL_BAD_PK |                            \
     MBEDTLS_X509_BADCRL_BAD_KEY)

void akcert_examine(struct akcert *cert, mbedtls_x509_crt *trust, mbedtls_x509_crl *crl, const mbedtls_x509_time *now,
                    const uint8_t xy[64], struct akcert_findings *out)
{
    uint32_t flags = 0;
    int rc = mbedtls_x509_crt_verify_with_profile(&cert->chain, trust, crl, &mbedtls_x509_crt_profile_next, NULL,
                                                  &flags, NULL, NULL);

    /* mbedTLS judges time by the machine's clock; the caller's time counts here, so that is judged apart. */
    *out = (struct akcert_findings){
        .leads_to_trust = (rc == 0 || rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) &&
                          (flags & ~(uint32_t)(TIME_FLAGS | CRL_FLAGS)) == 0,
        .is_for_ak = is_ak_usage(&cert->chain),
        .is_for_key = is_key(&cert->chain, xy),
        .in_time = way_is_in_time(&cert->chain, trust, now),
        .revoked = (flags & CRL_FLAGS) != 0,
        .profile = profile_of(&cert->chain),
        .ek_hash = subject_serial(&cert->chain),
    };
}
