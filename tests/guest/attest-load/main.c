/* SPDX-License-Identifier: MIT */
/*
 * 64 guests ask for reports at once, 10,000 times each, as fast as they can. Every call ends in a report or in the
 * named rate limit (-EBUSY), never in another error; each guest gets its share and no more than its policy gives, and
 * its last report holds (BH_REPORT_CHECK); afterwards all memory and the hypervisor's heap are as they were. Meanwhile
 * a guest that sleeps and wakes is as punctual as it is while the same 64 only burn the CPU. In dom0's place this
 * kernel starts itself (its ramdisk) as each of them. Under -icount times are counts of instructions, so lateness has
 * bounds, and all guests take about as long; with the word "wall" lateness is of the host's making, and printed only.
 * "requests=N": other than 10,000. Row 24.
 */
#include "rt_test.h"

#include <xen/io/console.h>

#include "bulkhead.h"

#define GUESTS   64u
#define REQUESTS 10000u
#define WARM_UP  2u
#define CEILING  2u /* reports a second: isolated_t in policy/bulkhead.rules */
#define WAKES    200u
#define NAP      (10 * RT_MS)
#define BURN     (WAKES * NAP + 500 * RT_MS)

/* Microseconds by which reports may add to the sleeper's lateness. Who wakes waits for the step of a signature that is
 * under way, at worst an inversion (500 us). On average: 64 * CEILING reports a second, the squares of whose steps'
 * times add up to 1.1 ms^2 a report, so 1.1 * 128 / 2000 ms for one who comes at any time. */
#define MEAN_MORE  70u
#define WORST_MORE 600u

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static unsigned long number_after(const char *text, const char *word, unsigned long otherwise)
{
    const char *at = strstr(text, word);
    unsigned long n = 0;

    if (!at) return otherwise;
    for (at += strlen(word); *at >= '0' && *at <= '9'; at++)
        n = n * 10 + (unsigned)(*at - '0');
    return n;
}

/* ---- The guests; each says on its console how it went, in one line of numbers ---------------------------------- */
struct last_report {
    struct bh_report report;
    uint8_t signature[64];
};

/* Where nobody types, the console's input, lies what a guest hands to the conductor. */
static struct last_report *last_report_in(struct xencons_interface *ring)
{
    _Static_assert(sizeof(struct last_report) <= sizeof(ring->in), "fits");
    return (struct last_report *)ring->in;
}

static void ask_for_reports(unsigned long requests)
{
    static struct bh_report report;
    static uint8_t signature[64];
    struct last_report *out = last_report_in(rt_mm_va(rt_mm_m2p(rt_start_info->console.domU.mfn)));
    struct bh_report_op op = {.report = (uint64_t)&report, .signature = (uint64_t)signature};
    unsigned made = 0, limited = 0, wrong = 0;
    uint64_t first = rt_time_now() / RT_S, last;

    for (unsigned i = 0; i < requests; i++) {
        memcpy(op.report_data, &i, sizeof(i));
        long ret = call(BH_REPORT, &op);
        if (ret == 0 && memcmp(report.report_data, &i, sizeof(i)) == 0)
            made++;
        else if (ret == -XEN_EBUSY)
            limited++;
        else
            wrong++;
    }
    last = rt_time_now() / RT_S;
    out->report = report;
    memcpy(out->signature, signature, sizeof(signature));
    rt_printf("DONE %u %u %u %lu %lu\n", made, limited, wrong, last - first + 1, report.counter);
}

static void burn(void)
{
    rt_time_spin(BURN);
    rt_printf("DONE 0 0 0 0 0\n");
}

/* Sleeps by a timer; how late it wakes, in microseconds: on average, and at worst. */
static void nap(void)
{
    uint64_t worst = 0, sum = 0;

    for (unsigned i = 0; i < WAKES; i++) {
        struct sched_poll poll = {.timeout = rt_time_now() + NAP};
        rt_sched_op(SCHEDOP_poll, &poll);
        uint64_t now = rt_time_now(), late = now > poll.timeout ? now - poll.timeout : 0;
        sum += late;
        worst = late > worst ? late : worst;
    }
    rt_printf("DONE %lu %lu 0 0 0\n", sum / WAKES / RT_US, worst / RT_US);
}

