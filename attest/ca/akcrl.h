/* SPDX-License-Identifier: MIT */
/* A revocation list for AK certificates (RFC 5280 section 5). mbedTLS reads such lists and does not write them. */
#ifndef AKCRL_H
#define AKCRL_H

#include "akca.h"

#define AKCRL_MAX 1024u /* certificates */

/* Revokes the certificates (DER) as of `from`; good until `to`. DER into out: its size, or -EINVAL for a certificate
 * that is none of this CA, -EIO when it does not fit or cannot be signed. */
int akcrl_write(struct akca *ca, const struct bytes *certs, size_t count, const mbedtls_x509_time *from,
                const mbedtls_x509_time *to, uint8_t *out, size_t capacity);

#endif
