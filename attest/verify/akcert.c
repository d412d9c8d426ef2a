/* SPDX-License-Identifier: MIT */
#include "akcert.h"
#include "akcert_oid.h"

#include <errno.h>
#include <mbedtls/oid.h>

#ifndef MBEDTLS_X509_CHECK_KEY_USAGE
#error "without it mbedTLS takes any certificate with CA:TRUE for an issuer, whatever its keyUsage says"
#endif

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
           is_oid(&usage->buf, AKCERT_OID_AK_USAGE, sizeof(AKCERT_OID_AK_USAGE) - 1) && crt->ca_istrue == 0 &&
           (crt->key_usage & MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0;
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

struct bytes akcert_ek(const struct akcert *cert)
{
    return subject_serial(&cert->chain);
}

enum akcert_profile akcert_profile(const struct akcert *cert)
{
    return profile_of(&cert->chain);
}

static int64_t seconds_like(const mbedtls_x509_time *t)
{
    return ((((int64_t)t->year * 12 + t->mon) * 31 + t->day) * 24 + t->hour) * 3600 + t->min * 60 + t->sec;
}

static bool is_between(const mbedtls_x509_time *from, const mbedtls_x509_time *to, const mbedtls_x509_time *now)
{
    return seconds_like(from) <= seconds_like(now) && seconds_like(now) <= seconds_like(to);
}

static bool is_in_time(const mbedtls_x509_crt *crt, const mbedtls_x509_time *now)
{
    return is_between(&crt->valid_from, &crt->valid_to, now);
}

static bool same_bytes(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool is_plain_text(int tag)
{
    return tag == MBEDTLS_ASN1_UTF8_STRING || tag == MBEDTLS_ASN1_PRINTABLE_STRING;
}

/* Never true where mbedTLS takes the names for different ones: it would skip a list that was counted here. */
static bool same_name(const mbedtls_x509_name *a, const mbedtls_x509_name *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (!same_bytes(&a->oid, &b->oid) || !same_bytes(&a->val, &b->val) || a->next_merged != b->next_merged ||
            (a->val.tag != b->val.tag && !(is_plain_text(a->val.tag) && is_plain_text(b->val.tag))))
            return false;
    }
    return a == NULL && b == NULL;
}

/* --- The way that mbedTLS found ------------------------------------------------------------------------ */

struct way {
    const mbedtls_x509_crt *crt[MBEDTLS_X509_MAX_INTERMEDIATE_CA + 2]; /* the AK's first */
    size_t count;
};

static int note_step(void *data, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct way *way = data;

    (void)flags;
    if (depth < 0 || (size_t)depth >= sizeof(way->crt) / sizeof(way->crt[0])) return MBEDTLS_ERR_X509_FATAL_ERROR;
    way->crt[depth] = crt;
    if (way->count <= (size_t)depth) way->count = (size_t)depth + 1;
    return 0;
}

static bool is_trusted(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *trust)
{
    while (trust != NULL && trust != crt)
        trust = trust->next;
    return trust != NULL;
}

/* Of certificates for one name and key mbedTLS takes the one that the machine's clock likes: any of them will do. */
static bool root_is_in_time(const mbedtls_x509_crt *root, const mbedtls_x509_crt *trust, const mbedtls_x509_time *now)
{
    for (; trust != NULL; trust = trust->next) {
        if (is_in_time(trust, now) && trust->ca_istrue != 0 && same_name(&trust->subject, &root->subject) &&
            same_bytes(&trust->pk_raw, &root->pk_raw) &&
            mbedtls_x509_crt_check_key_usage(trust, MBEDTLS_X509_KU_KEY_CERT_SIGN) == 0)
            return true;
    }
    return is_in_time(root, now);
}

static bool way_is_in_time(const struct way *way, const mbedtls_x509_crt *trust, const mbedtls_x509_time *now)
{
    for (size_t i = 0; i < way->count; i++) {
        if (is_trusted(way->crt[i], trust) ? !root_is_in_time(way->crt[i], trust, now) : !is_in_time(way->crt[i], now))
            return false;
    }
    return way->count != 0;
}

/* mbedTLS says nothing where no list is of a certificate's issuer, and judges a list's time by the machine's clock. */
static enum akcert_revocation coverage(const mbedtls_x509_crt *crt, const mbedtls_x509_crl *crl,
                                       const mbedtls_x509_time *now)
{
    enum akcert_revocation found = AKCERT_NO_LIST;

    for (; crl != NULL; crl = crl->next) {
        if (crl->version == 0 || !same_name(&crl->issuer, &crt->issuer)) continue;
        if (is_between(&crl->this_update, &crl->next_update, now)) return AKCERT_NOT_LISTED;
        found = AKCERT_LIST_OF_ANOTHER_TIME;
    }
    return found;
}

#define TIME_FLAGS     (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)
#define CRL_TIME_FLAGS (MBEDTLS_X509_BADCRL_EXPIRED | MBEDTLS_X509_BADCRL_FUTURE)
#define CRL_BAD_FLAGS                                                                                                  \
    (MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_BAD_MD | MBEDTLS_X509_BADCRL_BAD_PK |                       \
     MBEDTLS_X509_BADCRL_BAD_KEY)
#define CRL_FLAGS (MBEDTLS_X509_BADCERT_REVOKED | CRL_TIME_FLAGS | CRL_BAD_FLAGS)

static enum akcert_revocation revocation_of(const struct way *way, uint32_t flags, const mbedtls_x509_crt *trust,
                                            const mbedtls_x509_crl *crl, const mbedtls_x509_time *now)
{
    enum akcert_revocation each = AKCERT_NOT_LISTED;

    if ((flags & MBEDTLS_X509_BADCERT_REVOKED) != 0) return AKCERT_LISTED;
    if ((flags & CRL_BAD_FLAGS) != 0 || way->count == 0) return AKCERT_LIST_UNUSABLE;
    for (size_t i = 0; i < way->count && each == AKCERT_NOT_LISTED; i++) {
        if (i == 0 || !is_trusted(way->crt[i], trust)) each = coverage(way->crt[i], crl, now);
    }
    return each;
}

void akcert_examine(struct akcert *cert, mbedtls_x509_crt *trust, mbedtls_x509_crl *crl, const mbedtls_x509_time *now,
                    const uint8_t xy[64], struct akcert_findings *out)
{
    struct way way = {.count = 0};
    uint32_t flags = 0;
    int rc = mbedtls_x509_crt_verify_with_profile(&cert->chain, trust, crl, &mbedtls_x509_crt_profile_next, NULL,
                                                  &flags, note_step, &way);

    /* mbedTLS judges time by the machine's clock; the caller's time counts here, so that is judged apart. */
    *out = (struct akcert_findings){
        .leads_to_trust = (rc == 0 || rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) &&
                          (flags & ~(uint32_t)(TIME_FLAGS | CRL_FLAGS)) == 0,
        .is_for_ak = is_ak_usage(&cert->chain),
        .is_for_key = is_key(&cert->chain, xy),
        .in_time = way_is_in_time(&way, trust, now),
        .revocation = revocation_of(&way, flags, trust, crl, now),
        .profile = akcert_profile(cert),
        .ek_hash = akcert_ek(cert),
    };
}
