/* SPDX-License-Identifier: MIT */
/* The report: who signed it, for whom, in which boot, about what. */
#include "verify_parts.h"
#include "p256.h"

static void check_hv_key(struct verify_parts *p)
{
    uint8_t boot_id[32];
    bool claim, quote;

    if (!p->has_hv_key || !p->has_quote) {
        verify_not_made(p, FINDING_HV_KEY, "no key in the log, or no quote");
        return;
    }
    p256_sha256(p->hv_key.data.data, 64, boot_id);
    claim = bytes_equal(p->platform.hv_key, p->hv_key.data.data, 64);
    quote = p->quote.extra_size == 32 && memcmp(p->quote.extra, boot_id, 32) == 0;
    verify_judge(p, FINDING_HV_KEY, claim && quote,
                 "the key in the log %s the hypervisor-key claim, the quote's qualifying data %s its SHA-256",
                 claim ? "is" : "is not", quote ? "is" : "is not");
}

static void check_boot_id(struct verify_parts *p)
{
    char text[65], computed[65];
    uint8_t boot_id[32];
    bool good;

    p256_sha256(p->hv_key.data.data, 64, boot_id);
    good = memcmp(p->report.boot_id, boot_id, 32) == 0;
    findings_hex(p->report.boot_id, 32, text);
    findings_hex(boot_id, 32, computed);
    verify_judge(p, FINDING_BOOT_ID, good, "%s%s%s", text, good ? "" : ", but the key in the log gives ",
                 good ? "" : computed);
}

static void check_signature(struct verify_parts *p)
{
    uint8_t digest[32];
    bool good;

    if (!p->has_hv_key) {
        verify_not_made(p, FINDING_REPORT_SIG, "no key in the log");
        verify_not_made(p, FINDING_BOOT_ID, "no key in the log");
        return;
    }
    p256_sha256(&p->report, sizeof(p->report), digest);
    good = p256_verify(p->hv_key.data.data, digest, p->evidence.signature.data);
    verify_judge(p, FINDING_REPORT_SIG, good, "the report %s signed (ECDSA P-256) by the key in the log",
                 good ? "is" : "is NOT");
    check_boot_id(p);
}

static void check_nonce(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;
    uint8_t digest[32];
    bool same;

    if (wanted->nonce.data == NULL) {
        verify_not_made(p, FINDING_NONCE, "no nonce given");
        return;
    }
    same = bytes_equal(p->evidence.nonce, wanted->nonce.data, wanted->nonce.size);
    p256_sha256(wanted->nonce.data, wanted->nonce.size, digest);
    verify_judge(p, FINDING_NONCE, same && memcmp(p->report.report_data, digest, 32) == 0,
                 "nonce is %s, report is %s it", same ? "ours" : "another",
                 memcmp(p->report.report_data, digest, 32) == 0 ? "over" : "not over");
}

static void check_binding(struct verify_parts *p)
{
    struct bytes have = p->evidence.binding, want = p->wanted->binding;
    uint8_t digest[32] = {0};
    const char *what;
    bool same, over;

    if (want.data != NULL) p256_sha256(want.data, want.size, digest);
    same = want.data == NULL ? have.data == NULL : bytes_equal(have, want.data, want.size);
    over = memcmp(p->report.report_data + 32, digest, 32) == 0;
    if (want.data == NULL)
        what = !same  ? "a binding that was not asked for"
               : over ? "nothing else is bound"
                      : "the report binds something";
    else
        what = have.data == NULL ? "no binding, one was asked for"
               : !same           ? "another binding than the expected one"
               : over            ? "the expected binding"
                                 : "the expected binding, but the report is not over it";
    verify_judge(p, FINDING_KEY, same && over, "%s", what);
}

