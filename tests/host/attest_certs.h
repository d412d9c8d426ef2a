/* SPDX-License-Identifier: MIT */
/* Certificates as somebody might make them, right and wrong, and CAs below CAs. */
#ifndef ATTEST_CERTS_H
#define ATTEST_CERTS_H

#include "../../attest/ca/akca.h"
#include "../../attest/verify/bytes.h"

#include <mbedtls/x509_crl.h>

#define ATTEST_CERTS_AK_USAGE     "\x30\x07\x06\x05\x67\x81\x05\x08\x03"
#define ATTEST_CERTS_SERVER_USAGE "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define ATTEST_CERTS_BOTH_USAGES  "\x30\x11\x06\x05\x67\x81\x05\x08\x03\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"

struct attest_certs_spec {
    const char *subject, *from, *to; /* NULL: 2020 to 2049 */
    bool ca, alone;                  /* alone: a CA that may not certify CAs (pathLenConstraint 0) */
    unsigned int usage;              /* MBEDTLS_X509_KU_*; 0: no such extension */
    struct bytes ext_usage;          /* DER; absent: no such extension */
    enum akcert_profile profile;     /* AKCERT_NONE: no policy; else development */
};

/* For that key, by that CA. DER into out: its size. */
size_t attest_certs_write(const struct attest_certs_spec *spec, mbedtls_pk_context *key, struct akca *issuer,
                          uint8_t *out, size_t capacity);

/* A CA with a key of its own, certified by issuer (NULL: by itself). akca_close() it. */
void attest_certs_ca(const struct attest_certs_spec *spec, struct akca *issuer, struct akca *out);

/* That CA's list with those certificates on it, appended to crl. */
void attest_certs_list(struct akca *ca, const struct bytes *certs, size_t count, int from_year, int to_year,
                       mbedtls_x509_crl *crl);

#endif
