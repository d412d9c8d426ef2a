/* SPDX-License-Identifier: MIT */
/*
 * Tables that point at tables of their own level. Each such entry has had holes and unbounded recursion
 * (XSA-182, 185, 240, 309). A writable one must be refused everywhere; Bulkhead has no linear page
 * tables at all and refuses the read-only ones too. Attack row 2.
 */
#include "rt_test.h"

static uint64_t *table_of(unsigned level)
{
    return (uint64_t *)((uint64_t)rt_mm_entry(TEST_WINDOW, level) & ~0xffful);
}

/* The entry at `index` of table `in` is pointed at table `to`. */
static void refuse(uint64_t *in, unsigned index, const uint64_t *to, const char *what)
{
    uint64_t ma = rt_mm_va_mfn(in) << 12 | index * 8, mfn = rt_mm_va_mfn(to);

    CHECK_MSG(rt_mm_write(ma, mfn << 12 | RT_TABLE) < 0, "%s, writable", what);
    if (test_on_bulkhead())
        CHECK_MSG(rt_mm_write(ma, mfn << 12 | RT_RO) < 0, "%s, read-only", what);
    else
        rt_mm_write(ma, mfn << 12 | RT_RO);
    EQ(rt_mm_write(ma, 0), 0);
    EQ(in[index], 0);
}

static void pin_loops(void)
{
    for (unsigned level = 2; level <= 4; level++) {
        uint64_t *table = test_table();

        NEED(table);
        test_table_set(table, 300, rt_mm_va_mfn(table) << 12 | RT_TABLE);
        CHECK_MSG(rt_mm_pin(level, rt_mm_va_mfn(table)) < 0, "pin of a level %u table that points at itself", level);
        EQ(rt_mm_protect(table, RT_RW), 0);
    }
}

/* A chain of tables, each pinned as level 3, that would recurse n deep. */
static void chain(void)
{
    uint64_t *before = NULL, *first = NULL;

    for (unsigned i = 0; i < 20; i++) {
        uint64_t *table = test_table();

        NEED(table);
        if (before) test_table_set(table, 5, rt_mm_va_mfn(before) << 12 | RT_TABLE);
        if (i == 0) {
            EQ(rt_mm_pin(3, rt_mm_va_mfn(table)), 0);
            first = table;
        } else {
            CHECK_MSG(rt_mm_pin(3, rt_mm_va_mfn(table)) < 0, "level 3 in level 3, link %u", i);
        }
        before = i == 0 ? table : before;
    }
    EQ(rt_mm_unpin(rt_mm_va_mfn(first)), 0);
}

void test_main(void)
{
    uint64_t *other4 = test_table(), *other3 = test_table(), *other2 = test_table();
    char *page = rt_page_alloc();

    NEED(page && other4 && other3 && other2);
    NEED(rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RW) == 0);
    NEED(rt_mm_pin(4, rt_mm_va_mfn(other4)) == 0);
    NEED(rt_mm_pin(3, rt_mm_va_mfn(other3)) == 0);
    NEED(rt_mm_pin(2, rt_mm_va_mfn(other2)) == 0);
    refuse(rt_mm_l4(), 300, rt_mm_l4(), "L4 to itself");
    refuse(rt_mm_l4(), 300, other4, "L4 to another L4");
    refuse(table_of(3), 300, table_of(3), "L3 to itself");
    refuse(table_of(3), 300, other3, "L3 to another L3");
    refuse(table_of(2), 300, table_of(2), "L2 to itself");
    refuse(table_of(2), 300, other2, "L2 to another L2");
    CHECK(rt_mm_write(rt_mm_va_mfn(rt_mm_l4()) << 12 | 300 * 8, rt_mm_va_mfn(other2) << 12 | RT_TABLE) < 0);
    CHECK(rt_mm_write(rt_mm_va_mfn(table_of(3)) << 12 | 300 * 8, rt_mm_va_mfn(other3) << 12 | RT_TABLE) < 0);
    CHECK(rt_mm_write(rt_mm_va_mfn(table_of(2)) << 12 | 300 * 8, rt_mm_va_mfn(rt_mm_l4()) << 12 | RT_TABLE) < 0);
    pin_loops();
    chain();
    EQ(rt_mm_unpin(rt_mm_va_mfn(other4)), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(other3)), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(other2)), 0);
}
