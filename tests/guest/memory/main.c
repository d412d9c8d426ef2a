/* SPDX-License-Identifier: MIT */
/*
 * memory_op: reservations, balloon down and up, exchange, maps. A frame that was given back must be
 * unreachable, whatever it was used for before (XSA-214, 217, 222, 252, 284, 287), and absurd counts and
 * orders must be refused (XSA-29, 31, 212). Attack rows 7 and 8.
 */
#include "rt_test.h"

static struct xen_memory_reservation reservation(xen_pfn_t *frames, unsigned long count, unsigned order)
{
    struct xen_memory_reservation r = {.nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, frames);
    return r;
}

static long current(void)
{
    domid_t self = DOMID_SELF;

    return rt_memory_op(XENMEM_current_reservation, &self);
}

static void numbers(void)
{
    domid_t self = DOMID_SELF, other = 77;
    struct xen_machphys_mapping map;

    CHECK(current() >= (long)rt_mm_pages());
    CHECK(rt_memory_op(XENMEM_maximum_reservation, &self) >= current());
    CHECK(rt_memory_op(XENMEM_current_reservation, &other) < 0);
    CHECK(rt_memory_op(XENMEM_maximum_reservation, &other) < 0);
    EQ(rt_memory_op(XENMEM_current_reservation, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    CHECK(rt_memory_op(XENMEM_maximum_ram_page, NULL) > 0 || !rt_start_is_dom0());
    EQ(rt_memory_op(XENMEM_machphys_mapping, &map), 0);
    CHECK(map.v_start >= HYPERVISOR_VIRT_START && map.v_end <= HYPERVISOR_VIRT_END && map.v_start < map.v_end);
    EQ(rt_memory_op(XENMEM_machphys_mapping, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    CHECK(!rt_mm_can_write((void *)map.v_start));
    EQ(rt_memory_op(999, NULL), -XEN_ENOSYS);
}

static void balloon(void)
{
    unsigned long pfn = rt_mm_take_unmapped();
    xen_pfn_t frame = rt_mm_mfn(pfn), list[4];
    uint64_t gone = frame;
    struct xen_memory_reservation r = reservation(&frame, 1, 0);
    long before = current();

    NEED(pfn);
    EQ(rt_memory_op(XENMEM_decrease_reservation, &r), 1);
    EQ(current(), before - 1);
    CHECK(rt_mm_map(TEST_WINDOW, gone << 12 | RT_RW) < 0);
    CHECK(rt_mm_pin(1, gone) < 0);
    EQ(rt_memory_op(XENMEM_decrease_reservation, &r), 0); /* not ours any more */
    frame = pfn;
    EQ(rt_memory_op(XENMEM_populate_physmap, &r), 1);
    EQ(current(), before);
    EQ(rt_mm_m2p(frame), pfn);
    rt_mm_set_mfn(pfn, frame);
    EQ(rt_mm_map(TEST_WINDOW, frame << 12 | RT_RW), 0);
    for (unsigned i = 0; i < 512; i++)
        if (!CHECK_MSG(((uint64_t *)TEST_WINDOW)[i] == 0, "a fresh frame is not clean")) break;
    EQ(rt_mm_unmap(TEST_WINDOW), 0);
    for (unsigned i = 0; i < 4; i++) {
        unsigned long p = rt_mm_take_unmapped();

        list[i] = rt_mm_mfn(p);
        rt_mm_set_mfn(p, RT_MFN_INVALID);
    }
    list[2] = gone == list[2] ? list[3] : 1ull << 40; /* three good ones and one that is none */
    r = reservation(list, 4, 0);
    EQ(rt_memory_op(XENMEM_decrease_reservation, &r), 2);
}

/* Frames in use: mapped, a live table, pinned. Refused or delayed, but never both gone and reachable. */
static void in_use(void)
{
    char *page = rt_page_alloc();
    uint64_t *table = test_table();
    xen_pfn_t frame = rt_mm_va_mfn(rt_mm_l4());
    struct xen_memory_reservation r = reservation(&frame, 1, 0);

    NEED(page && table);
    frame = rt_mm_va_mfn(page);
    NEED(rt_mm_map(TEST_WINDOW, frame << 12 | RT_RW) == 0);
    memset(page, 0x33, RT_PAGE_SIZE);
    if (rt_memory_op(XENMEM_decrease_reservation, &r) == 1) {
        RUNS(CHECK(((volatile char *)TEST_WINDOW)[9] == 0x33));
        EQ(rt_mm_protect(page, 0), 0);
        EQ(rt_mm_unmap(TEST_WINDOW), 0);
        CHECK(rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RO) < 0);
        rt_mm_set_mfn(rt_mm_pfn(page), RT_MFN_INVALID);
    }
    frame = rt_mm_va_mfn(table);
    NEED(rt_mm_pin(1, frame) == 0);
    if (rt_memory_op(XENMEM_decrease_reservation, &r) == 1) {
        rt_mm_unpin(frame);
        EQ(rt_mm_protect(table, 0), 0);
        CHECK(rt_mm_pin(1, frame) < 0);
        rt_mm_set_mfn(rt_mm_pfn(table), RT_MFN_INVALID);
    } else {
        EQ(rt_mm_unpin(frame), 0);
    }
    frame = rt_start_info->shared_info >> 12;
    rt_memory_op(XENMEM_decrease_reservation, &r);
    RUNS((void)RT_READ_ONCE(rt_shared_info->wc_version));
    EQ(rt_sched_op(SCHEDOP_yield, NULL), 0);
}

static xen_pfn_t from[64], to[64];
static unsigned long pfns[64];

/* Frames in, frames with consecutive numbers out. A hypervisor that has none left may say -ENOMEM. */
static void exchange(unsigned out_order, bool scattered, bool must)
{
    unsigned n_out = 64u >> out_order;
    struct xen_memory_exchange x = {.in = reservation(from, 64, 0), .out = reservation(to, n_out, out_order)};
    long before = current(), ret;

    x.out.mem_flags = XENMEMF_address_bits(32);
    for (unsigned i = 0; i < 64; i++)
        from[i] = rt_mm_mfn(pfns[scattered ? i * 37 % 64 : i]);
    for (unsigned i = 0; i < n_out; i++)
        to[i] = pfns[i << out_order];
    ret = rt_memory_op(XENMEM_exchange, &x);
    CHECK_MSG(ret == 0 || (ret == -XEN_ENOMEM && !must), "exchange for order %u: %ld, %lu done", out_order, ret,
              x.nr_exchanged);
    EQ(current(), before);
    if (ret) {
        EQ(x.nr_exchanged, 0);
        EQ(rt_mm_m2p(rt_mm_mfn(pfns[5])), pfns[5]);
        return;
    }
    EQ(x.nr_exchanged, 64);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t mfn = to[i >> out_order] + (i & ((1u << out_order) - 1));

        EQ(rt_mm_m2p(mfn), pfns[i]);
        rt_mm_set_mfn(pfns[i], mfn);
        EQ(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW), 0);
    }
    EQ(to[0] & ((1ul << out_order) - 1), 0);
    EQ(rt_mm_unmap(TEST_WINDOW), 0);
}

/* Frames that were scattered become a run once enough others have gone: those of `spare` are given back first, and are
 * what the run is made of. And a run is given for single frames. */
static void by_balloon(void)
{
    enum { N = 512 };
    static xen_pfn_t spare[2 * N], one[N], run[1];
    static unsigned long pfn[N];
    struct xen_memory_reservation give = reservation(spare, 2 * N, 0);
    struct xen_memory_exchange x = {.in = reservation(one, N, 0), .out = reservation(run, 1, 9)};
    uint64_t first;

    for (unsigned i = 0; i < N; i++) {
        NEED((pfn[i] = rt_mm_take_unmapped()) != 0);
        one[i] = rt_mm_mfn(pfn[i]);
        for (unsigned k = 0; k < 2; k++)
            NEED((spare[2 * i + k] = rt_mm_mfn(rt_mm_take_unmapped())) != 0);
    }
    long before = current();
    EQ(rt_memory_op(XENMEM_decrease_reservation, &give), 2 * N);
    run[0] = pfn[0];
    EQ(rt_memory_op(XENMEM_exchange, &x), 0);
    EQ(x.nr_exchanged, N);
    first = run[0];
    EQ(first & (N - 1), 0);
    EQ(current(), before - 2 * N);
    for (unsigned i = 0; i < N; i++) {
        EQ(rt_mm_m2p(first + i), pfn[0] + i);
        run[0] = first + i;
        EQ(rt_mm_map(TEST_WINDOW, run[0] << 12 | RT_RW), 0);
        CHECK(*(volatile uint64_t *)TEST_WINDOW == 0 || first <= one[i]);
        *(volatile uint64_t *)TEST_WINDOW = i;
    }
    EQ(rt_mm_unmap(TEST_WINDOW), 0);
    for (unsigned i = 0; i < N; i++) /* what was given is not ours, where it is no part of the run */
        if (one[i] - first >= N) CHECK(rt_mm_map(TEST_WINDOW, one[i] << 12 | RT_RO) < 0);
    run[0] = first; /* one extent of order 9 for 512 of order 0 */
    x = (struct xen_memory_exchange){.in = reservation(run, 1, 9), .out = reservation(one, N, 0)};
    for (unsigned i = 0; i < N; i++)
        one[i] = pfn[i];
    EQ(rt_memory_op(XENMEM_exchange, &x), 0);
    EQ(x.nr_exchanged, 1);
    for (unsigned i = 0; i < N; i++) {
        EQ(rt_mm_m2p(one[i]), pfn[i]);
        rt_mm_set_mfn(pfn[i], one[i]);
    }
    for (unsigned i = 0; i < 2 * N; i++)
        spare[i] = RT_MFN_INVALID;
    EQ(rt_memory_op(XENMEM_populate_physmap, &give), 2 * N);
}

/* The third of four groups cannot be exchanged: two are done, all else is as it was, and so it is when it is asked for
 * again. `spoil` makes a frame of it unfit, `mend` takes that back. */
static void stops_half_way(const char *what, uint64_t *bad, uint64_t unfit, long want)
{
    struct xen_memory_exchange x = {.in = reservation(from, 64, 0), .out = reservation(to, 4, 4)};
    uint64_t good = *bad;

    if (want == -XEN_EBUSY && !test_on_bulkhead()) want = -XEN_EINVAL; /* Xen has one word for all */
    for (unsigned i = 0; i < 64; i++)
        from[i] = rt_mm_mfn(pfns[i]);
    for (unsigned i = 0; i < 4; i++)
        to[i] = pfns[16 * i];
    *bad = unfit;
    long ret = rt_memory_op(XENMEM_exchange, &x);
    CHECK_MSG(want ? ret == want : ret < 0, "%s: %ld", what, ret);
    CHECK_MSG(x.nr_exchanged == 32, "%s: %lu frames exchanged", what, x.nr_exchanged);
    EQ(to[2], pfns[32]);
    EQ(to[3], pfns[48]);
    *bad = good;
    for (unsigned i = 0; i < 64; i++)
        CHECK_MSG(i < 32 || rt_mm_m2p(rt_mm_mfn(pfns[i])) == pfns[i], "%s: frame %u changed", what, i);
    for (unsigned i = 0; i < 32; i++) {
        EQ(rt_mm_m2p(to[i / 16] + i % 16), pfns[i]);
        rt_mm_set_mfn(pfns[i], to[i / 16] + i % 16);
    }
}

/* Attack row 7: frames in use, typed, pinned, granted, mapped, given twice, lost, of nobody. */
static void half_way(void)
{
    uint64_t *table = test_table(), mfn = rt_mm_mfn(pfns[40]);
    struct rt_fault f;

    NEED(table);
    stops_half_way("mapped", &from[40], rt_mm_va_mfn(table), -XEN_EBUSY);
    EQ(rt_mm_protect(table, 0), 0);
    NEED(rt_mm_pin(1, rt_mm_va_mfn(table)) == 0);
    stops_half_way("pinned", &from[40], rt_mm_va_mfn(table), -XEN_EBUSY);
    EQ(rt_mm_unpin(rt_mm_va_mfn(table)), 0);
    stops_half_way("top table", &from[47], rt_mm_va_mfn(rt_mm_l4()), -XEN_EBUSY);
    stops_half_way("shared_info", &from[47], rt_start_info->shared_info >> 12, -XEN_EINVAL);
    stops_half_way("twice", &from[47], rt_mm_mfn(pfns[33]), -XEN_EINVAL);
    stops_half_way("lost", &from[32], test_lost_mfn(), -XEN_EINVAL);
    stops_half_way("of nobody", &from[32], 1ul << 40, -XEN_EINVAL);
    stops_half_way("no number", &from[32], ~0ul, -XEN_EINVAL);
    EQ(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW), 0);
    stops_half_way("mapped window", &from[40], mfn, -XEN_EBUSY);
    RT_CATCH(&f, *(volatile uint64_t *)TEST_WINDOW = 1);
    EQ(f.vector, -1);
    EQ(rt_mm_unmap(TEST_WINDOW), 0);
}

