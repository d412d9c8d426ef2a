/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs change the type of one frame (XSA-401, 408): the first pins it as a page table and unpins
 * it, the second maps it writable and writes through every mapping that it gets, and every other time goes on through
 * the stale translation after it took the mapping away without a flush. While the frame is a table no write may land. A
 * second game: both pin and unpin one tree at the same time. Attack row 4.
 */
#include "rt_test.h"

static uint64_t *contested, mfn;
static volatile bool stop, typed;
static volatile unsigned long written, mapped, lands, pins, late;

/* Maps the frame writable whenever that is allowed and scribbles over word 8. */
static void writer(void *arg)
{
    volatile uint64_t *window = (volatile uint64_t *)TEST_WINDOW;

    (void)arg;
    while (!stop) {
        if (rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW, UVMF_INVLPG | UVMF_LOCAL)) continue;
        mapped++;
        for (unsigned i = 0; i < 20; i++) {
            struct rt_fault f;

            RT_CATCH(&f, window[8] = 2 * i); /* bit 0 clear: no present entry, so never a bad table */
            written += f.vector < 0;
        }
        /* Without a flush of our own the translation stays, and only the hypervisor's can end it. */
        bool stale = mapped & 1;
        rt_update_va_mapping(TEST_WINDOW, 0, stale ? UVMF_NONE : UVMF_INVLPG | UVMF_LOCAL);
        unsigned long until = pins + 20;
        for (unsigned i = 0; stale && !stop && pins < until; i++) {
            struct rt_fault f;

            RT_CATCH(&f, window[8] = 2 * i);
            if (f.vector >= 0) break;
            late++;
        }
    }
    rt_update_va_mapping(TEST_WINDOW, 0, UVMF_INVLPG | UVMF_LOCAL);
}

/* While pinned the word must not change. */
static void pin_and_watch(void)
{
    uint64_t before;

    if (rt_mm_pin(1, mfn)) return;
    pins++;
    before = RT_READ_ONCE(contested[8]);
    for (unsigned i = 0; i < (pins & 3 ? 30 : 100000); i++) /* now and then so long that the other surely runs */
        lands += RT_READ_ONCE(contested[8]) != before;
    if (rt_mm_unpin(mfn)) test_failure("a pinned table cannot be unpinned");
}

static void type_change(void)
{
    uint64_t end = rt_time_now() + 5 * RT_S;

    NEED(rt_mm_protect(contested, RT_RO) == 0);
    NEED(rt_cpu_start(1, writer, NULL) == 0);
    while (rt_time_now() < end)
        pin_and_watch();
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
    rt_printf("%lu pins, %lu mappings, %lu writes, %lu by a stale translation\n", pins, mapped, written, late);
    EQ(lands, 0);
    CHECK(pins > 0 && mapped > 0 && written > 0);
    CHECK(late > 0 || !test_on_bulkhead()); /* Xen flushes as soon as the mapping goes */
}

static uint64_t tree_mfn[5];

static void pin_tree(void *arg)
{
    uint64_t end = rt_time_now() + RT_S;

    (void)arg;
    while (rt_time_now() < end) {
        unsigned level = 1 + (unsigned)rt_random() % 4;

        rt_mm_pin(level, tree_mfn[level]);
        rt_mm_unpin(tree_mfn[1 + rt_random() % 4]);
    }
}

static void same_tree(void)
{
    uint64_t *t[5];

    for (unsigned level = 1; level <= 4; level++) {
        NEED((t[level] = rt_page_alloc()) != NULL);
        tree_mfn[level] = rt_mm_va_mfn(t[level]);
    }
    t[1][0] = rt_mm_va_mfn(rt_page_alloc()) << 12 | RT_RW;
    for (unsigned level = 2; level <= 4; level++)
        for (unsigned i = 0; i < 200; i++)
            t[level][i] = tree_mfn[level - 1] << 12 | RT_TABLE;
    for (unsigned level = 1; level <= 4; level++)
        NEED(rt_mm_protect(t[level], RT_RO) == 0);
    NEED(rt_cpu_start(1, pin_tree, NULL) == 0);
    pin_tree(NULL);
    CHECK(rt_cpu_wait(1, 8000));
    for (unsigned level = 4; level >= 1; level--)
        rt_mm_unpin(tree_mfn[level]);
    for (unsigned level = 1; level <= 4; level++)
        CHECK_MSG(rt_mm_protect(t[level], RT_RW) == 0, "level %u keeps its type", level);
}

void test_main(void)
{
    if (rt_cpu_count() < 2) test_skip("one vCPU only");
    contested = rt_page_alloc();
    NEED(contested && rt_mm_map(TEST_WINDOW, 0) == 0);
    mfn = rt_mm_va_mfn(contested);
    type_change();
    same_tree();
}