/* ---- The conductor ---------------------------------------------------------------------------------------------- */
static char console_place[RT_PAGE_SIZE] RT_PAGE_ALIGN;

static void load(unsigned domid, unsigned part, const void *data, uint64_t size)
{
    struct bh_dom_load op = {.domid = domid, .part = part, .total = size};

    while (op.offset < size) {
        op.size = size - op.offset < BH_LOAD_MAX ? (uint32_t)(size - op.offset) : BH_LOAD_MAX;
        op.data = (uint64_t)data + op.offset;
        NEED(call(BH_DOM_LOAD, &op) == 0);
        op.offset += op.size;
    }
}

static unsigned start(const char *role, unsigned n, const char *cmdline)
{
    const struct start_info *s = rt_start_info;
    struct bh_dom_create create = {.vcpus = 1, .memory_kib = 6144, .compartment = n};
    struct bh_dom_target target = {0};
    long ret;

    rt_snprintf(create.name, sizeof(create.name), "%s%u", role, n);
    rt_snprintf(create.type, sizeof(create.type), "isolated_t");
    ret = call(BH_DOM_CREATE, &create);
    if (ret) test_error("create %s: %ld", create.name, ret);
    load(create.domid, BH_PART_KERNEL,
         s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const void *)s->mod_start, s->mod_len);
    load(create.domid, BH_PART_CMDLINE, cmdline, strlen(cmdline));
    target.domid = create.domid;
    NEED(call(BH_DOM_BUILD, &target) == 0);
    return create.domid;
}

static void for_all(unsigned cmd, const unsigned *domid, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct bh_dom_target target = {.domid = domid[i]};
        NEED(call(cmd, &target) == 0);
    }
}

static void await_end(unsigned domid)
{
    struct bh_dom_info info;

    do {
        struct sched_poll poll = {.timeout = rt_time_now() + 50 * RT_MS};
        rt_sched_op(SCHEDOP_poll, &poll);
        info = (struct bh_dom_info){.domid = domid};
        NEED(call(BH_DOM_INFO, &info) == 0 && info.domid == domid);
    } while (info.state != BH_STATE_SHUTDOWN);
}

#define NUMBERS 5u

/* The numbers behind DONE in a guest's console ring, and the last report that it got. */
static void result(unsigned domid, unsigned long number[NUMBERS], struct last_report *report)
{
    struct xencons_interface *ring = (struct xencons_interface *)console_place;
    const char *at;
    uint32_t handle;

    NEED(rt_grant_map(domid, 0, (uint64_t)console_place, GNTMAP_host_map, &handle) == 0);
    at = strstr(ring->out, "DONE ");
    if (!at) test_failure("domain %u ended without a word", domid);
    for (unsigned i = 0, k = 5; i < NUMBERS; i++, k++)
        for (number[i] = 0; at[k] >= '0' && at[k] <= '9'; k++)
            number[i] = number[i] * 10 + (unsigned)(at[k] - '0');
    *report = *last_report_in(ring);
    NEED(rt_grant_unmap((uint64_t)console_place, handle) == 0);
}

static bool holds(const struct last_report *r, unsigned domid)
{
    struct bh_report_check check = {.report = (uint64_t)&r->report, .signature = (uint64_t)r->signature};

    return r->report.domid == domid && call(BH_REPORT_CHECK, &check) == 0;
}

struct outcome {
    unsigned long late_mean, late_worst, made, limited, wrong, least, begun, took_ms;
    unsigned over; /* guests that got more than the policy gives */
};

static struct outcome crowd(const char *role, unsigned long requests)
{
    unsigned domid[GUESTS + 1];
    struct outcome o = {.least = ~0ul};
    unsigned long n[NUMBERS];
    struct last_report last;
    char cmdline[48];