/* More extents than one round does; and an address limit that nothing meets. */
static void long_and_low(void)
{
    enum { MANY = 4096 };
    static xen_pfn_t in[MANY], out[MANY];
    static unsigned long pfn[MANY];
    struct xen_memory_exchange x = {.in = reservation(in, MANY, 0), .out = reservation(out, MANY, 0)};

    for (unsigned i = 0; i < MANY; i++) {
        NEED((pfn[i] = rt_mm_take_unmapped()) != 0);
        in[i] = rt_mm_mfn(pfn[i]);
    }
    for (unsigned i = 0; i < MANY; i++)
        out[i] = pfn[MANY - 1 - i];
    EQ(rt_memory_op(XENMEM_exchange, &x), 0);
    EQ(x.nr_exchanged, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        EQ(rt_mm_m2p(out[i]), pfn[MANY - 1 - i]);
        rt_mm_set_mfn(pfn[MANY - 1 - i], out[i]);
    }
    for (unsigned bits = 1; bits <= 20; bits += 19) {
        x = (struct xen_memory_exchange){.in = reservation(in, 16, 0), .out = reservation(out, 16, 0)};
        x.out.mem_flags = XENMEMF_address_bits(bits);
        for (unsigned i = 0; i < 16; i++)
            out[i] = pfn[i];
        EQ(rt_memory_op(XENMEM_exchange, &x), -XEN_ENOMEM);
        EQ(x.nr_exchanged, 0);
        EQ(out[0], pfn[0]);
    }
}

