/* SPDX-License-Identifier: MIT */
/*
 * Does each operation really ask? The ramdisk holds, for every permission, a policy that allows everything but it, and
 * one that allows everything. Under the first, each operation that the hypervisor's table (hypercall/operations.h)
 * puts under that permission is tried: it must be refused, change nothing, and leave one record in the audit. Under
 * the second it must work. The rows come from that table: one that this test does not know fails it.
 * Attack row 26.
 */
#include "walk.h"

#define NAME_SIZE 48

/* As tests/guest/walk/bundle writes it: entries, then what they point to. */
struct bundle {
    char magic[8];
    uint32_t count, reserved;
    struct {
        uint32_t perm; /* what the policy denies; BH_PERM_COUNT: nothing; BH_PERM_COUNT + 1: the guest's image */
        uint32_t offset, size, reserved;
    } entry[];
};

uint8_t walk_out[RT_PAGE_SIZE] RT_PAGE_ALIGN;
const void *walk_image;
uint64_t walk_image_size;

static const struct bundle *bundle;
static unsigned next_entry, walked, halves, skipped;

struct about {
    const char *name, *class, *perm;
    enum bh_perm number;
};
static const struct about about[OPERATION_COUNT] = {
#define CALL(name, class, permission, object, when, note)                                                              \
    [OP_##name] = {#name, #class, #permission, PERM_##class##_##permission},
#define ROW(number, handler, class, permission, object, when, note)                                                    \
    [OP_##number] = {#number, #class, #permission, PERM_##class##_##permission},
#define CASE(number, suffix, class, permission, object, note)                                                          \
    [OP_##number##_##suffix] = {#number " " #suffix, #class, #permission, PERM_##class##_##permission},
    OPERATIONS(CALL, ROW, CASE)};

uint64_t walk_answered(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < sizeof(walk_out); i++)
        sum = sum * 31 + walk_out[i];
    return sum;
}

static const struct walk_row *row(unsigned op)
{
    static const struct walk_row *const kinds[] = {walk_cpu,    walk_memory, walk_event,   walk_grant,
                                                   walk_device, walk_domain, walk_emulated};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(kinds); i++)
        if (kinds[i][op].call || kinds[i][op].skip) return &kinds[i][op];
    return NULL;
}

/* --- Policies --- */
static const void *entry(unsigned n)
{
    return (const char *)bundle + bundle->entry[n].offset;
}

static void open_bundle(void)
{
    const struct start_info *s = rt_start_info;

    bundle = s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const void *)s->mod_start;
    if (s->mod_len < sizeof(*bundle) || memcmp(bundle->magic, "BHWALK1", 8)) test_error("no policies in the ramdisk");
    NEED(bundle->count > 0 && bundle->entry[0].perm == BH_PERM_COUNT + 1);
    walk_image = entry(0);
    walk_image_size = bundle->entry[0].size;
    next_entry = 1;
}

/* Takes the next policy into force; it must be the one that is expected. */
static void policy(uint32_t denies)
{
    struct bh_policy_commit commit = {.flags = BH_POLICY_REVOKE};
    unsigned n = next_entry++;
    long ret = 0;

    NEED(n < bundle->count && bundle->entry[n].perm == denies);
    for (uint32_t at = 0, size = bundle->entry[n].size; at < size && !ret; at += BH_LOAD_MAX) {
        struct bh_policy_stage stage = {.total = size,
                                        .offset = at,
                                        .size = size - at < BH_LOAD_MAX ? size - at : BH_LOAD_MAX,
                                        .data = (uint64_t)entry(n) + at};
        ret = walk_bulkhead(BH_POLICY_STAGE, &stage);
    }
    if (!ret) ret = walk_bulkhead(BH_POLICY_COMMIT, &commit);
    if (ret) test_error("policy %u: %ld %s", n, ret, commit.error);
}

/* --- The audit --- */
static uint64_t newest(void)
{
    struct bh_audit_read read = {.data = (uint64_t)walk_out};

    NEED(walk_bulkhead(BH_AUDIT_READ, &read) == 0);
    return read.newest;
}

/* Records since then about this permission, and others. */
static void count_records(uint64_t since, unsigned perm, unsigned *ours, unsigned *others)
{
    static struct bh_audit_record r[16];
    const char *class_name = NULL, *perm_name = NULL;

    for (unsigned op = 1; op < OPERATION_COUNT; op++)
        if (about[op].number == perm) {
            class_name = about[op].class;
            perm_name = about[op].perm;
        }
    *ours = *others = 0;
    for (;;) {
        struct bh_audit_read read = {.seq = since + 1, .count = 16, .data = (uint64_t)r};
        NEED(walk_bulkhead(BH_AUDIT_READ, &read) == 0);
        if (!read.count) return;
        for (unsigned i = 0; i < read.count; i++) {
            bool match = !strcmp(r[i].class_name, class_name) && !strcmp(r[i].perm_name, perm_name);
            CHECK_MSG(!r[i].suppressed, "records were kept out");
            *ours += match;
            *others += !match;
            if (!match) rt_printf("  a record of %s:%s\n", r[i].class_name, r[i].perm_name);
        }
        since = read.seq + read.count - 1;
    }
}

