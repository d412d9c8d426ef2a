/* SPDX-License-Identifier: MIT */
/*
 * Frames that the hypervisor uses on the guest's behalf are given back or exchanged while in use: a
 * loaded descriptor table, the place of vcpu_info, a base pointer, a pinned tree, the run-state area
 * (XSA-214, 217, 222, 252, 287). Refused, or gone only when unused: afterwards the hypervisor may not
 * read or write what is no longer there. Attack row 7.
 */
#include "rt_test.h"

static bool give_back(uint64_t mfn)
{
    xen_pfn_t frame = mfn;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &frame);
    return rt_memory_op(XENMEM_decrease_reservation, &r) == 1;
}

static bool exchange(uint64_t mfn, unsigned long pfn)
{
    xen_pfn_t in = mfn, out = pfn;
    struct xen_memory_exchange x = {.in = {.nr_extents = 1, .domid = DOMID_SELF},
                                    .out = {.nr_extents = 1, .domid = DOMID_SELF}};

    set_xen_guest_handle(x.in.extent_start, &in);
    set_xen_guest_handle(x.out.extent_start, &out);
    if (rt_memory_op(XENMEM_exchange, &x)) return false;
    rt_mm_set_mfn(pfn, out);
    return true;
}

static bool load_data(unsigned selector)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("mov %0, %%es" : : "r"(selector)));
    RUNS(__asm__ volatile("mov %0, %%es" : : "r"(0)));
    return f.vector < 0;
}

static void descriptor_table(void)
{
    uint64_t *gdt = rt_page_alloc();
    unsigned long frame = rt_mm_va_mfn(gdt);

    NEED(gdt);
    gdt[1] = 0x00cff3000000ffff;
    NEED(rt_mm_protect(gdt, RT_RO) == 0 && rt_set_gdt(&frame, 512) == 0);
    EQ(rt_mm_protect(gdt, 0), 0);
    CHECK(!exchange(frame, rt_mm_pfn(gdt)));
    give_back(frame);
    CHECK(load_data(1 << 3 | 3)); /* still the same table: nobody else got the frame */
    CHECK(rt_mm_pin(1, frame) < 0);
    EQ(rt_set_gdt(NULL, 0), 0);
    rt_mm_set_mfn(rt_mm_pfn(gdt), RT_MFN_INVALID);
}

static void pinned_tree(void)
{
    uint64_t *l2 = rt_page_alloc(), *l1 = rt_page_alloc(), *data = rt_page_alloc();
    uint64_t l1_mfn = rt_mm_va_mfn(l1), l2_mfn = rt_mm_va_mfn(l2), data_mfn = rt_mm_va_mfn(data);

    NEED(l1 && l2 && data);
    l1[3] = data_mfn << 12 | RT_RW;
    l2[3] = l1_mfn << 12 | RT_TABLE;
    EQ(rt_mm_protect(l1, RT_RO), 0);
    EQ(rt_mm_protect(l2, RT_RO), 0);
    EQ(rt_mm_pin(2, l2_mfn), 0);
    EQ(rt_mm_protect(l1, 0), 0);
    CHECK(!exchange(l1_mfn, rt_mm_pfn(l1)));
    CHECK(!exchange(data_mfn, rt_mm_pfn(data)));
    give_back(l1_mfn);
    /* Whatever came of it: the frame is a live table, so it may be nothing else. */
    CHECK(rt_mm_map(TEST_WINDOW, l1_mfn << 12 | RT_RW) < 0);
    EQ(rt_mm_unpin(l2_mfn), 0);
    EQ(rt_mm_protect(l2, RT_RW), 0);
    rt_mm_set_mfn(rt_mm_pfn(l1), RT_MFN_INVALID);
}

static void base_pointer(void)
{
    uint64_t *l4 = test_table();
    uint64_t mfn = rt_mm_va_mfn(l4);

    NEED(l4 && rt_mm_pin(4, mfn) == 0 && rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, mfn, 0) == 0);
    EQ(rt_mm_unpin(mfn), 0);
    EQ(rt_mm_protect(l4, 0), 0);
    CHECK(!exchange(mfn, rt_mm_pfn(l4)));
    give_back(mfn);
    CHECK(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW) < 0);
    EQ(rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    rt_mm_set_mfn(rt_mm_pfn(l4), RT_MFN_INVALID);
    CHECK(!exchange(rt_mm_va_mfn(rt_mm_l4()), rt_mm_pfn(rt_mm_l4())));
    RUNS((void)*(volatile uint64_t *)rt_mm_l4());
}

static void written_areas(void)
{
    struct vcpu_runstate_info *area = rt_page_alloc();
    struct vcpu_register_runstate_memory_area reg = {.addr.p = (uint64_t)area};
    uint64_t mfn = rt_mm_va_mfn(area);

    NEED(area);
    EQ(rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
    EQ(rt_mm_protect(area, 0), 0);
    give_back(mfn);
    for (unsigned i = 0; i < 10; i++)
        EQ(rt_sched_op(SCHEDOP_yield, NULL), 0);
    rt_mm_set_mfn(rt_mm_pfn(area), RT_MFN_INVALID);
    reg.addr.p = 0;
    EQ(rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
}

static void info_page(void)
{
    uint8_t *page = rt_page_alloc();
    struct vcpu_register_vcpu_info place = {.mfn = rt_mm_va_mfn(page)};

    NEED(page);
    if (rt_cpu_count() < 2) return;
    EQ(rt_vcpu_op(VCPUOP_register_vcpu_info, 1, &place), 0);
    EQ(rt_mm_protect(page, 0), 0);
    CHECK(!exchange(place.mfn, rt_mm_pfn(page)));
    give_back(place.mfn);
    CHECK(rt_mm_pin(1, place.mfn) < 0); /* the hypervisor writes there */
    rt_mm_set_mfn(rt_mm_pfn(page), RT_MFN_INVALID);
}

void test_main(void)
{
    NEED(rt_mm_map(TEST_WINDOW, 0) == 0);
    descriptor_table();
    pinned_tree();
    base_pointer();
    written_areas();
    info_page();
}
