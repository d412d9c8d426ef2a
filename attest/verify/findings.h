/* SPDX-License-Identifier: MIT */
/* The checks' stable codes (FORMAT.md section 4) and the list of what each found. */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "bytes.h"

/* One row for each check; the order is that of the output. */
#define FINDINGS_CODES(X)                                                                                              \
    X(PARSE)                                                                                                           \
    X(PROFILE)                                                                                                         \
    X(AK_CHAIN)                                                                                                        \
    X(AK_PROFILE)                                                                                                      \
    X(AK_EXPIRED)                                                                                                      \
    X(AK_REVOKED)                                                                                                      \
    X(EK_UNKNOWN)                                                                                                      \
    X(AK_ATTRS)                                                                                                        \
    X(QUOTE_SIG)                                                                                                       \
    X(QUOTE_MAGIC)                                                                                                     \
    X(QUOTE_TYPE)                                                                                                      \
    X(PCR_SELECT)                                                                                                      \
    X(PCR_DIGEST)                                                                                                      \
    X(LOG_REPLAY)                                                                                                      \
    X(LOG_EVENT)                                                                                                       \
    X(LOG_UNKNOWN)                                                                                                     \
    X(PCR_REF)                                                                                                         \
    X(DRTM_STATE)                                                                                                      \
    X(HV_KEY)                                                                                                          \
    X(REPORT_SIG)                                                                                                      \
    X(BOOT_ID)                                                                                                         \
    X(NONCE)                                                                                                           \
    X(KEY)                                                                                                             \
    X(STALE_BOOT)                                                                                                      \
    X(HV_SVN)                                                                                                          \
    X(POLICY)                                                                                                          \
    X(LABEL)                                                                                                           \
    X(LAUNCH)                                                                                                          \
    X(SIGNER)                                                                                                          \
    X(GUEST_SVN)                                                                                                       \
    X(DEBUG)                                                                                                           \
    X(IOMMU)                                                                                                           \
    X(UNMEASURED)

#define FINDINGS_ENUM(name) FINDING_##name,
enum findings_code { FINDINGS_CODES(FINDINGS_ENUM) FINDINGS_CODE_COUNT };

enum findings_state {
    FINDINGS_PASS,
    FINDINGS_FAIL,
    FINDINGS_NOT_MADE, /* something that it needs is missing: no pass */
    FINDINGS_WAIVED,   /* the relying party said that it does not care */
};

#define FINDINGS_DETAIL_MAX 224u

struct findings_item {
    enum findings_code code;
    enum findings_state state;
    char detail[FINDINGS_DETAIL_MAX];
};

#define FINDINGS_MAX 112u /* two lines for each of 24 PCRs, by reference and by --pcr, and a few for each code */

struct findings {
    struct findings_item item[FINDINGS_MAX];
    size_t count;
    bool overflow;
};

const char *findings_name(enum findings_code code);
const char *findings_state_name(enum findings_state state);

/* Adds a line; what is no printable ASCII becomes '?', for parts of it may be the evidence's. The list never drops a
 * failure silently: overflow keeps it from being accepted. */
__attribute__((format(printf, 4, 5))) void findings_add(struct findings *list, enum findings_code code,
                                                        enum findings_state state, const char *format, ...);

/* Each code is there, and none failed or was not made. */
bool findings_accepted(const struct findings *list);

/* The worst state of that code's lines: FAIL, then NOT_MADE, WAIVED, PASS. NOT_MADE when there is no line. */
enum findings_state findings_state_of(const struct findings *list, enum findings_code code);

/* Lower-case hex of size bytes, with a NUL: text has 2 * size + 1. */
void findings_hex(const uint8_t *data, size_t size, char *text);

#endif
