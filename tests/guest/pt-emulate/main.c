/* SPDX-License-Identifier: MIT */
/*
 * Linux relies on page-table writes that fault and are carried out by the hypervisor: XCHG, MOV, LOCK BTR,
 * LOCK AND, LOCK CMPXCHG on an L1 entry that is mapped read-only. Each must do what the instruction says and nothing
 * else, and refuse what mmu_update refuses, with the guest's page fault. Attack rows 1 and 19.
 */
#include "rt_test.h"

#define SAME(got, want) EQ((got)&RT_PTE_KEPT, (want)&RT_PTE_KEPT)

static uint64_t *entry; /* the window's L1 entry, in the read-only mapping of its table */
static uint64_t good, evil, lost;

static void reset(uint64_t value)
{
    NEED(rt_mm_write(rt_mm_entry_ma(TEST_WINDOW, 1), value) == 0);
}

static void forms(void)
{
    uint64_t value = good | RT_W;
    bool bit;

    reset(0);
    RUNS(__asm__ volatile("mov %1, %0" : "=m"(*entry) : "r"(good)));
    SAME(*entry, good);
    RUNS(__asm__ volatile("xchg %1, %0" : "+m"(*entry), "+r"(value)));
    SAME(*entry, good | RT_W);
    SAME(value, good);
    RUNS(__asm__ volatile("lock btrq $1, %0" : "+m"(*entry), "=@ccc"(bit)));
    SAME(*entry, good);
    CHECK(bit);
    RUNS(__asm__ volatile("lock btrq $1, %0" : "+m"(*entry), "=@ccc"(bit)));
    SAME(*entry, good);
    CHECK(!bit);
    reset(good | RT_A | RT_D);
    RUNS(__asm__ volatile("lock andb $0xdf, %0" : "+m"(*entry)));
    SAME(*entry, (good | RT_A | RT_D) & ~RT_A);
    RUNS(__asm__ volatile("movq $0, %0" : "=m"(*entry)));
    SAME(*entry, 0);
}

static void compare_exchange(void)
{
    uint64_t want = good | RT_W, old = ~good;

    reset(good);
    RUNS(__asm__ volatile("lock cmpxchgq %2, %0" : "+m"(*entry), "+a"(old) : "r"(want)));
    SAME(*entry, good);
    SAME(old, good);
    RUNS(__asm__ volatile("lock cmpxchgq %2, %0" : "+m"(*entry), "+a"(old) : "r"(want)));
    SAME(*entry, want);
    RUNS(__asm__ volatile("lock orq $0x200, %0" : "+m"(*entry)));
    SAME(*entry, want | 0x200);
}

static void translation_works(void)
{
    reset(0);
    *(volatile uint64_t *)entry = good | RT_W | RT_D;
    RUNS(*(volatile char *)TEST_WINDOW = 77);
    EQ(*(volatile char *)rt_mm_va(rt_mm_m2p(rt_pte_mfn(good))), 77);
    *(volatile uint64_t *)entry = 0;
    EQ(rt_mm_ext(MMUEXT_INVLPG_LOCAL, TEST_WINDOW, 0), 0);
    FAULTS(RT_PF, *(volatile char *)TEST_WINDOW = 77);
}

static void refused_value(uint64_t bad)
{
    uint64_t value = bad, old;

    reset(good);
    FAULTS(RT_PF, *(volatile uint64_t *)entry = bad);
    SAME(*entry, good);
    FAULTS(RT_PF, __asm__ volatile("xchg %1, %0" : "+m"(*entry), "+r"(value)));
    SAME(*entry, good);
    old = *entry;
    FAULTS(RT_PF, __asm__ volatile("lock cmpxchgq %2, %0" : "+m"(*entry), "+a"(old) : "r"(bad)));
    SAME(*entry, good);
}

/* Parts of an entry and entries across a boundary: what they would compose is judged, not the part. */
static void partial(void)
{
    struct rt_fault f;
    uint64_t before, table = evil & ~RT_W;

    reset(table);
    RT_CATCH(&f, *(volatile uint8_t *)entry = (uint8_t)evil);
    SAME(*entry, table);
    reset(table);
    RT_CATCH(&f, *(volatile uint16_t *)entry = (uint16_t)evil);
    SAME(*entry, table);
    reset(good);
    RT_CATCH(&f, *(volatile uint32_t *)entry = (uint32_t)evil);
    CHECK((*entry & (RT_MFN_MASK | RT_W)) != (evil & (RT_MFN_MASK | RT_W)));
    reset(good);
    before = entry[1];
    RT_CATCH(&f, *(volatile uint64_t *)((char *)entry + 4) = evil << 32 | evil >> 32);
    EQ(entry[1], before);
    SAME(*entry, good);
}

/* Above level 1 too: an entry that names a writable page is none. */
static void upper_levels(void)
{
    for (unsigned level = 2; level <= 4; level++) {
        uint64_t *upper = (uint64_t *)((uint64_t)rt_mm_entry(TEST_WINDOW, level) & ~0xffful) + 300;

        FAULTS(RT_PF, *(volatile uint64_t *)upper = good);
        EQ(*upper, 0);
    }
}

void test_main(void)
{
    char *page = rt_page_alloc();

    NEED(page);
    lost = test_lost_mfn();
    NEED(rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RO) == 0);
    entry = rt_mm_entry(TEST_WINDOW, 1);
    good = rt_mm_va_mfn(page) << 12 | RT_RO;
    evil = rt_mm_va_mfn(entry) << 12 | RT_RW;
    forms();
    compare_exchange();
    translation_works();
    refused_value(evil);
    refused_value(lost << 12 | RT_RO);
    refused_value(rt_mm_va_mfn(rt_mm_l4()) << 12 | RT_RW);
    refused_value(good | 1ull << 51);
    partial();
    upper_levels();
}
