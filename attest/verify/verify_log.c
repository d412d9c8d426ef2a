/* SPDX-License-Identifier: MIT */
/* The event log against the PCRs, and both against the reference values. */
#include "verify_parts.h"
#include "p256.h"

#include <stdio.h>

static bool replays(struct verify_parts *p, uint32_t pcr, uint8_t start)
{
    uint8_t value[32];

    memset(value, start, sizeof(value));
    eventlog_replay(p->platform.log, pcr, value);
    return memcmp(value, p->platform.pcr[pcr], 32) == 0;
}

static void check_replay(struct verify_parts *p, uint32_t pcr)
{
    char text[65];

    if ((p->platform.pcr_mask & 1u << pcr) == 0) {
        verify_not_made(p, FINDING_LOG_REPLAY, "PCR 21 or 22 is not among the values");
        return;
    }
    findings_hex(p->platform.pcr[pcr], 32, text);
    /* The two values that a reset leaves (FORMAT.md): no log makes one of them into the other. */
    verify_judge(p, FINDING_LOG_REPLAY, replays(p, pcr, 0x00) || replays(p, pcr, 0xff), "PCR %u is %s", pcr, text);
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
    char text[65];

    if ((p->platform.pcr_mask & 1u << pcr) == 0) {
        verify_not_made(p, FINDING_LOG_REPLAY, "PCR 17 or 18 is not among the values");
        return;
    }
    findings_hex(p->platform.pcr[pcr], 32, text);
    verify_judge(p, FINDING_LOG_REPLAY, replays(p, pcr, 0x00), "PCR %u is %s, with a late launch in the log", pcr,
                 text);
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

/* A policy's version only goes up, and what is loaded is newer than what was there. */
static bool policies_go_up(struct bytes log)
{
    struct eventlog_record record;
    uint32_t last = 0;
    bool up = true;

    while (eventlog_next(&log, &record) > 0) {
        if ((record.type != BH_EV_POLICY && record.type != BH_EV_POLICY_LOAD) || record.data.size != 4) continue;
        up &= record.type == BH_EV_POLICY || eventlog_le32(record.data.data) > last;
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
                 unsound, bad_count, up ? "go up" : "go down");
    verify_judge(p, FINDING_LOG_UNKNOWN, unknown == 0, "%u records of an unknown type or PCR", unknown);
}

/* --- Reference values ----------------------------------------------------------------------- */

static bool pcr_matches(struct verify_parts *p, struct bytes model, const char *name, unsigned int pcr)
{
    const struct refvalues_measurement *ref = refvalues_find(p->wanted->refs, model, name);

    return ref != NULL && memcmp(ref->digest, p->platform.pcr[pcr], 32) == 0;
}

/* Which of PCR 4, 8, 9 match that boot: bits 0 to 2. */
static unsigned int boot_matches(struct verify_parts *p, struct bytes model)
{
    return (unsigned int)pcr_matches(p, model, "pcr4", 4) | (unsigned int)pcr_matches(p, model, "pcr8", 8) << 1 |
           (unsigned int)pcr_matches(p, model, "pcr9", 9) << 2;
}

/* The boot with most matches: the one to name in a complaint. Never without a boot: the set is usable. */
static const struct refvalues_measurement *best_boot(struct verify_parts *p, unsigned int *matches)
{
    const struct refvalues *refs = p->wanted->refs;
    const struct refvalues_measurement *best = NULL;

    *matches = 0;
    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *each = &refs->item[i];
        unsigned int now;

        if (!bytes_has_prefix(each->model, "boot/") || !bytes_is_text(each->name, "pcr4")) continue;
        now = boot_matches(p, each->model);
        if (best == NULL || __builtin_popcount(now) > __builtin_popcount(*matches)) {
            best = each;
            *matches = now;
        }
    }
    return best;
}

