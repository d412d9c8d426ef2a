/* SPDX-License-Identifier: MIT */
#include "verify.h"
#include "verify_parts.h"
#include "../format/evidence_pack.h"

#include <stdarg.h>
#include <stdio.h>

void verify_judge(struct verify_parts *parts, enum findings_code code, bool good, const char *format, ...)
{
    char detail[FINDINGS_DETAIL_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    findings_add(parts->findings, code, good ? FINDINGS_PASS : FINDINGS_FAIL, "%s", detail);
}

void verify_not_made(struct verify_parts *parts, enum findings_code code, const char *why)
{
    findings_add(parts->findings, code, FINDINGS_NOT_MADE, "%s", why);
}

void verify_waive(struct verify_parts *parts, enum findings_code code, const char *why)
{
    findings_add(parts->findings, code, FINDINGS_WAIVED, "%s", why);
}

void verify_absent(struct verify_parts *parts, enum findings_code code, const char *why)
{
    bool waived = (parts->wanted->waived & VERIFY_WAIVABLE & 1ull << code) != 0;

    findings_add(parts->findings, code, waived ? FINDINGS_WAIVED : FINDINGS_NOT_MADE, "%s", why);
}

static void complain(struct verify_parts *parts, bool good, const char *what)
{
    if (!good) verify_judge(parts, FINDING_PARSE, false, "%s is not well-formed", what);
}

static void parse_platform(struct verify_parts *p, size_t size)
{
    struct evidence_platform *platform = &p->platform;

    p->has_platform = evidence_parse_platform(p->evidence.platform, platform) == 0;
    complain(p, p->has_platform, "platform part");
    if (!p->has_platform) return;
    p->has_quote = tpmquote_parse(platform->quote, &p->quote) == 0;
    complain(p, p->has_quote, "quote");
    p->has_quote_sig = tpmquote_parse_signature(platform->quote_signature, p->quote_rs) == 0;
    complain(p, p->has_quote_sig, "quote's signature");
    p->has_ak = tpmquote_parse_key(platform->ak_public, &p->ak) == 0;
    complain(p, p->has_ak, "AK's public part");
    p->has_cert = akcert_parse(platform->chain, platform->chain_count, &p->cert) == 0;
    complain(p, p->has_cert, "AK's certificate chain");
    p->has_size = size - platform->log.size <= EVIDENCE_BARE_MAX;
    complain(p, p->has_size, "evidence of more than 16 KiB without its log");
    p->has_log = eventlog_parse(platform->log) == 0;
    complain(p, p->has_log, "event log");
    p->has_hv_key =
        p->has_log && eventlog_only(platform->log, BH_EV_HV_KEY, &p->hv_key) == 0 && p->hv_key.data.size == 64;
}

static void parse_all(struct verify_parts *p, struct bytes input)
{
    p->has_evidence = evidence_parse(input, &p->evidence) == 0;
    complain(p, p->has_evidence, "evidence");
    if (!p->has_evidence) return;
    p->has_report = evidence_parse_report(p->evidence.report, &p->report) == 0;
    complain(p, p->has_report, "report");
    parse_platform(p, input.size);
}

static bool parsed_all(const struct verify_parts *p)
{
    return p->has_evidence && p->has_platform && p->has_quote && p->has_quote_sig && p->has_ak && p->has_cert &&
           p->has_log && p->has_report && p->has_size;
}

/* What of the report EAT has claims of its own for: those repeat it, and nothing vouches for them but that. */
static bool claims_agree(const struct verify_parts *p)
{
    bool debug = (p->report.flags & BH_FLAG_DEBUG) != 0;

    return p->evidence.dbgstat == (debug ? EVIDENCE_DEBUG_ENABLED : EVIDENCE_DEBUG_DISABLED) &&
           bytes_equal(p->evidence.bootseed, p->report.boot_id, sizeof(p->report.boot_id));
}

static void check_profile(struct verify_parts *p)
{
    bool known, agree;

    if (!p->has_evidence || !p->has_platform || !p->has_report) {
        verify_not_made(p, FINDING_PROFILE, "no evidence to look at");
        return;
    }
    known = bytes_is_text(p->evidence.profile, EVIDENCE_PROFILE) &&
            bytes_is_text(p->platform.profile, EVIDENCE_PLATFORM_PROFILE);
    agree = claims_agree(p);
    verify_judge(p, FINDING_PROFILE, known && agree, "%s; dbgstat and bootseed %s the report",
                 known ? "evidence-2 and platform-1" : "a profile other than evidence-2 and platform-1, the known ones",
                 agree ? "repeat" : "contradict");
}

bool verify_evidence(struct bytes input, const struct verify_wanted *wanted, struct findings *findings)
{
    struct verify_parts parts = {.wanted = wanted, .findings = findings};

    *findings = (struct findings){0};
    mbedtls_x509_crt_init(&parts.cert.chain);
    parse_all(&parts, input);
    if (parsed_all(&parts))
        verify_judge(&parts, FINDING_PARSE, true, "%zu bytes of evidence, %zu of log", input.size,
                     parts.platform.log.size);
    check_profile(&parts);
    verify_platform(&parts);
    verify_log(&parts);
    verify_report(&parts);
    akcert_free(&parts.cert);
    return findings_accepted(findings);
}
