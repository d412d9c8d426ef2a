/* SPDX-License-Identifier: MIT */
/* A revocation list for AK certificates (RFC 5280 section 5), version 2. mbedTLS reads such lists and does not write
 * them. */
#ifndef AKCRL_H
#define AKCRL_H

#include "akca.h"

#define AKCRL_MAX 1024u /* certificates */

struct akcrl_entry {
    struct bytes der; /* a certificate of this CA */
    mbedtls_x509_time when;
};

struct akcrl_list {
    const struct akcrl_entry *entry; /* those that are over at `from` are left out */
    size_t count;
    uint64_t number; /* higher than any list's before */
    const mbedtls_x509_time *from, *to;
};

/* DER into out: its size, or -EINVAL for a certificate that is none of this CA, -EIO when it does not fit or cannot be
 * signed. */
int akcrl_write(struct akca *ca, const struct akcrl_list *list, uint8_t *out, size_t capacity);

#endif
