/* SPDX-License-Identifier: MIT */
/*
 * Cache attributes: a guest that maps its RAM uncached or write-combining could let the hypervisor
 * validate other bytes than the CPU later reads (XSA-154, 402). The bits are refused, or taken away, on RAM.
 * Whether caches really part cannot be judged under emulation: the entries are inspected. Attack row 6.
 */
#include "rt_test.h"

#define CACHE_BITS (RT_PWT | RT_PCD | RT_PSE) /* bit 7 is PAT in a level-1 entry */

void test_main(void)
{
    static const uint64_t kinds[] = {RT_PWT, RT_PCD, RT_PWT | RT_PCD, RT_PSE, RT_PSE | RT_PWT, CACHE_BITS};
    char *page = rt_page_alloc();
    uint64_t mfn = rt_mm_va_mfn(page), *entry, *table = test_table();

    NEED(page && table && rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW) == 0);
    entry = rt_mm_entry(TEST_WINDOW, 1);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(kinds); i++) {
        long ret = rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW | kinds[i], UVMF_INVLPG | UVMF_LOCAL);

        if (test_on_bulkhead())
            CHECK_MSG(ret < 0 || (*entry & CACHE_BITS) == 0, "bits %#lx on RAM: entry %#lx", kinds[i], *entry);
        rt_printf("bits %#lx: %ld, entry %#lx\n", kinds[i], ret, *entry & 0xfff);
        EQ(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW), 0);
        test_table_set(table, 0, mfn << 12 | RT_RW | kinds[i]);
        if (rt_mm_pin(1, rt_mm_va_mfn(table)) == 0) {
            if (test_on_bulkhead())
                CHECK_MSG((table[0] & CACHE_BITS) == 0, "bits %#lx by pinning: entry %#lx", kinds[i], table[0]);
            EQ(rt_mm_unpin(rt_mm_va_mfn(table)), 0);
        }
        test_table_set(table, 0, 0);
        EQ(*page, 0);
    }
    /* Where a page becomes a table, no cached difference may remain: all of it ordinary memory again. */
    EQ(rt_mm_unmap(TEST_WINDOW), 0);
    EQ(rt_mm_protect(page, RT_RO), 0);
    EQ(rt_mm_pin(1, mfn), 0);
    EQ(rt_mm_unpin(mfn), 0);
}
