/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel without VIRT_BASE, ENTRY and PADDR_OFFSET notes is legal: base 0, entry from the ELF
 * header. This one is linked at 1 MiB and checks that it was put there and that the tables agree.
 */
#include "rt_test.h"

extern char _start[], rt_end[];

void test_main(void)
{
    const uint64_t *entry = rt_mm_entry((uint64_t)_start, 1);

    CHECK((uint64_t)_start < 0x200000);
    CHECK(rt_start_info->pt_base >= (uint64_t)rt_end && rt_start_info->pt_base < 1ul << 32);
    NEED(entry != NULL);
    EQ(rt_pte_mfn(*entry), rt_mm_mfn((uint64_t)_start >> 12));
    EQ(rt_mm_m2p(rt_pte_mfn(*entry)), (uint64_t)_start >> 12);
    CHECK(rt_page_alloc() != NULL);
    FAULTS(RT_PF, *(volatile char *)0x7000000000 = 1);
}
