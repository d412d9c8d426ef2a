/* SPDX-License-Identifier: MIT */
/* The event log against the PCRs, and both against the reference values. */
#include "verify_parts.h"
#include "p256.h"

#include <stdio.h>

static void replay(struct verify_parts *p, uint32_t pcr, uint8_t start, uint8_t value[32])
{
    memset(value, start, 32);
    eventlog_replay(p->platform.log, pcr, value);
}

static bool replays(struct verify_parts *p, uint32_t pcr, uint8_t start)
{
    uint8_t value[32];

    replay(p, pcr, start, value);
    return memcmp(value, p->platform.pcr[pcr], 32) == 0;
}

static void judge_replay(struct verify_parts *p, uint32_t pcr, bool good, uint8_t start)
{
    char quoted[65], computed[65];
    uint8_t value[32];

    findings_hex(p->platform.pcr[pcr], 32, quoted);
    replay(p, pcr, start, value);
    findings_hex(value, 32, computed);
    if (good)
        verify_judge(p, FINDING_LOG_REPLAY, true, "PCR %u is %s, and the log leads to it", pcr, quoted);
    else
        verify_judge(p, FINDING_LOG_REPLAY, false, "PCR %u is %s; the log leads from %s to %s", pcr, quoted,
                     start == 0 ? "zero" : "all FF", computed);
}

static void check_replay(struct verify_parts *p, uint32_t pcr)
{
    bool late = eventlog_has(p->platform.log, BH_EV_DRTM);

    if ((p->platform.pcr_mask & 1u << pcr) == 0) {
        verify_not_made(p, FINDING_LOG_REPLAY, "PCR 21 or 22 is not among the values");
        return;
    }
    /* The two values that a reset leaves (FORMAT.md): no log makes one of them into the other. */
    judge_replay(p, pcr, replays(p, pcr, 0x00) || replays(p, pcr, 0xff), late ? 0x00 : 0xff);
}

static bool digest_is_of_data(const struct eventlog_record *record)
{
    uint8_t digest[32];

    p256_sha256(record->data.data, record->data.size, digest);
    return memcmp(digest, record->digest, 32) == 0;
}

/* PCR 17 and 18 where the log tells of a late launch: from zero on, since one resets them. */
static void check_drtm_replay(struct verify_parts *p, uint32_t pcr)
{
    if ((p->platform.pcr_mask & 1u << pcr) == 0) {
        verify_not_made(p, FINDING_LOG_REPLAY, "PCR 17 or 18 is not among the values");
        return;
    }
    judge_replay(p, pcr, replays(p, pcr, 0x00), 0x00);
}

/* What may stand in the log. A type that is not here is LOG_UNKNOWN: what nobody understood vouches for nothing. */
static const struct kind {
    uint32_t type, pcr; /* 17: or 18 */
    size_t size;        /* of the data; 0: any */
    bool own_digest;    /* of something else than the data */
    bool once;          /* in each log exactly once */
} kinds[] = {
    {BH_EV_HV_KEY, 21, 64, false, true},  {BH_EV_HV_CONFIG, 21, 0, false, true},
    {BH_EV_POLICY, 21, 4, true, true},    {BH_EV_LAUNCH, 21, sizeof(struct bh_launch), false, false},
    {BH_EV_RUNTIME, 22, 0, false, false}, {BH_EV_POLICY_LOAD, 22, 4, true, false},
    {BH_EV_DRTM, 17, 0, true, false},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind_of(const struct eventlog_record *record)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].type == record->type) return &kinds[i];
    }
    return NULL;
}

static bool is_sound(const struct kind *kind, const struct eventlog_record *record)
{
    return (record->pcr == kind->pcr || (kind->pcr == 17 && record->pcr == 18)) &&
           (kind->size == 0 || record->data.size == kind->size) && (kind->own_digest || digest_is_of_data(record));
}

/* What is loaded comes after the policy of the start and is newer than what was there. Between events of different PCRs
 * the order is the log's word alone: a load that stood before the start's policy would not be the newest any more. */
