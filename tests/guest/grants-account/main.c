/* SPDX-License-Identifier: MIT */
/*
 * Accounting: a frame that is mapped writable by a grant counts as written, so it may not become a page
 * table until the last such mapping is gone, whatever order the mappings are made and dropped in
 * (XSA-218, 224, 230, 234, 380). The table frames themselves may not become tables either, and frames
 * under grant may not slip away. Attack rows 7 and 9.
 */
#include "rt_test.h"

enum { SLOTS = 6 };

static unsigned self;

static uint64_t slot(unsigned i)
{
    return TEST_WINDOW + i * RT_PAGE_SIZE;
}

static void no_table(const char *page, const char *when)
{
    CHECK_MSG(rt_mm_pin(1, rt_mm_va_mfn(page)) < 0, "a page table while %s", when);
}

static void random_orders(void)
{
    char *page = rt_page_alloc();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(page), 0), handle[SLOTS];
    bool mapped[SLOTS] = {false}, writable[SLOTS] = {false};
    unsigned writers = 0;

    NEED(page && ref && rt_mm_protect(page, RT_RO) == 0);
    for (unsigned round = 0; round < 600; round++) {
        unsigned i = (unsigned)rt_random() % SLOTS;

        if (mapped[i]) {
            EQ(rt_grant_unmap(slot(i), handle[i]), GNTST_okay);
            writers -= writable[i];
            mapped[i] = false;
        } else {
            writable[i] = rt_random() & 1;
            EQ(rt_grant_map(self, ref, slot(i), GNTMAP_host_map | (writable[i] ? 0 : GNTMAP_readonly), &handle[i]),
               GNTST_okay);
            writers += writable[i];
            mapped[i] = true;
        }
        if (writers) no_table(page, "mapped writable by a grant");
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (mapped[i]) EQ(rt_grant_unmap(slot(i), handle[i]), GNTST_okay);
    CHECK(rt_grant_end(ref));
    EQ(rt_mm_pin(1, rt_mm_va_mfn(page)), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(page)), 0);
    EQ(rt_mm_protect(page, RT_RW), 0);
}

/* A page table may be granted, but not be mapped writable by it. */
static void table_first(void)
{
    uint64_t *table = test_table();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(table), 0), handle;

    NEED(table && ref && rt_mm_pin(1, rt_mm_va_mfn(table)) == 0);
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    EQ(rt_grant_map(self, ref, slot(0), GNTMAP_host_map | GNTMAP_readonly, &handle), GNTST_okay);
    CHECK(!test_store_lands((uint64_t *)slot(0), rt_mm_va_mfn(table) << 12 | RT_RW | RT_G));
    EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    EQ(rt_mm_unpin(rt_mm_va_mfn(table)), 0);
    CHECK(rt_grant_end(ref));
    EQ(rt_mm_protect(table, RT_RW), 0);
}

/* The guest overwrites a grant mapping's entry itself. Unmapping later may fail, but the counts hold. */
static void overwritten(void)
{
    char *page = rt_page_alloc(), *other = rt_page_alloc();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(page), 0), handle;

    NEED(page && other && rt_mm_protect(page, RT_RO) == 0);
    EQ(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    if (rt_mm_map(slot(0), rt_mm_va_mfn(other) << 12 | RT_RW) == 0) RUNS(*(volatile char *)slot(0) = 1);
    EQ(page[0], 0);
    rt_grant_unmap(slot(0), handle);
    EQ(rt_mm_map(slot(0), 0), 0);
    CHECK(rt_grant_unmap(slot(0), handle) < 0);
    EQ(rt_mm_protect(page, RT_RW), 0);
    no_table(page, "mapped writable");
    no_table(other, "mapped writable");
}

/* The mapping is copied to another address by the guest: that is a mapping of its own. */
static void copied(void)
{
    char *page = rt_page_alloc();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(page), 0), handle;

    NEED(page && rt_mm_protect(page, RT_RO) == 0);
    EQ(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    if (rt_mm_map(slot(1), *rt_mm_entry(slot(0), 1) & (RT_MFN_MASK | RT_RW)) == 0) {
        EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
        no_table(page, "mapped by a copy of a grant's entry");
        EQ(rt_mm_unmap(slot(1)), 0);
    } else {
        EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    }
    EQ(rt_mm_pin(1, rt_mm_va_mfn(page)), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(page)), 0);
    CHECK(rt_grant_end(ref));
}

/* Given back to the hypervisor while granted and mapped: the mapping may not outlive it as somebody else's. */
static void stolen(void)
{
    unsigned long pfn = rt_mm_take_unmapped();
    xen_pfn_t frame = rt_mm_mfn(pfn);
    uint32_t ref = rt_grant_give(self, frame, 0), handle;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    NEED(pfn && ref);
    set_xen_guest_handle(r.extent_start, &frame);
    EQ(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    rt_memory_op(XENMEM_decrease_reservation, &r);
    RUNS(*(volatile char *)slot(0) = 1);
    EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    FAULTS(RT_PF, *(volatile char *)slot(0) = 1);
}

static void table_frames(void)
{
    struct grant_entry_v1 *table = rt_grant_table();
    uint64_t mfn = rt_pte_mfn(*rt_mm_entry((uint64_t)table, 1));

    for (unsigned level = 1; level <= 4; level++)
        CHECK_MSG(rt_mm_pin(level, mfn) < 0, "grant table frame pinned at level %u", level);
    CHECK(rt_mm_write(rt_mm_entry_ma(slot(0), 2), mfn << 12 | RT_TABLE) < 0);
}

void test_main(void)
{
    self = rt_start_domid();
    NEED(rt_grant_init(1) == 0);
    for (unsigned i = 0; i < SLOTS; i++)
        NEED(rt_mm_map(slot(i), 0) == 0);
    random_orders();
    table_first();
    overwritten();
    copied();
    stolen();
    table_frames();
}
