/* SPDX-License-Identifier: MIT */
/*
 * Stale translations: a writable mapping is used, taken away without asking for a flush, and its frame
 * becomes a page table. The hypervisor itself must flush before it trusts the frame, on every CPU, also
 * for stale upper levels, also in one multicall (XSA-241, 279, 286, 294). Attack row 5.
 */
#include "rt_test.h"

#define EVIL_SLOT 16

static volatile unsigned go;
static volatile bool landed, done;

/* Keeps a translation of the window warm on the other CPU, then tries to use it. */
static void other_cpu(void *arg)
{
    volatile uint64_t *window = (volatile uint64_t *)TEST_WINDOW;
    struct rt_fault f;

    (void)arg;
    RT_CATCH(&f, window[EVIL_SLOT] = 0);
    go = 1;
    while (go == 1)
        RT_CATCH(&f, (void)window[EVIL_SLOT]);
    RT_CATCH(&f, window[EVIL_SLOT] = 2);
    done = true;
}

static uint64_t *fresh(void)
{
    uint64_t *page = rt_page_alloc();

    NEED(page && rt_mm_protect(page, RT_RO) == 0);
    NEED(rt_update_va_mapping(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RW, UVMF_INVLPG | UVMF_ALL) == 0);
    RUNS(*(volatile uint64_t *)TEST_WINDOW = 0);
    return page;
}

static void recycle(uint64_t *page)
{
    EQ(rt_mm_unpin(rt_mm_va_mfn(page)), 0);
    EQ(rt_update_va_mapping(TEST_WINDOW, 0, UVMF_INVLPG | UVMF_ALL), 0);
    EQ(rt_mm_protect(page, RT_RW), 0);
    rt_page_free(page);
}

/* Unmap without a flush, pin, write by the stale translation. */
static void same_cpu(unsigned level)
{
    for (unsigned i = 0; i < 20; i++) {
        uint64_t *page = fresh();
        struct rt_fault f;

        EQ(rt_update_va_mapping(TEST_WINDOW, i & 1 ? 0 : rt_mm_va_mfn(page) << 12 | RT_RO, 0), 0);
        EQ(rt_mm_pin(level, rt_mm_va_mfn(page)), 0);
        RT_CATCH(&f, ((volatile uint64_t *)TEST_WINDOW)[EVIL_SLOT] = rt_mm_va_mfn(page) << 12 | RT_RW);
        CHECK_MSG(page[EVIL_SLOT] == 0, "level %u: stale write landed", level);
        recycle(page);
    }
}

static void second_cpu(void)
{
    for (unsigned i = 0; i < 5; i++) {
        uint64_t *page = fresh();

        go = 0;
        done = false;
        NEED(rt_cpu_start(1, other_cpu, NULL) == 0);
        while (go == 0)
            rt_pause();
        EQ(rt_update_va_mapping(TEST_WINDOW, 0, 0), 0);
        EQ(rt_mm_pin(1, rt_mm_va_mfn(page)), 0);
        go = 2;
        CHECK(rt_cpu_wait(1, 5000));
        CHECK_MSG(page[EVIL_SLOT] == 0, "stale write of vCPU 1 landed");
        recycle(page);
    }
}

/* The L2 entry is taken away without a flush; L1 and page below it change their roles. */
static void upper_level(void)
{
    for (unsigned i = 0; i < 10; i++) {
        uint64_t *page = fresh(), entry = *rt_mm_entry(TEST_WINDOW, 2), ma = rt_mm_entry_ma(TEST_WINDOW, 2);
        uint64_t *l1 = (uint64_t *)((uint64_t)rt_mm_entry(TEST_WINDOW, 1) & ~0xffful);
        struct mmu_update clear = {.ptr = ma, .val = 0};
        struct rt_fault f;

        EQ(rt_mmu_update(&clear, 1, NULL, DOMID_SELF), 0);
        EQ(rt_mm_protect(l1, RT_RW), 0);
        EQ(l1[TEST_WINDOW >> 12 & 511] & RT_P, 1);
        l1[TEST_WINDOW >> 12 & 511] = 0;
        EQ(rt_mm_pin(1, rt_mm_va_mfn(page)), 0);
        RT_CATCH(&f, ((volatile uint64_t *)TEST_WINDOW)[EVIL_SLOT] = rt_mm_va_mfn(page) << 12 | RT_RW);
        EQ(f.vector, RT_PF);
        EQ(page[EVIL_SLOT], 0);
        EQ(rt_mm_protect(l1, RT_RO), 0);
        EQ(rt_mm_write(ma, entry & (RT_MFN_MASK | RT_TABLE)), 0);
        recycle(page);
    }
}

/* All in one multicall, so that no return to the guest flushes by accident. */
static void in_multicall(void)
{
    uint64_t *page = fresh();
    struct mmuext_op pin = {.cmd = MMUEXT_PIN_L1_TABLE};
    struct mmu_update evil = {.ptr = rt_mm_entry_ma(TEST_WINDOW, 1), .val = rt_mm_va_mfn(page) << 12 | RT_RW};
    struct multicall_entry calls[3] = {{.op = __HYPERVISOR_update_va_mapping, .args = {TEST_WINDOW}},
                                       {.op = __HYPERVISOR_mmuext_op, .args = {0, 1, 0, DOMID_SELF}},
                                       {.op = __HYPERVISOR_mmu_update, .args = {0, 1, 0, DOMID_SELF}}};
    struct rt_fault f;

    pin.arg1.mfn = rt_mm_va_mfn(page);
    calls[1].args[0] = (unsigned long)&pin;
    calls[2].args[0] = (unsigned long)&evil;
    EQ(rt_multicall(calls, 3), 0);
    EQ(calls[0].result, 0);
    EQ(calls[1].result, 0);
    CHECK((long)calls[2].result < 0);
    RT_CATCH(&f, ((volatile uint64_t *)TEST_WINDOW)[EVIL_SLOT] = rt_mm_va_mfn(page) << 12 | RT_RW);
    EQ(f.vector, RT_PF);
    EQ(page[EVIL_SLOT], 0);
    recycle(page);
}

void test_main(void)
{
    NEED(rt_mm_map(TEST_WINDOW, 0) == 0);
    for (unsigned level = 1; level <= 3; level++)
        same_cpu(level);
    upper_level();
    in_multicall();
    if (rt_cpu_count() > 1) second_cpu();
}
