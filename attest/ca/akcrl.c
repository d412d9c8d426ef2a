/* SPDX-License-Identifier: MIT */
#include "akcrl.h"
#include "../verify/p256.h"

#include <errno.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/oid.h>
#include <stdbool.h>
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

/* A number that is not negative, in as few bytes as hold it. */
static size_t put_number(struct derout *w, uint64_t n)
{
    unsigned char bytes[9];
    size_t size = 0;

    do {
        bytes[8 - size++] = (unsigned char)n;
        n >>= 8;
    } while (n != 0);
    if (bytes[9 - size] & 0x80) bytes[8 - size++] = 0;
    return put_tag(w, MBEDTLS_ASN1_INTEGER, put_raw(w, bytes + 9 - size, size));
}

static bool is_before(const mbedtls_x509_time *a, const mbedtls_x509_time *b)
{
    const int x[] = {a->year, a->mon, a->day, a->hour, a->min, a->sec};
    const int y[] = {b->year, b->mon, b->day, b->hour, b->min, b->sec};

    for (int i = 0; i < 6; i++)
        if (x[i] != y[i]) return x[i] < y[i];
    return false;
}

/* What is over by itself needs no entry. */
static int put_revoked(struct derout *w, struct akca *ca, const struct akcrl_entry *e, const mbedtls_x509_time *now,
                       size_t *size)
{
    mbedtls_x509_crt crt;
    size_t entry;
    int rc;

    mbedtls_x509_crt_init(&crt);
    rc = akca_check(ca, e->der, &crt);
    if (rc == 0 && !is_before(&crt.valid_to, now)) {
        entry = put_time(w, &e->when);
        entry += put_tag(w, MBEDTLS_ASN1_INTEGER, put_raw(w, crt.serial.p, crt.serial.len));
        *size += put_sequence(w, entry);
    }
    mbedtls_x509_crt_free(&crt);
    return rc;
}

/* crlExtensions: the number, by which a reader tells the newer of two lists. */
static size_t put_extensions(struct derout *w, uint64_t number)
{
    static const unsigned char oid[] = {0x55, 0x1d, 0x14}; /* 2.5.29.20 */
    size_t size = put_tag(w, MBEDTLS_ASN1_OCTET_STRING, put_number(w, number));

    size += put_tag(w, MBEDTLS_ASN1_OID, put_raw(w, oid, sizeof(oid)));
    size = put_sequence(w, put_sequence(w, size));
    return put_tag(w, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED, size);
}

/* TBSCertList: version 2, signature, issuer, thisUpdate, nextUpdate, revokedCertificates (absent when empty),
 * extensions. */
static int put_body(struct derout *w, struct akca *ca, const struct akcrl_list *list, size_t *size)
{
    size_t entries = 0;

    *size = put_extensions(w, list->number);
    for (size_t i = list->count; i > 0; i--) {
        if (put_revoked(w, ca, &list->entry[i - 1], list->from, &entries) != 0) return -EINVAL;
    }
    *size += entries != 0 ? put_sequence(w, entries) : 0;
    *size += put_time(w, list->to);
    *size += put_time(w, list->from);
    *size += put_raw(w, ca->cert.subject_raw.p, ca->cert.subject_raw.len);
    *size += put_algorithm(w);
    *size += put_number(w, 1);
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

int akcrl_write(struct akca *ca, const struct akcrl_list *list, uint8_t *out, size_t capacity)
{
    unsigned char *buffer;
    struct derout w;
    size_t size;
    int rc;

    if (list->count > AKCRL_MAX) return -EINVAL;
    buffer = malloc(capacity);
    if (buffer == NULL) return -EIO;
    w = (struct derout){.at = buffer + capacity, .start = buffer};
    rc = put_body(&w, ca, list, &size);
    if (rc == 0) rc = sign_and_wrap(ca, (struct bytes){w.at, size}, out, capacity);
    free(buffer);
    return rc;
}
