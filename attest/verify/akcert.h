/* SPDX-License-Identifier: MIT */
/* The AK's certificate and the way from it to a CA (FORMAT.md section 2). */
#ifndef AKCERT_H
#define AKCERT_H

#include "bytes.h"

#include <mbedtls/x509_crt.h>

enum akcert_profile { AKCERT_NONE, AKCERT_PRODUCTION, AKCERT_DEVELOPMENT };

/* By the lists that were given, at the caller's time. */
enum akcert_revocation {
    AKCERT_NOT_LISTED,           /* and each issuer on the way has a list of that time */
    AKCERT_LISTED,               /* a certificate on the way */
    AKCERT_NO_LIST,              /* of an issuer on the way */
    AKCERT_LIST_OF_ANOTHER_TIME, /* not yet, or no longer, valid */
    AKCERT_LIST_UNUSABLE,        /* not signed by its issuer, or one that may not */
};

struct akcert {
    mbedtls_x509_crt chain; /* the AK's first */
};

struct akcert_findings {
    bool leads_to_trust; /* chain, signatures, CA flags: all but time and revocation */
    bool is_for_ak;      /* extended key usage, key usage, not a CA */
    bool is_for_key;     /* its public key is the given one */
    bool in_time;        /* each certificate on the way, root included */
    enum akcert_revocation revocation;
    enum akcert_profile profile;
    struct bytes ek_hash; /* hex, out of the subject; a view into the certificate */
};

/* Sets up out; free it with akcert_free() whatever is returned. 0, -EBADMSG or -ENOMEM. */
int akcert_parse(const struct bytes *ders, size_t count, struct akcert *out);
void akcert_free(struct akcert *cert);

/* Of the AK's certificate; nobody has vouched for them yet. akcert_ek: as in the findings. */
struct bytes akcert_ek(const struct akcert *cert);
enum akcert_profile akcert_profile(const struct akcert *cert);

/* crl may be NULL. now: UTC. mbedTLS takes its pointers without const; nothing is changed. */
void akcert_examine(struct akcert *cert, mbedtls_x509_crt *trust, mbedtls_x509_crl *crl, const mbedtls_x509_time *now,
                    const uint8_t xy[64], struct akcert_findings *out);

#endif