/* What swiotlb does, on 64 pages of consecutive numbers. */
static void exchanges(void)
{
    unsigned long pfn = rt_mm_take_unmapped();

    while (pfn % 64 != 63)
        pfn = rt_mm_take_unmapped();
    for (unsigned i = 64; i-- > 0; pfn = i ? rt_mm_take_unmapped() : 0) {
        NEED(pfn);
        pfns[i] = pfn;
    }
    exchange(6, false, true);
    exchange(0, false, true);
    exchange(3, true, false);
    exchange(6, true, false);
    half_way();
    by_balloon();
    long_and_low();
}

static void bad_exchange(void)
{
    xen_pfn_t in = rt_mm_va_mfn(rt_mm_l4()), out = 0;
    struct xen_memory_exchange x = {.in = reservation(&in, 1, 0), .out = reservation(&out, 1, 0)}, y = x;

    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    RUNS((void)*(volatile uint64_t *)rt_mm_l4());
    y = x;
    y.out.nr_extents = 2;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    y.in.extent_order = y.out.extent_order = 63;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    y.in.nr_extents = y.out.nr_extents = ~0ul;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    y.in.nr_extents = 1ul << 40, y.out.extent_order = 40;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    y.nr_exchanged = 1ul << 60;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    y.out.domid = 77;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    y = x;
    set_xen_guest_handle(y.in.extent_start, (void *)HYPERVISOR_VIRT_START);
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
    in = test_lost_mfn();
    y = x;
    CHECK(rt_memory_op(XENMEM_exchange, &y) < 0);
}

