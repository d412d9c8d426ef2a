/* SPDX-License-Identifier: MIT */
/* What verify.c hands to the two halves of the checks. A part whose "has" is false could not be parsed. */
#ifndef VERIFY_PARTS_H
#define VERIFY_PARTS_H

#include "eventlog.h"
#include "tpmquote.h"
#include "verify.h"

struct verify_parts {
    const struct verify_wanted *wanted;
    struct findings *findings;
    struct evidence evidence;
    struct evidence_platform platform;
    struct tpmquote quote;
    struct tpmquote_key ak;
    struct akcert cert;
    struct bh_report report;
    struct eventlog_record hv_key;
    uint8_t quote_rs[64];
    bool has_evidence, has_platform, has_quote, has_quote_sig, has_ak, has_cert, has_log, has_report, has_size;
    bool has_hv_key; /* the log has exactly one, of the right size */
};

/* verify_platform.c: AK, quote, PCRs */
void verify_platform(struct verify_parts *parts);
/* verify_log.c: event log and reference values */
void verify_log(struct verify_parts *parts);
/* verify_report.c: report, and what ties it to platform and request */
void verify_report(struct verify_parts *parts);

/* The reference's policy, or one of those that the relying party named besides. */
bool verify_expects_policy(const struct verify_parts *parts, const uint8_t digest[32]);

/* One line: PASS or FAIL. */
__attribute__((format(printf, 4, 5))) void verify_judge(struct verify_parts *parts, enum findings_code code, bool good,
                                                        const char *format, ...);
void verify_not_made(struct verify_parts *parts, enum findings_code code, const char *why);
/* Nothing was given to check against: WAIVED where the relying party said so, else NOT_MADE. */
void verify_absent(struct verify_parts *parts, enum findings_code code, const char *why);
void verify_waive(struct verify_parts *parts, enum findings_code code, const char *why);

#endif