    rt_snprintf(cmdline, sizeof(cmdline), "%s requests=%lu", role, requests);
    for (unsigned i = 0; i < GUESTS; i++)
        domid[i] = start(role, i + 1, cmdline);
    domid[GUESTS] = start("nap", GUESTS + 1, "nap");
    uint64_t begun = rt_time_now();
    for_all(BH_DOM_UNPAUSE, domid, GUESTS + 1);
    for (unsigned i = 0; i <= GUESTS; i++)
        await_end(domid[i]);
    o.took_ms = (rt_time_now() - begun) / RT_MS;
    for (unsigned i = 0; i < GUESTS; i++) {
        result(domid[i], n, &last);
        if (requests && !holds(&last, domid[i])) o.wrong++;
        o.made += n[0], o.limited += n[1], o.wrong += n[2], o.begun += n[4];
        o.least = n[0] < o.least ? n[0] : o.least;
        o.over += n[0] > CEILING * n[3];
    }
    result(domid[GUESTS], n, &last);
    o.late_mean = n[0], o.late_worst = n[1];
    for_all(BH_DOM_DESTROY, domid, GUESTS + 1);
    rt_printf("%s: %lu reports, %lu limited, %lu errors in %lu ms; the sleeper woke %lu us late on average, %lu us at "
              "worst\n",
              role, o.made, o.limited, o.wrong, o.took_ms, o.late_mean, o.late_worst);
    return o;
}

struct free_memory {
    uint64_t kib, heap_pages;
};

static struct free_memory free_memory(void)
{
    struct bh_mm_audit audit = {.domid = DOMID_SELF};
    struct bh_platform_info info;

    NEED(call(BH_PLATFORM_INFO, &info) == 0);
    if (call(BH_MM_AUDIT, &audit) == -XEN_ENOSYS)
        rt_printf("a release build: its heap is not looked at\n");
    else
        NEED(audit.heap_free > 0);
    return (struct free_memory){info.free_kib, audit.heap_free};
}

static void compare(const struct outcome *idle, const struct outcome *busy, unsigned long requests, bool wall)
{
    EQ(busy->made + busy->limited, GUESTS * requests);
    EQ(busy->wrong, 0);
    CHECK(busy->limited > 0);
    EQ(busy->over, 0);
    CHECK(busy->least > 0);
    if (wall) return;
    CHECK_MSG(busy->least >= busy->made / GUESTS / 2, "one guest got %lu reports, the average is %lu", busy->least,
              busy->made / GUESTS);
    EQ(busy->begun, busy->made);
    CHECK_MSG(busy->late_mean <= idle->late_mean + MEAN_MORE, "late by %lu us on average, without reports %lu us",
              busy->late_mean, idle->late_mean);
    CHECK_MSG(busy->late_worst <= idle->late_worst + WORST_MORE, "late by %lu us at worst, without reports %lu us",
              busy->late_worst, idle->late_worst);
}

/* The first crowd is there for the hypervisor's small objects, which stay at the heap's lower level for good. */
static void conduct(const char *args)
{
    unsigned long requests = number_after(args, "requests=", REQUESTS);
    struct outcome idle, busy;
    struct free_memory before, after;

    crowd("reports", WARM_UP);
    idle = crowd("burn", 0);
    before = free_memory();
    busy = crowd("reports", requests);
    after = free_memory();
    rt_printf("free: %lu KiB and %lu pages of the heap, afterwards %lu and %lu\n", before.kib, before.heap_pages,
              after.kib, after.heap_pages);
    compare(&idle, &busy, requests, strstr(args, "wall") != NULL);
    EQ(after.kib, before.kib);
    EQ(after.heap_pages, before.heap_pages);
}

void test_main(void)
{
    const char *role = (const char *)rt_start_info->cmd_line;

    if (rt_start_is_dom0() && !rt_start_info->mod_len)
        test_skip("wants a TPM, and itself as its ramdisk: make test-measured");
    else if (rt_start_is_dom0())
        conduct(role);
    else if (strstr(role, "reports"))
        ask_for_reports(number_after(role, "requests=", 0));
    else if (strstr(role, "burn"))
        burn();
    else if (strstr(role, "nap"))
        nap();
    else
        test_skip("is started by itself in dom0's place: make test-measured");
}