/* The output array in the hypervisor's range: XSA-212 wrote there. */
static void exchange_writes_where(void)
{
    unsigned long pfn = rt_mm_take_unmapped();
    xen_pfn_t in = rt_mm_mfn(pfn);
    struct xen_memory_exchange x = {.in = reservation(&in, 1, 0), .out = reservation(NULL, 1, 0)};

    set_xen_guest_handle(x.out.extent_start, (void *)(HYPERVISOR_VIRT_START + 0x1000));
    x.nr_exchanged = 0;
    CHECK(rt_memory_op(XENMEM_exchange, &x) < 0);
    CHECK(rt_memory_op(XENMEM_exchange, (void *)HYPERVISOR_VIRT_END) < 0);
}

static void absurd(void)
{
    static const unsigned cmds[] = {XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap};
    static const unsigned orders[] = {31, 32, 52, 63, 64, 1000, ~0u};
    static const unsigned long counts[] = {1ul << 31, 1ul << 60, ~0ul, ~0ul >> 4};
    xen_pfn_t frame = 1ull << 40;
    struct xen_memory_reservation r;

    for (unsigned c = 0; c < RT_ARRAY_SIZE(cmds); c++) {
        for (unsigned i = 0; i < RT_ARRAY_SIZE(orders); i++) {
            r = reservation(&frame, 1, orders[i]);
            CHECK_MSG(rt_memory_op(cmds[c], &r) <= 0, "command %u, order %u", cmds[c], orders[i]);
        }
        for (unsigned i = 0; i < RT_ARRAY_SIZE(counts); i++) {
            r = reservation((void *)(TEST_NONCANONICAL - 16), counts[i], 0);
            CHECK_MSG(rt_memory_op(cmds[c], &r) <= 0, "command %u, count %#lx", cmds[c], counts[i]);
        }
        r = reservation((void *)HYPERVISOR_VIRT_START, 1, 0);
        CHECK(rt_memory_op(cmds[c], &r) <= 0);
        r = reservation(&frame, 1, 0);
        r.domid = 77;
        CHECK(rt_memory_op(cmds[c], &r) <= 0);
        CHECK(rt_memory_op(cmds[c], (void *)TEST_UNMAPPED) <= 0);
        CHECK(rt_memory_op(cmds[c], (void *)HYPERVISOR_VIRT_END) <= 0);
        r = reservation(&frame, 0, 0);
        EQ(rt_memory_op(cmds[c], &r), 0);
    }
}