static void check_freshness(struct verify_parts *p)
{
    uint32_t last = p->wanted->last_reset_count;

    if (last == 0)
        verify_absent(p, FINDING_STALE_BOOT, "no earlier reset count given");
    else if (!p->has_quote)
        verify_not_made(p, FINDING_STALE_BOOT, "no quote to look at");
    else
        verify_judge(p, FINDING_STALE_BOOT, p->quote.reset_count >= last, "TPM was reset %u times, last seen %u",
                     p->quote.reset_count, last);
}

/* The report's word on the policy is the hypervisor's own and of this moment; the log's is as old as the quote. So the
 * report may name a policy that came after the quote, but none that the log shows to be gone, and in either case one
 * that the relying party expects. */
static void check_policy(struct verify_parts *p)
{
    const struct bh_report *report = &p->report;
    struct eventlog_record newest;
    const char *when;
    char text[65];
    bool good, expected = verify_expects_policy(p, report->policy_digest);

    if (!p->has_log || !eventlog_policy(p->platform.log, &newest)) {
        verify_not_made(p, FINDING_POLICY, "no policy in the log");
        return;
    }
    good = memcmp(report->policy_digest, newest.digest, 32) == 0 &&
           report->policy_version == eventlog_le32(newest.data.data);
    when = good ? "the log's newest" : "neither in the log nor newer";
    if (!good && eventlog_had_policy(p->platform.log, report->policy_digest, report->policy_version)) {
        when = "no longer in force by the log";
    } else if (!good && report->policy_version > eventlog_le32(newest.data.data)) {
        when = "loaded after the quote";
        good = true;
    }
    findings_hex(report->policy_digest, 32, text);
    verify_judge(p, FINDING_POLICY, good && expected, "version %u, %s: %s, %sexpected", report->policy_version, text,
                 when, expected ? "" : "not ");
}

/* SHA-256("BHCOMP1\0" || salt || u32 compartment), bulkhead.h */
static bool is_compartment(const struct verify_parts *p)
{
    uint8_t input[8 + 32 + 4] = "BHCOMP1", digest[32];

    memcpy(input + 8, p->evidence.salt.data, 32);
    for (unsigned int i = 0; i < 4; i++)
        input[40 + i] = (uint8_t)(p->wanted->compartment >> (8 * i));
    p256_sha256(input, sizeof(input), digest);
    return memcmp(digest, p->report.compartment_hash, 32) == 0;
}

static void check_label(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;

    if (wanted->type == NULL && wanted->any_label)
        verify_waive(p, FINDING_LABEL, "any label will do");
    else if (wanted->type == NULL)
        verify_not_made(p, FINDING_LABEL, "no label given");
    else if (wanted->any_compartment)
        verify_judge(p, FINDING_LABEL, strcmp(p->report.type, wanted->type) == 0, "type %s, wanted %s", p->report.type,
                     wanted->type);
    else if (p->evidence.salt.data == NULL)
        verify_not_made(p, FINDING_LABEL, "the evidence carries no salt: its compartment cannot be checked");
    else
        verify_judge(p, FINDING_LABEL, strcmp(p->report.type, wanted->type) == 0 && is_compartment(p),
                     "type %s, wanted %s; compartment is %s%u", p->report.type, wanted->type,
                     is_compartment(p) ? "" : "not ", wanted->compartment);
}

static void check_launch(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;
    bool wanted_one = wanted->launch_count == 0;
    uint8_t digest[32];
    char text[65];

    p256_sha256(&p->report.launch, sizeof(p->report.launch), digest);
    findings_hex(p->report.launch_digest, 32, text);
    for (size_t i = 0; i < wanted->launch_count; i++)
        wanted_one |= memcmp(wanted->launch[i], p->report.launch_digest, 32) == 0;
    if (wanted->launch_count == 0 && !wanted->any_launch)
        verify_not_made(p, FINDING_LAUNCH, "no launch digest given");
    else if (memcmp(digest, p->report.launch_digest, 32) != 0)
        verify_judge(p, FINDING_LAUNCH, false, "%s is not the digest of the report's launch", text);
    else if (wanted->launch_count == 0)
        findings_add(p->findings, FINDING_LAUNCH, FINDINGS_WAIVED, "%s, any will do", text);
    else
        verify_judge(p, FINDING_LAUNCH, wanted_one, "%s%s", text, wanted_one ? "" : ", not an expected one");
}