static bool policies_go_up(struct bytes log)
{
    struct eventlog_record record;
    bool up = true, started = false;
    uint32_t last = 0;

    while (eventlog_next(&log, &record) > 0) {
        if ((record.type != BH_EV_POLICY && record.type != BH_EV_POLICY_LOAD) || record.data.size != 4) continue;
        up &= record.type == BH_EV_POLICY ? !started && last == 0 : started && eventlog_le32(record.data.data) > last;
        started |= record.type == BH_EV_POLICY;
        last = eventlog_le32(record.data.data);
    }
    return up;
}

static void check_events(struct verify_parts *p)
{
    struct bytes log = p->platform.log;
    struct eventlog_record record;
    unsigned int number = 0, unknown = 0, unsound = 0, bad_count = 0;
    bool up = policies_go_up(log);

    for (; eventlog_next(&log, &record) > 0; number++) {
        const struct kind *kind = kind_of(&record);

        if (kind == NULL || (record.pcr != 21 && record.pcr != 22 && record.pcr != 17 && record.pcr != 18))
            unknown++;
        else if (!is_sound(kind, &record))
            unsound++;
    }
    for (size_t i = 0; i < KINDS; i++)
        bad_count += kinds[i].once && eventlog_only(p->platform.log, kinds[i].type, &record) != 0;
    verify_judge(p, FINDING_LOG_EVENT, unsound == 0 && bad_count == 0 && up,
                 "%u records: %u unsound, %u of the once-only types missing or repeated, policy versions %s", number,
                 unsound, bad_count, up ? "go up from the start's" : "do not go up from the start's");
    verify_judge(p, FINDING_LOG_UNKNOWN, unknown == 0, "%u records of an unknown type or PCR", unknown);
}

/* --- Reference values ----------------------------------------------------------------------- */

static bool is_quoted(const struct verify_parts *p, int pcr)
{
    return (p->platform.pcr_mask & 1u << pcr) != 0;
}

static bool pcr_is(const struct verify_parts *p, int pcr, const uint8_t value[32])
{
    return is_quoted(p, pcr) && memcmp(value, p->platform.pcr[pcr], 32) == 0;
}

static bool pcr_matches(struct verify_parts *p, struct bytes model, const char *name, int pcr)
{
    const struct refvalues_measurement *ref = refvalues_find(p->wanted->refs, model, name);

    return ref != NULL && pcr_is(p, pcr, ref->digest);
}

/* PCR 17 and 18 without a late launch. */
static bool both_are_ff(const struct verify_parts *p)
{
    return is_quoted(p, 17) && is_quoted(p, 18) && bytes_all(p->platform.pcr[17], 32, 0xff) &&
           bytes_all(p->platform.pcr[18], 32, 0xff);
}

/* Said by the relying party, or by the references of that boot. */
static bool expects_late_launch(struct verify_parts *p, struct bytes model)
{
    return p->wanted->late_launch || refvalues_find(p->wanted->refs, model, "pcr17") != NULL ||
           refvalues_find(p->wanted->refs, model, "pcr18") != NULL;
}

/* How many of that boot's registers are not as they must be. */
static unsigned int boot_mismatches(struct verify_parts *p, struct bytes model)
{
    const struct refvalues *refs = p->wanted->refs;
    unsigned int count;

    if (expects_late_launch(p, model))
        count = (unsigned int)!pcr_matches(p, model, "pcr17", 17) + !pcr_matches(p, model, "pcr18", 18);
    else
        count = !both_are_ff(p);
    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *each = &refs->item[i];
        int pcr = refvalues_pcr(each);

        if (pcr >= 0 && pcr != 17 && pcr != 18 && bytes_equal(each->model, model.data, model.size))
            count += !pcr_is(p, pcr, each->digest);
    }
    return count;
}

/* The boot with the fewest: the one that happened, or to name in a complaint. Never without: the set is usable. */
static struct bytes best_boot(struct verify_parts *p)
{
    const struct refvalues *refs = p->wanted->refs;
    unsigned int fewest = UINT32_MAX;
    struct bytes best = {0};

    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *each = &refs->item[i];
        unsigned int now;

        if (!bytes_has_prefix(each->model, "boot/") || !bytes_is_text(each->name, "pcr4")) continue;
        now = boot_mismatches(p, each->model);
        if (now < fewest) {
            fewest = now;
            best = each->model;
        }
    }
    return best;
}

