/* SPDX-License-Identifier: MIT */
/*
 * Validation that fails half way must give back what it had taken: a table gets k good entries and then
 * a bad one, and is offered for pinning. It must be refused, and afterwards the table and every
 * child must be free to become what they were: writable, or a table of another level (XSA-37, 45, 58,
 * 113, 299, 310). Attack row 3.
 */
#include "rt_test.h"

/* The child takes part as data (level 1) or as a table of the level below. */
static void round(unsigned level, unsigned good, uint64_t bad)
{
    uint64_t *table = rt_page_alloc(), *child = rt_page_alloc();
    uint64_t entry, child_mfn = rt_mm_va_mfn(child), mfn = rt_mm_va_mfn(table);

    NEED(table && child);
    entry = child_mfn << 12 | RT_RW;
    for (unsigned i = 0; i < good; i++)
        table[i] = entry;
    table[good] = bad;
    NEED(rt_mm_protect(table, RT_RO) == 0);
    if (level > 1) NEED(rt_mm_protect(child, RT_RO) == 0);
    CHECK_MSG(rt_mm_pin(level, mfn) < 0, "level %u, %u good, entry %#lx pinned", level, good, bad);
    CHECK_MSG(rt_mm_protect(table, RT_RW) == 0, "level %u, %u good: table stuck", level, good);
    CHECK_MSG(rt_mm_protect(child, RT_RO) == 0, "level %u, %u good: child stuck", level, good);
    CHECK_MSG(rt_mm_pin(3, child_mfn) == 0, "level %u, %u good: child cannot change its type", level, good);
    EQ(rt_mm_unpin(child_mfn), 0);
    EQ(rt_mm_protect(child, RT_RW), 0);
    child[0] = table[0] = 0;
    rt_page_free(table);
    rt_page_free(child);
}

/* Failure deep below: the third level of a tree is bad. */
static void deep(uint64_t bad)
{
    uint64_t *t[4];

    for (unsigned level = 1; level < 4; level++)
        NEED((t[level] = rt_page_alloc()) != NULL);
    t[1][511] = bad;
    t[2][0] = t[2][511] = rt_mm_va_mfn(t[1]) << 12 | RT_TABLE;
    t[3][9] = rt_mm_va_mfn(t[2]) << 12 | RT_TABLE;
    for (unsigned level = 1; level < 4; level++)
        NEED(rt_mm_protect(t[level], RT_RO) == 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK(rt_mm_pin(3, rt_mm_va_mfn(t[3])) < 0);
    for (unsigned level = 1; level < 4; level++)
        EQ(rt_mm_protect(t[level], RT_RW), 0);
}

void test_main(void)
{
    uint64_t lost = test_lost_mfn();
    uint64_t l4 = rt_mm_va_mfn(rt_mm_l4());

    for (unsigned k = 0; k < 512; k++) {
        uint64_t bad = k & 1 ? lost : l4;

        round(1, k, bad << 12 | RT_RW);
        for (unsigned level = 2; level <= 4; level++)
            if (level < 4 || k < 256 || k > 271) /* where the hypervisor's own entries go nothing is looked at */
                round(level, k, bad << 12 | RT_TABLE);
    }
    deep(lost << 12 | RT_RW);
    deep(l4 << 12 | RT_RW);
}
