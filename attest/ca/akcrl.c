/* SPDX-License-Identifier: MIT */
#include "akcrl.h"
#include "../verify/p256.h"

#include <errno.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/oid.h>
#include <stdio.h>
#include <stdlib.h>

/* mbedTLS writes DER from the end of a buffer to its beginning; each function returns what it wrote or less than 0.
 * A failure sticks: nothing is written after it. */
struct derout {
    unsigned char *at, *start;
    int failed; /* mbedTLS's code, or 0 */
};

static size_t note(struct derout *w, int rc)
{
    if (rc < 0) w->failed = rc;
    return rc < 0 ? 0 : (size_t)rc;
}

static size_t put_raw(struct derout *w, const unsigned char *data, size_t size)
{
    return w->failed != 0 ? 0 : note(w, mbedtls_asn1_write_raw_buffer(&w->at, w->start, data, size));
}

static size_t put_tag(struct derout *w, unsigned char tag, size_t size)
{
    if (w->failed == 0) size += note(w, mbedtls_asn1_write_len(&w->at, w->start, size));
    if (w->failed == 0) size += note(w, mbedtls_asn1_write_tag(&w->at, w->start, tag));
    return size;
}

static size_t put_sequence(struct derout *w, size_t size)
{
    return put_tag(w, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, size);
}

/* UTCTime until 2049, as section 5.1.2.4 wants it. */
static size_t put_time(struct derout *w, const mbedtls_x509_time *t)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "%02d%02d%02d%02d%02d%02dZ", t->year % 100, t->mon, t->day, t->hour, t->min,
                        t->sec);

    if (t->year < 1950 || t->year > 2049 || size != 13) w->failed = -EINVAL;
    return put_tag(w, MBEDTLS_ASN1_UTC_TIME, put_raw(w, (unsigned char *)text, 13));
}

static size_t put_algorithm(struct derout *w)
{
    int rc = w->failed != 0 ? 0
                            : mbedtls_asn1_write_oid(&w->at, w->start, MBEDTLS_OID_ECDSA_SHA256,
                                                     MBEDTLS_OID_SIZE(MBEDTLS_OID_ECDSA_SHA256));

    return put_sequence(w, note(w, rc));
}

static int put_revoked(struct derout *w, const struct akca *ca, struct bytes der, const mbedtls_x509_time *when,
                       size_t *size)
{
    mbedtls_x509_crt crt;
    size_t entry;
    int rc = -EINVAL;

    mbedtls_x509_crt_init(&crt);
    if (mbedtls_x509_crt_parse_der(&crt, der.data, der.size) == 0 && crt.issuer_raw.len == ca->cert.subject_raw.len &&
        memcmp(crt.issuer_raw.p, ca->cert.subject_raw.p, crt.issuer_raw.len) == 0) {
        entry = put_time(w, when);
        entry += put_tag(w, MBEDTLS_ASN1_INTEGER, put_raw(w, crt.serial.p, crt.serial.len));
        *size += put_sequence(w, entry);
        rc = 0;
    }
    mbedtls_x509_crt_free(&crt);
    return rc;
}

/* TBSCertList, version 1: signature, issuer, thisUpdate, nextUpdate, revokedCertificates (absent when empty). */
static int put_body(struct derout *w, const struct akca *ca, const struct bytes *certs, size_t count,
                    const mbedtls_x509_time *from, const mbedtls_x509_time *to, size_t *size)
{
    size_t entries = 0;

    for (size_t i = count; i > 0; i--) {
        if (put_revoked(w, ca, certs[i - 1], from, &entries) != 0) return -EINVAL;
    }
    *size = count != 0 ? put_sequence(w, entries) : 0;
    *size += put_time(w, to);
    *size += put_time(w, from);
    *size += put_raw(w, ca->cert.subject_raw.p, ca->cert.subject_raw.len);
    *size += put_algorithm(w);
    *size = put_sequence(w, *size);
    return w->failed != 0 ? -EIO : 0;
}

static int sign_and_wrap(struct akca *ca, struct bytes body, uint8_t *out, size_t capacity)
{
    struct derout w = {.at = out + capacity, .start = out};
    unsigned char raw[MBEDTLS_ECDSA_MAX_LEN], digest[32];
    size_t raw_size, size;

    p256_sha256(body.data, body.size, digest);
    if (mbedtls_pk_sign(&ca->key, MBEDTLS_MD_SHA256, digest, 32, raw, &raw_size, mbedtls_ctr_drbg_random,
                        &ca->random) != 0)
        return -EIO;
    size = note(&w, mbedtls_asn1_write_bitstring(&w.at, w.start, raw, raw_size * 8));
    size += put_algorithm(&w);
    size += put_raw(&w, body.data, body.size);
    size = put_sequence(&w, size);
    if (w.failed != 0) return -EIO;
    memmove(out, w.at, size);
    return (int)size;
}

int akcrl_write(struct akca *ca, const struct bytes *certs, size_t count, const mbedtls_x509_time *from,
                const mbedtls_x509_time *to, uint8_t *out, size_t capacity)
{
    unsigned char *buffer;
    struct derout w;
    size_t size;
    int rc;

    if (count > AKCRL_MAX) return -EINVAL;
    buffer = malloc(capacity);
    if (buffer == NULL) return -EIO;
    w = (struct derout){.at = buffer + capacity, .start = buffer};
    rc = put_body(&w, ca, certs, count, from, to, &size);
    if (rc == 0) rc = sign_and_wrap(ca, (struct bytes){w.at, size}, out, capacity);
    free(buffer);
    return rc;
}
