/* SPDX-License-Identifier: MIT */
/*
 * 64 guests ask for reports at once, 10,000 times each, as fast as they can. Every call ends in a report or in the
 * named rate limit (-EBUSY), never in another error; each guest gets its share; afterwards all memory is back.
 * Meanwhile a guest that sleeps and wakes is as punctual as it is while the same 64 only burn the CPU. In dom0's place
 * this kernel starts itself (its ramdisk) as each of them; it runs under -icount, so that times are counts of
 * instructions. Row 24.
 */
#include "rt_test.h"

#include <xen/io/console.h>

#include "bulkhead.h"

#define GUESTS   64u
#define REQUESTS 10000u
#define WAKES    100u
#define NAP      (10 * RT_MS)
#define BURN     (WAKES * NAP + 500 * RT_MS)

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

/* ---- The guests; each says on its console how it went, in one line of numbers ---------------------------------- */
static void ask_for_reports(void)
{
    static struct bh_report report;
    static uint8_t signature[64];
    struct bh_report_op op = {.report = (uint64_t)&report, .signature = (uint64_t)signature};
    unsigned made = 0, limited = 0, wrong = 0;

    for (unsigned i = 0; i < REQUESTS; i++) {
        memcpy(op.report_data, &i, sizeof(i));
        long ret = call(BH_REPORT, &op);
        if (ret == 0 && memcmp(report.report_data, &i, sizeof(i)) == 0)
            made++;
        else if (ret == -XEN_EBUSY)
            limited++;
        else
            wrong++;
    }
    rt_printf("DONE %u %u %u\n", made, limited, wrong);
}

static void burn(void)
{
    rt_time_spin(BURN);
    rt_printf("DONE 0 0 0\n");
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
    rt_printf("DONE %lu %lu 0\n", sum / WAKES / RT_US, worst / RT_US);
}

/* ---- The conductor ------------------------------------------------------------------------------------------------
 */
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

static unsigned start(const char *role, unsigned n, const char *type)
{
    const struct start_info *s = rt_start_info;
    struct bh_dom_create create = {.vcpus = 1, .memory_kib = 6144, .compartment = n};
    struct bh_dom_target target = {0};
    long ret;

    rt_snprintf(create.name, sizeof(create.name), "%s%u", role, n);
    rt_snprintf(create.type, sizeof(create.type), "%s", type);
    ret = call(BH_DOM_CREATE, &create);
    if (ret) test_error("create %s: %ld", create.name, ret);
    load(create.domid, BH_PART_KERNEL,
         s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const void *)s->mod_start, s->mod_len);
    load(create.domid, BH_PART_CMDLINE, role, strlen(role));
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

/* The three numbers behind DONE in a guest's console ring. */
static void result(unsigned domid, unsigned long number[3])
{
    const struct xencons_interface *ring = (const struct xencons_interface *)console_place;
    const char *at;
    uint32_t handle;

    NEED(rt_grant_map(domid, 0, (uint64_t)console_place, GNTMAP_host_map, &handle) == 0);
    at = strstr(ring->out, "DONE ");
    if (!at) test_failure("domain %u ended without a word", domid);
    for (unsigned i = 0, k = 5; i < 3; i++, k++)
        for (number[i] = 0; at[k] >= '0' && at[k] <= '9'; k++)
            number[i] = number[i] * 10 + (unsigned)(at[k] - '0');
    NEED(rt_grant_unmap((uint64_t)console_place, handle) == 0);
}

struct outcome {
    unsigned long late_mean, late_worst, made, limited, wrong, least, took_ms;
};

static struct outcome crowd(const char *role)
{
    unsigned domid[GUESTS + 1];
    struct outcome o = {.least = ~0ul};
    unsigned long n[3];

    for (unsigned i = 0; i < GUESTS; i++)
        domid[i] = start(role, i + 1, "isolated_t");
    domid[GUESTS] = start("nap", GUESTS + 1, "isolated_t");
    uint64_t begun = rt_time_now();
    for_all(BH_DOM_UNPAUSE, domid, GUESTS + 1);
    for (unsigned i = 0; i <= GUESTS; i++)
        await_end(domid[i]);
    o.took_ms = (rt_time_now() - begun) / RT_MS;
    for (unsigned i = 0; i < GUESTS; i++) {
        result(domid[i], n);
        o.made += n[0], o.limited += n[1], o.wrong += n[2];
        o.least = n[0] < o.least ? n[0] : o.least;
    }
    result(domid[GUESTS], n);
    o.late_mean = n[0], o.late_worst = n[1];
    for_all(BH_DOM_DESTROY, domid, GUESTS + 1);
    rt_printf("%s: %lu reports, %lu limited, %lu errors in %lu ms; the sleeper woke %lu us late on average, %lu us at "
              "worst\n",
              role, o.made, o.limited, o.wrong, o.took_ms, o.late_mean, o.late_worst);
    return o;
}

static uint64_t free_kib(void)
{
    struct bh_platform_info info;

    NEED(call(BH_PLATFORM_INFO, &info) == 0);
    return info.free_kib;
}

static void conduct(void)
{
    uint64_t before = free_kib();
    struct outcome idle = crowd("burn"), busy = crowd("reports");

    EQ(busy.made + busy.limited, GUESTS * REQUESTS);
    EQ(busy.wrong, 0);
    CHECK(busy.limited > 0);
    CHECK_MSG(busy.least >= busy.made / GUESTS / 2, "one guest got %lu reports, the average is %lu", busy.least,
              busy.made / GUESTS);
    CHECK_MSG(busy.late_mean <= 2 * idle.late_mean + 1000, "late by %lu us on average, without reports %lu us",
              busy.late_mean, idle.late_mean);
    EQ(free_kib(), before);
}

void test_main(void)
{
    const char *role = (const char *)rt_start_info->cmd_line;

    if (rt_start_is_dom0() && !rt_start_info->mod_len)
        test_skip("wants a TPM, and itself as its ramdisk: make test-measured");
    else if (rt_start_is_dom0())
        conduct();
    else if (strstr(role, "reports"))
        ask_for_reports();
    else if (strstr(role, "burn"))
        burn();
    else if (strstr(role, "nap"))
        nap();
    else
        test_skip("is started by itself in dom0's place: make test-measured");
}
