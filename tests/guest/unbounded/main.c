/* SPDX-License-Identifier: MIT */
/*
 * The largest legal batch of each call (XSA-45, 111, 146, 264, 290, 318, 344). The hypervisor may not stay in a
 * call for long: it continues by restarting, so a timer's event set before the call must be delivered in
 * time, while the call runs. Attack row 24.
 */
#include "rt_test.h"

enum { ENTRIES = 4 * 65536 };

static struct mmu_update updates[ENTRIES];
static volatile uint64_t fired;

/* A short call proves nothing either way; in a long one the event must come well before the end. The
 * emulated machine stops at times: one of three tries is enough. */
#define LONG  (25 * RT_MS)
#define TRIES 3

static void on_timer(unsigned port, void *arg)
{
    (void)port;
    (void)arg;
    fired = rt_time_now();
}

/* The time at the start of the call; the event is due 2 ms later. */
static uint64_t arm(void)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = rt_time_now() + 2 * RT_MS};
    uint64_t start = rt_time_now();

    fired = 0;
    rt_vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
    return start;
}

static bool in_time(const char *what, uint64_t start)
{
    uint64_t length = rt_time_now() - start, late = fired ? fired - start : ~0ul;

    rt_printf("%s: %lu us, event after %lu us\n", what, length / RT_US, late / RT_US);
    return length < LONG || late < length / 4 * 3;
}

static void many_updates(uint64_t mfn)
{
    bool good = false;

    for (unsigned i = 0; i < ENTRIES; i++)
        updates[i] =
            (struct mmu_update){.ptr = rt_mm_entry_ma(TEST_WINDOW, 1), .val = mfn << 12 | (i & 1 ? RT_RW : RT_RO)};
    for (unsigned i = 0; i < TRIES && !good; i++) {
        unsigned done = 0;
        uint64_t start = arm();

        EQ(rt_mmu_update(updates, ENTRIES, &done, DOMID_SELF), 0);
        good = in_time("mmu_update", start);
        EQ(done, ENTRIES);
    }
    CHECK_MSG(good, "mmu_update holds events up");
}

/* A tree whose validation touches many tables of 512 entries. */
static void big_tree(uint64_t mfn)
{
    enum { TABLES = 256 };
    uint64_t *l2 = rt_page_alloc(), *l1[TABLES], start;
    bool good = false, good_unpin = false;

    NEED(l2);
    for (unsigned i = 0; i < TABLES; i++) {
        NEED((l1[i] = rt_page_alloc()) != NULL);
        for (unsigned e = 0; e < 512; e++)
            l1[i][e] = mfn << 12 | RT_RO;
        NEED(rt_mm_protect(l1[i], RT_RO) == 0);
        l2[i] = rt_mm_va_mfn(l1[i]) << 12 | RT_TABLE;
    }
    NEED(rt_mm_protect(l2, RT_RO) == 0);
    for (unsigned i = 0; i < TRIES; i++) {
        start = arm();
        EQ(rt_mm_pin(2, rt_mm_va_mfn(l2)), 0);
        good |= in_time("pin", start);
        start = arm();
        EQ(rt_mm_unpin(rt_mm_va_mfn(l2)), 0);
        good_unpin |= in_time("unpin", start);
    }
    CHECK_MSG(good && good_unpin, "pinning or unpinning holds events up");
    EQ(rt_mm_protect(l2, RT_RW), 0);
    for (unsigned i = 0; i < TABLES; i++)
        EQ(rt_mm_protect(l1[i], RT_RW), 0);
}

static void balloon(void)
{
    enum { FRAMES = 4096 };
    static xen_pfn_t frames[FRAMES];
    struct xen_memory_reservation r = {.nr_extents = FRAMES, .domid = DOMID_SELF};
    unsigned long first = 0;
    bool good = false, good_back = false;
    uint64_t start;

    set_xen_guest_handle(r.extent_start, frames);
    for (unsigned i = 0; i < FRAMES; i++) {
        first = rt_mm_take_unmapped();
        NEED(first);
        frames[i] = rt_mm_mfn(first);
    }
    for (unsigned n = 0; n < TRIES; n++) {
        start = arm();
        EQ(rt_memory_op(XENMEM_decrease_reservation, &r), FRAMES);
        good |= in_time("decrease_reservation", start);
        for (unsigned i = 0; i < FRAMES; i++)
            frames[i] = first + i;
        start = arm();
        EQ(rt_memory_op(XENMEM_populate_physmap, &r), FRAMES);
        good_back |= in_time("populate_physmap", start);
    }
    CHECK_MSG(good && good_back, "ballooning holds events up");
}

static void flush_storm(void)
{
    enum { OPS = 8192 };
    static struct mmuext_op ops[OPS];
    bool good = false;

    for (unsigned i = 0; i < OPS; i++)
        ops[i].cmd = MMUEXT_TLB_FLUSH_ALL;
    for (unsigned i = 0; i < TRIES && !good; i++) {
        uint64_t start = arm();

        EQ(rt_mmuext_op(ops, OPS, NULL, DOMID_SELF), 0);
        good = in_time("flushes", start);
    }
    CHECK_MSG(good, "flushes hold events up");
}

/* Refused calls that make a hypervisor talk: its log must not hold up the machine. */
static void log_flood(void)
{
    uint64_t start = rt_time_now();
    unsigned n = 0;

    for (; n < 2000; n++)
        if (rt_mm_write(1ull << 50 | n << 12, 0) == 0 || rt_mm_pin(1, 1ull << 40) == 0) break;
    EQ(n, 2000);
    rt_printf("2000 refusals in %lu us\n", (rt_time_now() - start) / RT_US);
    CHECK(rt_time_now() - start < 10 * RT_S);
}

void test_main(void)
{
    long port = rt_event_virq(VIRQ_TIMER, 0);
    char *page = rt_page_alloc();
    uint64_t mfn = rt_mm_va_mfn(page);

    NEED(port > 0 && page && rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW) == 0);
    rt_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    rt_event_handle((unsigned)port, on_timer, NULL);
    many_updates(mfn);
    big_tree(mfn);
    balloon();
    flush_storm();
    log_flood();
}