static void judge_pcr(struct verify_parts *p, int pcr, const uint8_t value[32], struct bytes who)
{
    int length = (int)(who.size < 24 ? who.size : 24);
    char got[65] = "that was not quoted", expected[65];

    if (is_quoted(p, pcr)) findings_hex(p->platform.pcr[pcr], 32, got);
    findings_hex(value, 32, expected);
    if (pcr_is(p, pcr, value))
        verify_judge(p, FINDING_PCR_REF, true, "PCR %d %s (%.*s)", pcr, got, length, (const char *)who.data);
    else
        verify_judge(p, FINDING_PCR_REF, false, "PCR %d %s, expected %s (%.*s)", pcr, got, expected, length,
                     (const char *)who.data);
}

/* Every register that the references of that boot name; 17 and 18 are DRTM_STATE's. */
static void check_boot(struct verify_parts *p, struct bytes model)
{
    const struct refvalues *refs = p->wanted->refs;

    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *each = &refs->item[i];
        int pcr = refvalues_pcr(each);

        if (pcr >= 0 && pcr != 17 && pcr != 18 && bytes_equal(each->model, model.data, model.size))
            judge_pcr(p, pcr, each->digest, model);
    }
}

static void check_pins(struct verify_parts *p)
{
    for (int pcr = 0; pcr < (int)EVIDENCE_PCRS; pcr++) {
        if ((p->wanted->pcr_mask & 1u << pcr) != 0)
            judge_pcr(p, pcr, p->wanted->pcr[pcr], (struct bytes){(const uint8_t *)"--pcr", 5});
    }
}

static void check_event_ref(struct verify_parts *p, uint32_t type, const char *name)
{
    const struct refvalues_measurement *ref = refvalues_of_hypervisor(p->wanted->refs, name);
    struct eventlog_record record;
    char got[65], expected[65];

    if (eventlog_only(p->platform.log, type, &record) != 0) {
        verify_judge(p, FINDING_PCR_REF, false, "PCR 21 %s: the log has none, or more than one", name);
        return;
    }
    findings_hex(record.digest, 32, got);
    findings_hex(ref->digest, 32, expected);
    if (memcmp(record.digest, ref->digest, 32) != 0)
        verify_judge(p, FINDING_PCR_REF, false, "PCR 21 %s %s, expected %s", name, got, expected);
    /* A policy's version is in the data, which the digest does not cover. */
    else if (type == BH_EV_POLICY && !bytes_equal(record.data, ref->raw.data, ref->raw.size))
        verify_judge(p, FINDING_PCR_REF, false, "PCR 21 policy %s, but its version is logged as %u, expected %u", got,
                     record.data.size == 4 ? eventlog_le32(record.data.data) : 0, eventlog_le32(ref->raw.data));
    else
        verify_judge(p, FINDING_PCR_REF, true, "PCR 21 %s %s", name, got);
}

bool verify_expects_policy(const struct verify_parts *p, const uint8_t digest[32])
{
    const struct verify_wanted *wanted = p->wanted;
    const struct refvalues_measurement *ref =
        wanted->refs != NULL ? refvalues_of_hypervisor(wanted->refs, "policy") : NULL;
    bool expected = ref != NULL && memcmp(ref->digest, digest, 32) == 0;

    for (size_t i = 0; i < wanted->policy_count; i++)
        expected |= memcmp(wanted->policy[i], digest, 32) == 0;
    return expected;
}

/* One that is in force no more still ruled over this boot. */
static void check_loaded_policies(struct verify_parts *p)
{
    struct bytes log = p->platform.log;
    struct eventlog_record record;
    unsigned int loaded = 0, unexpected = 0;

    while (eventlog_next(&log, &record) > 0) {
        if (record.type != BH_EV_POLICY_LOAD) continue;
        loaded++;
        unexpected += !verify_expects_policy(p, record.digest);
    }
    if (loaded != 0)
        verify_judge(p, FINDING_PCR_REF, unexpected == 0,
                     "PCR 22 policies: %u loaded at run time, %u of them unexpected", loaded, unexpected);
}