static void maps(void)
{
    static char entries[128 * 20];
    struct xen_memory_map map = {.nr_entries = 128};
    long ret;

    set_xen_guest_handle(map.buffer, (void *)entries);
    ret = rt_memory_op(XENMEM_memory_map, &map);
    CHECK(ret == 0 || ret == -XEN_ENOSYS);
    CHECK(rt_memory_op(XENMEM_set_memory_map, &map) < 0);
    if (!rt_start_is_dom0()) {
        CHECK(rt_memory_op(XENMEM_machine_memory_map, &map) < 0);
        return;
    }
    map.nr_entries = 128;
    EQ(rt_memory_op(XENMEM_machine_memory_map, &map), 0);
    CHECK(map.nr_entries > 1 && map.nr_entries <= 128);
    map.nr_entries = 0;
    CHECK(rt_memory_op(XENMEM_machine_memory_map, &map) <= 0);
    map.nr_entries = 128;
    set_xen_guest_handle(map.buffer, (void *)TEST_UNMAPPED);
    EQ(rt_memory_op(XENMEM_machine_memory_map, &map), -XEN_EFAULT);
}

void test_main(void)
{
    numbers();
    balloon();
    in_use();
    exchanges();
    bad_exchange();
    exchange_writes_where();
    absurd();
    maps();
}
