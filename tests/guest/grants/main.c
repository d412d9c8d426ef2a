/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: set-up and sizes, mapping grants of our own frames, unmapping in every wrong way,
 * version negotiation, and the pointers and counts. Attack rows 8, 9, 10 and 11.
 */
#include "rt_test.h"

static void setup(void)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_setup_table big = {.dom = DOMID_SELF, .nr_frames = 100000};
    unsigned long frames[4];

    set_xen_guest_handle(big.frame_list, frames);
    EQ(rt_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    EQ(size.status, GNTST_okay);
    CHECK(size.max_nr_frames >= 4 && size.nr_frames <= size.max_nr_frames);
    EQ(rt_grant_table_op(GNTTABOP_setup_table, &big, 1), 0);
    CHECK(big.status < 0);
    big.nr_frames = size.max_nr_frames + 1;
    EQ(rt_grant_table_op(GNTTABOP_setup_table, &big, 1), 0);
    CHECK(big.status < 0);
    big.nr_frames = 1;
    big.dom = 77;
    EQ(rt_grant_table_op(GNTTABOP_setup_table, &big, 1), 0);
    CHECK(big.status < 0);
    big.dom = DOMID_SELF;
    set_xen_guest_handle(big.frame_list, (void *)TEST_UNMAPPED);
    CHECK(rt_grant_table_op(GNTTABOP_setup_table, &big, 1) < 0 || big.status < 0);
    size.dom = 77;
    EQ(rt_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    CHECK(size.status < 0);
    NEED(rt_grant_init(2) == 0);
    EQ(rt_grant_table_op(GNTTABOP_setup_table, &big, 2), -XEN_EINVAL);
}

static uint64_t slot(unsigned i)
{
    return TEST_WINDOW + i * RT_PAGE_SIZE;
}

static void map_and_unmap(void)
{
    struct grant_entry_v1 *table = rt_grant_table();
    char *page = rt_page_alloc();
    uint32_t ref = rt_grant_give(rt_start_domid(), rt_mm_va_mfn(page), 0), handle, second;

    NEED(page && ref);
    EQ(rt_grant_map(rt_start_domid(), ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    EQ(table[ref].flags & (GTF_reading | GTF_writing), GTF_reading | GTF_writing);
    CHECK(!rt_grant_end(ref));
    RUNS(*(volatile char *)slot(0) = 99);
    EQ(page[0], 99);
    EQ(rt_grant_map(rt_start_domid(), ref, slot(1), GNTMAP_host_map | GNTMAP_readonly, &second), GNTST_okay);
    RUNS((void)*(volatile char *)slot(1));
    FAULTS(RT_PF, *(volatile char *)slot(1) = 1);
    CHECK(rt_grant_unmap(slot(1), handle) < 0); /* address and handle of two mappings */
    EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    FAULTS(RT_PF, (void)*(volatile char *)slot(0));
    EQ(table[ref].flags & (GTF_reading | GTF_writing), GTF_reading);
    CHECK(rt_grant_unmap(slot(0), handle) < 0); /* twice */
    EQ(rt_grant_unmap(slot(1), second), GNTST_okay);
    EQ(table[ref].flags & (GTF_reading | GTF_writing), 0);
    CHECK(rt_grant_end(ref));
    CHECK(rt_grant_map(rt_start_domid(), ref, slot(0), GNTMAP_host_map, &handle) < 0);
}

static void refused_maps(void)
{
    static const uint32_t refs[] = {600, 1024, 4096, 1u << 20, 1u << 31, ~0u};
    static const uint64_t places[] = {TEST_UNMAPPED,           TEST_NONCANONICAL,  HYPERVISOR_VIRT_START,
                                      HYPERVISOR_VIRT_END - 1, 0xffff900000000000, 0x00007ffffffff000};
    unsigned self = rt_start_domid();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(rt_page_alloc()), GTF_readonly), handle;

    NEED(ref);
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0); /* writable of a read-only grant */
    EQ(rt_grant_map(self, ref, slot(0), GNTMAP_host_map | GNTMAP_readonly, &handle), GNTST_okay);
    EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(refs); i++)
        CHECK_MSG(rt_grant_map(self, refs[i], slot(0), GNTMAP_host_map, &handle) < 0, "reference %u", refs[i]);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(places); i++)
        CHECK_MSG(rt_grant_map(self, ref, places[i], GNTMAP_host_map | GNTMAP_readonly, &handle) < 0, "at %#lx",
                  places[i]);
    CHECK(rt_grant_map(77, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    CHECK(rt_grant_map(DOMID_INVALID, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    CHECK(rt_grant_map(DOMID_XEN, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    CHECK(rt_grant_map(self, ref, slot(0), 0, &handle) < 0);
    CHECK(rt_grant_end(ref));
    ref = rt_grant_give(77, rt_mm_va_mfn(rt_page_alloc()), 0); /* for somebody else */
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    rt_grant_end(ref);
    ref = rt_grant_give(self, test_lost_mfn(), 0);
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    rt_grant_end(ref);
    ref = rt_grant_give(self, rt_mm_va_mfn(rt_mm_l4()), 0); /* a page table, writable */
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    CHECK(rt_grant_end(ref));
    ref = rt_grant_give(self, 0x7fffffff, 0);
    CHECK(rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) < 0);
    rt_grant_end(ref);
}

static void refused_unmaps(void)
{
    static const uint32_t handles[] = {0, 1, 100, 65535, 65536, 1u << 31, ~0u};
    uint32_t ref = rt_grant_give(rt_start_domid(), rt_mm_va_mfn(rt_page_alloc()), 0), handle;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(handles); i++)
        CHECK_MSG(rt_grant_unmap(slot(2), handles[i]) < 0, "handle %u", handles[i]);
    EQ(rt_grant_map(rt_start_domid(), ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    CHECK(rt_grant_unmap(slot(1), handle) < 0);
    CHECK(rt_grant_unmap(TEST_NONCANONICAL, handle) < 0);
    RUNS(*(volatile char *)slot(0) = 1);
    EQ(rt_grant_unmap(slot(0), handle), GNTST_okay);
    CHECK(rt_grant_end(ref));
}

/* The entry to fill is named by machine address: misaligned, no table, not ours (XSA-227). */
static void entry_address(void)
{
    unsigned self = rt_start_domid();
    uint32_t ref = rt_grant_give(self, rt_mm_va_mfn(rt_page_alloc()), 0), handle;
    uint64_t ma = rt_mm_entry_ma(slot(3), 1);
    char *plain = rt_page_alloc();

    NEED(ref && ma && plain);
    for (unsigned i = 1; i < 8; i++)
        CHECK_MSG(rt_grant_map(self, ref, ma + i, GNTMAP_host_map | GNTMAP_contains_pte, &handle) < 0, "offset %u", i);
    CHECK(rt_grant_map(self, ref, rt_mm_va_mfn(plain) << 12, GNTMAP_host_map | GNTMAP_contains_pte, &handle) < 0);
    CHECK(rt_grant_map(self, ref, rt_mm_entry_ma(slot(3), 2), GNTMAP_host_map | GNTMAP_contains_pte, &handle) < 0);
    CHECK(rt_grant_map(self, ref, test_lost_mfn() << 12, GNTMAP_host_map | GNTMAP_contains_pte, &handle) < 0);
    CHECK(rt_grant_map(self, ref, 1ull << 51, GNTMAP_host_map | GNTMAP_contains_pte, &handle) < 0);
    if (rt_grant_map(self, ref, ma, GNTMAP_host_map | GNTMAP_contains_pte, &handle) == GNTST_okay) {
        RUNS(*(volatile char *)slot(3) = 5);
        CHECK(rt_grant_unmap(ma + 1, handle) < 0);
        EQ(rt_grant_unmap(ma, handle), GNTST_okay);
        FAULTS(RT_PF, *(volatile char *)slot(3) = 5);
    }
    CHECK(rt_grant_end(ref));
}

static void versions(void)
{
    struct gnttab_set_version set = {.version = 1};
    struct gnttab_get_version get = {.dom = DOMID_SELF};

    EQ(rt_grant_table_op(GNTTABOP_set_version, &set, 1), 0);
    EQ(set.version, 1);
    EQ(rt_grant_table_op(GNTTABOP_get_version, &get, 1), 0);
    EQ(get.version, 1);
    set.version = 3;
    CHECK(rt_grant_table_op(GNTTABOP_set_version, &set, 1) < 0 || set.version == 1);
    if (test_on_bulkhead()) {
        struct gnttab_get_status_frames frames = {.nr_frames = 1, .dom = DOMID_SELF};
        uint64_t list[1];

        set_xen_guest_handle(frames.frame_list, list);
        set.version = 2;
        CHECK(rt_grant_table_op(GNTTABOP_set_version, &set, 1) < 0 || set.version == 1);
        CHECK(rt_grant_table_op(GNTTABOP_get_status_frames, &frames, 1) < 0 || frames.status < 0);
    }
}

static void pointers(void)
{
    struct gnttab_map_grant_ref op = {.dom = 77};

    for (unsigned cmd = 0; cmd <= 11; cmd++) {
        CHECK_MSG(rt_grant_table_op(cmd, (void *)TEST_UNMAPPED, 1) < 0, "command %u", cmd);
        CHECK_MSG(rt_grant_table_op(cmd, (void *)TEST_NONCANONICAL, 1) < 0, "command %u", cmd);
        CHECK_MSG(rt_grant_table_op(cmd, (void *)HYPERVISOR_VIRT_END, 1) < 0, "command %u", cmd);
        CHECK_MSG(rt_grant_table_op(cmd, (void *)HYPERVISOR_VIRT_END, 0x7fffffff) < 0, "command %u", cmd);
    }
    CHECK(rt_grant_table_op(GNTTABOP_map_grant_ref, &op, ~0u) < 0);
    CHECK(rt_grant_table_op(GNTTABOP_map_grant_ref, &op, 1u << 31) < 0);
    EQ(rt_grant_table_op(99, &op, 1), -XEN_ENOSYS);
    CHECK(rt_grant_table_op(~0u, &op, 1) < 0);
}

void test_main(void)
{
    for (unsigned i = 0; i < 4; i++)
        NEED(rt_mm_map(slot(i), 0) == 0);
    setup();
    map_and_unmap();
    refused_maps();
    refused_unmaps();
    entry_address();
    versions();
    pointers();
}
