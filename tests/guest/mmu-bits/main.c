/* SPDX-License-Identifier: MIT */
/*
 * "Harmless" flags. A hypervisor that takes a short cut when only some bits of an entry change can be
 * brought to accept a superpage, or a writable mapping of a page table, without looking at it again
 * (XSA-148, 167, 182). Here each of the 64 bits of a live entry is flipped at each level by each way
 * to write entries, and then each pair. Whatever is accepted, no page table may become writable:
 * the tables are mapped read-only all the time, and storing an evil entry through those mappings must
 * never land. Attack row 1.
 */
#include "rt_test.h"

/* Window: L1 entries 0-3 map the tables of levels 1-4 read-only, entry 4 a plain page. */
#define PLAIN 4

static uint64_t *tables[5]; /* by level, in the linear map */
static uint64_t plain_mfn;
static unsigned accepted, refused;

static uint64_t window(unsigned slot)
{
    return TEST_WINDOW + slot * RT_PAGE_SIZE;
}

/* What no table of the level may hold: at level 1 a writable mapping of a table, above it a table that is
 * a writable page. */
static uint64_t evil(unsigned level)
{
    return (level == 1 ? rt_mm_va_mfn(tables[1]) : plain_mfn) << 12 | RT_RW;
}

/* Stores the evil entry at `where`, looks whether it arrived in the table, and puts back what was there:
 * after some flips `where` is another page of ours, even one of this program. */
static bool evil_lands(uint64_t *where, unsigned level)
{
    volatile uint64_t before = 0;
    struct rt_fault f;
    bool landed = false;

    RT_CATCH(&f, before = *(volatile uint64_t *)where);
    if (f.vector >= 0) return false;
    RT_CATCH(&f, *(volatile uint64_t *)where = evil(level));
    if (f.vector >= 0) return false;
    landed = ((RT_READ_ONCE(tables[level][300]) ^ evil(level)) & (RT_MFN_MASK | RT_P | RT_W)) == 0;
    RT_CATCH(&f, *(volatile uint64_t *)where = before);
    return landed;
}

/* Entry 300 of each table is unused; in the L4 it belongs to the guest. */
static void look_for_writable(unsigned level, uint64_t value)
{
    for (unsigned l = 1; l <= 4; l++) {
        CHECK_MSG(!evil_lands(tables[l] + 300, l), "level %u entry %#lx: L%u writable, linear", level, value, l);
        CHECK_MSG(!evil_lands((uint64_t *)window(l - 1) + 300, l), "level %u entry %#lx: L%u writable, window", level,
                  value, l);
    }
}

static long write_by(unsigned way, uint64_t va, unsigned level, uint64_t value)
{
    struct mmu_update req = {.ptr = rt_mm_entry_ma(va, level), .val = value};
    struct rt_fault f;
    uint64_t *entry = rt_mm_entry(va, level);

    switch (way) {
    case 0:
        return rt_mmu_update(&req, 1, NULL, DOMID_SELF);
    case 1:
        req.ptr |= MMU_PT_UPDATE_PRESERVE_AD;
        return rt_mmu_update(&req, 1, NULL, DOMID_SELF);
    case 2:
        RT_CATCH(&f, *(volatile uint64_t *)entry = value);
        return f.vector < 0 ? 0 : -1;
    default:
        return level == 1 ? rt_update_va_mapping(va, value, UVMF_INVLPG | UVMF_LOCAL) : -1;
    }
}

static void attempt(unsigned way, unsigned slot, unsigned level, uint64_t flips)
{
    uint64_t va = window(slot), before = *rt_mm_entry(va, level);

    if (write_by(way, va, level, before ^ flips)) {
        refused++;
        return;
    }
    accepted++;
    if (level > 1)
        CHECK_MSG((*rt_mm_entry(va, level) & (RT_P | RT_PSE)) != (RT_P | RT_PSE), "a superpage at level %u", level);
    EQ(rt_mm_ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    look_for_writable(level, before ^ flips);
    if (!CHECK_MSG(rt_mm_write(rt_mm_entry_ma(va, level), before) == 0, "cannot restore %#lx", before))
        test_failure("entry %#lx at level %u cannot be restored", before, level);
    EQ(rt_mm_ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
}

static void flip_all(unsigned slot, unsigned level)
{
    for (unsigned way = 0; way < 4; way++)
        for (unsigned bit = 0; bit < 64; bit++)
            attempt(way, slot, level, 1ull << bit);
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < a && slot == PLAIN; b++)
            for (unsigned way = 0; way < 4; way++)
                attempt(way, slot, level, 1ull << a | 1ull << b);
}

void test_main(void)
{
    char *plain = rt_page_alloc();

    NEED(plain);
    plain_mfn = rt_mm_va_mfn(plain);
    NEED(rt_mm_map(window(PLAIN), plain_mfn << 12 | RT_RW) == 0);
    for (unsigned level = 1; level <= 4; level++) {
        tables[level] = (uint64_t *)((uint64_t)rt_mm_entry(TEST_WINDOW, level) & ~0xffful);
        NEED(rt_mm_map(window(level - 1), rt_mm_va_mfn(tables[level]) << 12 | RT_RO) == 0);
    }
    look_for_writable(0, 0);
    for (unsigned level = 1; level <= 4; level++)
        flip_all(PLAIN, level);
    for (unsigned slot = 0; slot < PLAIN; slot++)
        flip_all(slot, 1);
    rt_printf("%u accepted, %u refused\n", accepted, refused);
    CHECK(accepted > 0 && refused > 0);
}