/* --- The walk --- */
static uint64_t before[OPERATION_COUNT];
static long result[OPERATION_COUNT];

/* Answers go to memory of ours, which can be looked at under any policy. */
static bool at_once(const struct walk_row *w)
{
    return w->state == walk_answered || w->memory;
}

static void prepare(const struct walk_row *w)
{
    memset(walk_out, 0, sizeof(walk_out));
    if (w->prepare) w->prepare();
}

static void look(unsigned op, const struct walk_row *w)
{
    before[op] = w->state ? w->state() : 0;
}

static void refuse(unsigned op, const struct walk_row *w)
{
    if (at_once(w)) {
        prepare(w);
        look(op, w);
    }
    result[op] = w->call();
    if (at_once(w)) CHECK_MSG(w->state() == before[op], "%s: refused, but it answered", about[op].name);
}

static void see_refused(unsigned op, const struct walk_row *w)
{
    long want = w->silent ? 0 : w->refused ? w->refused : -XEN_EPERM;

    CHECK_MSG(result[op] == want, "%s: %ld where a refusal gives %ld", about[op].name, result[op], want);
    if (w->state && !at_once(w)) CHECK_MSG(w->state() == before[op], "%s: refused, but done", about[op].name);
}

static void allow(unsigned op, const struct walk_row *w)
{
    if (w->half) {
        halves++;
        rt_printf("walk: %s: only the refusal: %s\n", about[op].name, w->half);
        return;
    }
    prepare(w);
    look(op, w);
    long ret = w->call();
    CHECK_MSG(ret >= 0 || ret == w->want, "%s: %ld although it is allowed", about[op].name, ret);
    if (w->state) CHECK_MSG(w->state() != before[op], "%s: allowed, but nothing was done", about[op].name);
    if (w->undo) w->undo();
}

static bool listed(unsigned op, unsigned perm)
{
    return about[op].number == perm && row(op) && row(op)->call;
}

/* With "attestation" on the command line, on a machine with a TPM: only what differs there. */
static bool wanted(unsigned perm)
{
    static const enum bh_class classes[] = {
#define PERM(class, name, object, guards) BH_CLASS_##class,
        BH_PERMISSIONS(PERM)};

    enum bh_class class = classes[perm];

    return !strstr((const char *)rt_start_info->cmd_line, "attestation") || class == BH_CLASS_tpm ||
           class == BH_CLASS_attest;
}

static void walk(unsigned perm, bool last)
{
    unsigned rows = 0, ours, others;
    uint64_t since;

    for (unsigned op = 1; op < OPERATION_COUNT; op++)
        if (listed(op, perm)) {
            prepare(row(op));
            rows++;
        }
    if (!rows) { /* asked beside an operation's own, or by a rule: the host test `permissions` has the list */
        rt_printf("walk: permission %u has no operation\n", perm);
        next_entry += 2;
        return;
    }
    for (unsigned op = 1; op < OPERATION_COUNT; op++) /* all are prepared by now: one may change another's state */
        if (listed(op, perm)) look(op, row(op));
    since = newest();
    rt_event_disable();
    policy(perm);
    for (unsigned op = 1; op < OPERATION_COUNT; op++)
        if (listed(op, perm)) refuse(op, row(op));
    if (!last) policy(BH_PERM_COUNT);
    rt_event_enable();
    count_records(since, perm, &ours, &others);
    CHECK_MSG(ours == rows && !others, "%u refusals, %u records of %u and %u others", rows, ours, perm, others);
    for (unsigned op = 1; op < OPERATION_COUNT; op++)
        if (listed(op, perm)) see_refused(op, row(op));
    for (unsigned op = 1; op < OPERATION_COUNT && !last; op++)
        if (listed(op, perm)) allow(op, row(op));
    walked += rows;
}

/* Every row is walked or has its reason. */
static void rows_are_known(void)
{
    for (unsigned op = 1; op < OPERATION_COUNT; op++) {
        const struct walk_row *w = row(op);

        CHECK_MSG(w, "nobody knows how to call %s", about[op].name);
        if (w && w->skip) {
            skipped++;
            rt_printf("walk: %s: skipped: %s\n", about[op].name, w->skip);
        }
    }
}

void test_main(void)
{
    while (!rt_start_is_dom0()) /* the guest that the one in dom0's place starts */
        rt_sched_op(SCHEDOP_yield, NULL);
    open_bundle();
    rows_are_known();
    walk_event_init();
    walk_child_build();
    for (unsigned perm = 0; perm < BH_PERM_COUNT; perm++)
        if (perm != PERM_policy_load && wanted(perm))
            walk(perm, false);
        else if (perm != PERM_policy_load)
            next_entry += 2;
    /* Without this one, no other policy comes: its operations were done a hundred times by now. */
    walk(PERM_policy_load, true);
    rt_printf("walk: %u of %u rows refused and done, %u of them refused only, %u skipped\n", walked,
              OPERATION_COUNT - 1, halves, skipped);
}