static bool launch_is_logged(struct bytes log, const uint8_t digest[32])
{
    struct eventlog_record record;

    while (eventlog_next(&log, &record) > 0) {
        if (record.type == BH_EV_LAUNCH && memcmp(record.digest, digest, 32) == 0) return true;
    }
    return false;
}

static bool is_boot_domain(const struct refvalues_measurement *item)
{
    return bytes_is_text(item->model, "hypervisor") && bytes_has_prefix(item->name, "launch/");
}

static bool launch_is_expected(const struct refvalues *refs, const uint8_t digest[32])
{
    for (size_t i = 0; i < refs->count; i++) {
        if (is_boot_domain(&refs->item[i]) && memcmp(refs->item[i].digest, digest, 32) == 0) return true;
    }
    return false;
}

/* Each launch in the log is one that the reference names, and each of those is in the log. Numbers alone would not do:
 * two references of one digest, or one launch logged twice, would make room for another. */
static void check_launches(struct verify_parts *p)
{
    const struct refvalues *refs = p->wanted->refs;
    struct bytes log = p->platform.log;
    struct eventlog_record record;
    size_t logged = 0, unexpected = 0, expected = 0, missing = 0;

    while (eventlog_next(&log, &record) > 0) {
        if (record.type != BH_EV_LAUNCH) continue;
        logged++;
        unexpected += !launch_is_expected(refs, record.digest);
    }
    for (size_t i = 0; i < refs->count; i++) {
        if (!is_boot_domain(&refs->item[i])) continue;
        expected++;
        missing += !launch_is_logged(p->platform.log, refs->item[i].digest);
    }
    verify_judge(p, FINDING_PCR_REF, unexpected == 0 && missing == 0 && logged == expected,
                 "PCR 21 launches: %zu logged, %zu of them unexpected; %zu expected, %zu of them missing", logged,
                 unexpected, expected, missing);
}

/* --- Late launch ---------------------------------------------------------------------------- */

static void check_drtm(struct verify_parts *p, struct bytes boot)
{
    bool flag = (p->report.flags & BH_FLAG_LATE_LAUNCH) != 0, all_ff = both_are_ff(p);
    bool good17, good18;

    if (!expects_late_launch(p, boot)) {
        verify_judge(p, FINDING_DRTM_STATE, all_ff && !flag,
                     "no late launch expected: PCR 17 and 18 are %s, report says %s",
                     all_ff ? "all FF" : "extended, if only on top of FF", flag ? "late launch" : "none");
        return;
    }
    /* All FF, and extended on top of FF, differ from every prediction, so they need no case of their own. */
    good17 = pcr_matches(p, boot, "pcr17", 17);
    good18 = pcr_matches(p, boot, "pcr18", 18);
    verify_judge(p, FINDING_DRTM_STATE, flag && good17 && good18,
                 "late launch expected: PCR 17 is %s, PCR 18 is %s, report says %s",
                 good17 ? "the reference's" : "not the reference's", good18 ? "the reference's" : "not the reference's",
                 flag ? "late launch" : "none");
}

void verify_log(struct verify_parts *parts)
{
    struct bytes boot;

    if (!parts->has_log) {
        for (int code = FINDING_LOG_REPLAY; code <= FINDING_DRTM_STATE; code++)
            verify_not_made(parts, (enum findings_code)code, "no event log to look at");
        return;
    }
    check_replay(parts, 21);
    check_replay(parts, 22);
    if (eventlog_has(parts->platform.log, BH_EV_DRTM)) {
        check_drtm_replay(parts, 17);
        check_drtm_replay(parts, 18);
    }
    check_events(parts);
    check_pins(parts);
    if (parts->wanted->refs == NULL || !refvalues_usable(parts->wanted->refs)) {
        verify_not_made(parts, FINDING_PCR_REF, "no reference values");
        verify_not_made(parts, FINDING_DRTM_STATE, "no reference values");
        return;
    }
    boot = best_boot(parts);
    check_boot(parts, boot);
    check_event_ref(parts, BH_EV_HV_CONFIG, "config");
    check_event_ref(parts, BH_EV_POLICY, "policy");
    check_loaded_policies(parts);
    check_launches(parts);
    if (parts->has_report)
        check_drtm(parts, boot);
    else
        verify_not_made(parts, FINDING_DRTM_STATE, "no report to look at");
}