/* The number is the signer's own: without a signer it means nothing, and a bound on it cannot be kept. */
static void check_guest_svn(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;

    if (wanted->signer_count == 0 && wanted->least_guest_svn != 0)
        verify_not_made(p, FINDING_GUEST_SVN, "a lowest version of the guest is given, but no signer whose it is");
    else if (wanted->signer_count == 0)
        verify_waive(p, FINDING_GUEST_SVN, "no signer given: the number would mean nothing");
    else if (wanted->least_guest_svn == 0)
        verify_absent(p, FINDING_GUEST_SVN, "no lowest version of the guest given");
    else
        verify_judge(p, FINDING_GUEST_SVN, p->report.guest_svn >= wanted->least_guest_svn, "%u, wanted %u at least",
                     p->report.guest_svn, wanted->least_guest_svn);
}

static void check_signer(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;
    bool found = false;
    char text[65];

    if (wanted->signer_count == 0 && wanted->launch_count == 0) {
        verify_absent(p, FINDING_SIGNER, "neither launch digest nor signer given");
        return;
    }
    if (wanted->signer_count == 0) {
        verify_waive(p, FINDING_SIGNER, "no signer given, the launch digest decides");
        return;
    }
    for (size_t i = 0; i < wanted->signer_count; i++)
        found |= memcmp(wanted->signer[i], p->report.signer, 32) == 0;
    /* Zeros say that nobody signed, whatever stands in the list. */
    found = found && !bytes_all(p->report.signer, 32, 0);
    findings_hex(p->report.signer, 32, text);
    verify_judge(p, FINDING_SIGNER, found, "%s%s", text, found ? "" : ", not an expected one");
}

static void check_svn(struct verify_parts *p)
{
    if (p->wanted->least_svn == 0)
        verify_absent(p, FINDING_HV_SVN, "no lowest version of the hypervisor given");
    else
        verify_judge(p, FINDING_HV_SVN, p->report.svn >= p->wanted->least_svn, "%u, wanted %u at least", p->report.svn,
                     p->wanted->least_svn);
}

static void check_flags(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;
    bool debug = (p->report.flags & BH_FLAG_DEBUG) != 0, iommu = (p->report.flags & BH_FLAG_IOMMU) != 0;
    bool measured = (p->report.flags & BH_FLAG_MEASURED) != 0;

    if (wanted->allow_debug)
        verify_waive(p, FINDING_DEBUG, debug ? "debug build, allowed" : "release build");
    else
        verify_judge(p, FINDING_DEBUG, !debug, "%s build", debug ? "debug" : "release");
    if (!iommu && !wanted->require_iommu && (wanted->waived & VERIFY_WAIVE(IOMMU)) != 0)
        verify_waive(p, FINDING_IOMMU, "devices are NOT confined: dom0's devices can reach all memory");
    else
        verify_judge(p, FINDING_IOMMU, iommu, "devices are %sconfined", iommu ? "" : "not ");
    verify_judge(p, FINDING_UNMEASURED, measured, "the boot %s measured, by the report (flags %x)",
                 measured ? "was" : "was NOT", p->report.flags);
}

void verify_report(struct verify_parts *parts)
{
    if (!parts->has_report) {
        for (int code = FINDING_HV_KEY; code < FINDINGS_CODE_COUNT; code++)
            verify_not_made(parts, (enum findings_code)code, "no report");
        return;
    }
    check_hv_key(parts);
    check_signature(parts);
    check_nonce(parts);
    check_binding(parts);
    check_freshness(parts);
    check_svn(parts);
    check_policy(parts);
    check_label(parts);
    check_launch(parts);
    check_signer(parts);
    check_guest_svn(parts);
    check_flags(parts);
}
