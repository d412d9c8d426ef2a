/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: success with every flush flag, and refusals: addresses without tables, of the
 * hypervisor, not canonical; frames that are not ours; tables made writable; the other-domain form.
 * Attack rows 1, 5 and 8.
 */
#include "rt_test.h"

static void success(uint64_t mfn)
{
    static unsigned long cpus = 3;
    static const unsigned long flags[] = {0, UVMF_TLB_FLUSH | UVMF_LOCAL, UVMF_TLB_FLUSH | UVMF_ALL,
                                          UVMF_INVLPG | UVMF_LOCAL, UVMF_INVLPG | UVMF_ALL};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(flags); i++) {
        EQ(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW, flags[i]), 0);
        RUNS(*(volatile char *)TEST_WINDOW = (char)i);
        EQ(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RO, flags[i] ? flags[i] : (UVMF_INVLPG | UVMF_LOCAL)), 0);
        FAULTS(RT_PF, *(volatile char *)TEST_WINDOW = 1);
    }
    EQ(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW, (unsigned long)&cpus | UVMF_INVLPG), 0);
    RUNS(*(volatile char *)TEST_WINDOW = 1);
    EQ(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW | RT_NX, UVMF_INVLPG | UVMF_ALL), 0);
    FAULTS(RT_PF, ((void (*)(void))TEST_WINDOW)());
}

static void refused(uint64_t mfn)
{
    static const unsigned long places[] = {TEST_UNMAPPED,           TEST_NONCANONICAL,        HYPERVISOR_VIRT_START,
                                           HYPERVISOR_VIRT_END - 1, MACH2PHYS_VIRT_START + 8, 0xffff900000000000,
                                           0x00007ffffffff000};
    uint64_t lost = test_lost_mfn();

    for (unsigned i = 0; i < RT_ARRAY_SIZE(places); i++)
        CHECK_MSG(rt_update_va_mapping(places[i], mfn << 12 | RT_RW, 0) < 0, "accepted at %#lx", places[i]);
    CHECK(rt_update_va_mapping(TEST_WINDOW, lost << 12 | RT_RW, 0) < 0);
    CHECK(rt_update_va_mapping(TEST_WINDOW, lost << 12 | RT_RO, 0) < 0);
    CHECK(rt_update_va_mapping(TEST_WINDOW, 1ull << 50 | RT_RO, 0) < 0);
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t table = rt_mm_va_mfn(rt_mm_entry(TEST_WINDOW, level));

        CHECK_MSG(rt_update_va_mapping(TEST_WINDOW, table << 12 | RT_RW, 0) < 0, "level %u writable", level);
        EQ(rt_update_va_mapping(TEST_WINDOW, table << 12 | RT_RO, 0), 0);
    }
    EQ(rt_update_va_mapping(TEST_WINDOW, 0, UVMF_INVLPG | UVMF_ALL), 0);
}

static void other_domain(uint64_t mfn)
{
    CHECK(RT_HC(__HYPERVISOR_update_va_mapping_otherdomain, TEST_WINDOW, mfn << 12 | RT_RW, 0, 77, 0) < 0);
    CHECK(RT_HC(__HYPERVISOR_update_va_mapping_otherdomain, TEST_WINDOW, mfn << 12 | RT_RW, 0, DOMID_INVALID, 0) < 0);
    CHECK(*rt_mm_entry(TEST_WINDOW, 1) == 0);
}

static void bad_flush_pointer(uint64_t mfn)
{
    static const unsigned long masks[] = {TEST_UNMAPPED, TEST_NONCANONICAL, HYPERVISOR_VIRT_END};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(masks); i++)
        CHECK(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW, masks[i] | UVMF_INVLPG) <= 0);
}

void test_main(void)
{
    char *page = rt_page_alloc();
    uint64_t mfn = rt_mm_va_mfn(page);

    NEED(page && rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW) == 0);
    success(mfn);
    refused(mfn);
    other_domain(mfn);
    bad_flush_pointer(mfn);
}