static void check_boot(struct verify_parts *p, struct bytes *model)
{
    static const struct {
        const char *name;
        unsigned int pcr;
    } each[] = {{"pcr4", 4}, {"pcr8", 8}, {"pcr9", 9}};
    unsigned int matches;

    *model = best_boot(p, &matches)->model;
    for (size_t i = 0; i < 3; i++) {
        const struct refvalues_measurement *ref = refvalues_find(p->wanted->refs, *model, each[i].name);
        bool good = (matches & 1u << i) != 0;
        char got[65], expected[65] = "nothing";

        findings_hex(p->platform.pcr[each[i].pcr], 32, got);
        if (ref != NULL) findings_hex(ref->digest, 32, expected);
        verify_judge(p, FINDING_PCR_REF, good, "PCR %u %s%s%s of %.*s", each[i].pcr, got, good ? "" : ", expected ",
                     good ? "" : expected, (int)(model->size < 24 ? model->size : 24), (const char *)model->data);
    }
}

static void check_event_ref(struct verify_parts *p, uint32_t type, const char *name)
{
    const struct refvalues_measurement *ref = refvalues_of_hypervisor(p->wanted->refs, name);
    struct eventlog_record record;
    char got[65] = "nothing", expected[65];
    bool good = false;

    if (eventlog_only(p->platform.log, type, &record) == 0) {
        findings_hex(record.digest, 32, got);
        good = memcmp(record.digest, ref->digest, 32) == 0;
        /* The version is in the data, which the digest does not cover. */
        if (type == BH_EV_POLICY) good = good && bytes_equal(record.data, ref->raw.data, ref->raw.size);
    }
    findings_hex(ref->digest, 32, expected);
    verify_judge(p, FINDING_PCR_REF, good, "PCR 21 %s %s%s%s", name, got, good ? "" : ", expected ",
                 good ? "" : expected);
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

/* As many launches as the reference names, and each of those among them. */
static void check_launches(struct verify_parts *p)
{
    const struct refvalues *refs = p->wanted->refs;
    struct bytes log = p->platform.log;
    struct eventlog_record record;
    size_t logged = 0, expected = 0, found = 0;

    while (eventlog_next(&log, &record) > 0)
        logged += record.type == BH_EV_LAUNCH;
    for (size_t i = 0; i < refs->count; i++) {
        if (!bytes_is_text(refs->item[i].model, "hypervisor") || !bytes_has_prefix(refs->item[i].name, "launch/"))
            continue;
        expected++;
        found += launch_is_logged(p->platform.log, refs->item[i].digest);
    }
    verify_judge(p, FINDING_PCR_REF, found == expected && logged == expected,
                 "PCR 21 launches: %zu logged, %zu expected, %zu of them found", logged, expected, found);
}

/* --- Late launch ------------------------------------------------------------------------------ */

static void check_drtm(struct verify_parts *p, struct bytes boot)
{
    bool flag = (p->report.flags & BH_FLAG_LATE_LAUNCH) != 0;
    bool all_ff = bytes_all(p->platform.pcr[17], 32, 0xff) && bytes_all(p->platform.pcr[18], 32, 0xff);

    if (!p->wanted->late_launch) {
        verify_judge(p, FINDING_DRTM_STATE, all_ff && !flag,
                     "no late launch expected: PCR 17 and 18 are %s, report says %s",
                     all_ff ? "all FF" : "extended, if only on top of FF", flag ? "late launch" : "none");
        return;
    }
    /* All FF, and extended on top of FF, differ from every prediction, so they need no case of their own. */
    verify_judge(p, FINDING_DRTM_STATE, flag && pcr_matches(p, boot, "pcr17", 17) && pcr_matches(p, boot, "pcr18", 18),
                 "late launch expected: PCR 17 and 18 against the reference, report says %s",
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
    if (parts->wanted->refs == NULL || !refvalues_usable(parts->wanted->refs)) {
        verify_not_made(parts, FINDING_PCR_REF, "no reference values");
        verify_not_made(parts, FINDING_DRTM_STATE, "no reference values");
        return;
    }
    check_boot(parts, &boot);
    check_event_ref(parts, BH_EV_HV_CONFIG, "config");
    check_event_ref(parts, BH_EV_POLICY, "policy");
    check_loaded_policies(parts);
    check_launches(parts);
    if (parts->has_report)
        check_drtm(parts, boot);
    else
        verify_not_made(parts, FINDING_DRTM_STATE, "no report to look at");
}
