/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs at the same grants. First both map and unmap the same frame at the same addresses with each other's
 * handles, write through what they get, and try to make the frame a page table: while it is one no write may land
 * (XSA-218, 224, 230, 380 lost counts in such orders). Then one takes the grant back and gives it again while the other
 * maps it and copies to it: once the owner saw the entry unused and cleared it, nothing may land (XSA-226, 411 kept
 * using what was revoked). All counts are whole at the end. Attack rows 9 and 11.
 */
#include "rt_test.h"

enum { SLOTS = 6, ROUNDS = 20000 };

#define LONGEST (4 * RT_S) /* of each game: another vCPU's answer may take long on a busy machine */

static unsigned self;
static volatile uint64_t *page;
static uint64_t mfn;
static uint32_t ref;
static volatile uint32_t handles[SLOTS];
static volatile bool stop;
static volatile unsigned long lands, pins, maps, unmaps, writes, copies, revoked;

static uint64_t slot(unsigned i)
{
    return TEST_WINDOW + i * RT_PAGE_SIZE;
}

/* Words whose low bit is clear: no present entry, so the frame stays a valid table. */
static void scribble(uint64_t va)
{
    struct rt_fault f;

    RT_CATCH(&f, *(volatile uint64_t *)(va + 64) = (rt_random() & 0xff) << 1);
    writes += f.vector < 0;
}

static void watch(unsigned reads)
{
    uint64_t before = page[8];

    for (unsigned i = 0; i < reads; i++)
        lands += page[8] != before;
}

/* Whatever is still mapped goes by some handle at some address. */
static void unmap_all(void)
{
    for (uint32_t handle = 0; handle < 64; handle++)
        for (unsigned i = 0; i < SLOTS; i++)
            rt_grant_unmap(slot(i), handle);
}

static void play(void *arg)
{
    uint64_t end = rt_time_now() + LONGEST;

    (void)arg;
    for (unsigned n = 0; n < ROUNDS && (rt_time_now() < end || (!pins && rt_time_now() < end + 3 * LONGEST)); n++) {
        unsigned i = (unsigned)rt_random() % SLOTS, what = (unsigned)rt_random() % 10;
        uint32_t handle;

        if (what < 3) {
            if (rt_grant_map(self, ref, slot(i), GNTMAP_host_map | (what ? 0 : GNTMAP_readonly), &handle) ==
                GNTST_okay) {
                handles[i] = handle;
                maps++;
                scribble(slot(i));
            }
        } else if (what < 7) {
            scribble(slot(i));
            unmaps += rt_grant_unmap(slot(i), handles[what == 3 ? rt_random() % SLOTS : i]) == GNTST_okay;
        } else {
            if (!pins && rt_time_now() >= end) unmap_all(); /* by chance it never was unmapped everywhere */
            if (rt_mm_pin(1, mfn)) continue;
            pins++;
            watch(300);
            rt_mm_unpin(mfn);
        }
    }
}

static void same_slots(void)
{
    NEED(rt_cpu_start(1, play, NULL) == 0);
    play(NULL);
    CHECK(rt_cpu_wait(1, 20000));
    unmap_all();
    rt_printf("%lu maps, %lu unmaps, %lu writes, %lu pins\n", maps, unmaps, writes, pins);
    EQ(lands, 0);
    CHECK(maps && unmaps && writes && pins);
    EQ(rt_grant_table()[ref].flags, GTF_permit_access);
    EQ(rt_mm_pin(1, mfn), 0);
    EQ(rt_mm_unpin(mfn), 0);
    EQ(test_audit(), 0);
}

static void use(void *arg)
{
    char *from = arg;

    while (!stop) {
        struct gnttab_copy op = {.len = 4096, .flags = GNTCOPY_dest_gref};
        uint32_t handle;

        from[64] ^= 2;
        op.source.u.gmfn = rt_mm_va_mfn(from);
        op.source.domid = DOMID_SELF;
        op.dest.u.ref = ref;
        op.dest.domid = (domid_t)self;
        if (rt_grant_table_op(GNTTABOP_copy, &op, 1) == 0 && op.status == GNTST_okay) copies++;
        if (rt_grant_map(self, ref, slot(0), GNTMAP_host_map, &handle) == GNTST_okay) {
            maps++;
            scribble(slot(0));
            if (rt_grant_unmap(slot(0), handle)) test_failure("a mapping cannot be undone");
        }
    }
}

static void revoke(void)
{
    struct grant_entry_v1 *e = &rt_grant_table()[ref];
    uint64_t end = rt_time_now() + LONGEST;

    maps = lands = 0;
    NEED(rt_cpu_start(1, use, rt_page_alloc()) == 0);
    while (revoked < ROUNDS && rt_time_now() < end) {
        uint16_t flags = RT_READ_ONCE(e->flags);

        if ((flags & (GTF_reading | GTF_writing)) ||
            !__atomic_compare_exchange_n(&e->flags, &flags, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            continue;
        revoked++;
        watch(20000);
        __atomic_store_n(&e->flags, GTF_permit_access, __ATOMIC_SEQ_CST);
        for (unsigned i = 0; i < 500; i++)
            __asm__ volatile("pause");
    }
    stop = true;
    CHECK(rt_cpu_wait(1, 20000));
    rt_printf("%lu maps, %lu copies, %lu times revoked\n", maps, copies, revoked);
    EQ(lands, 0);
    CHECK(maps && copies && revoked);
    EQ(e->flags, GTF_permit_access);
    CHECK(rt_grant_end(ref));
    EQ(test_audit(), 0);
}

void test_main(void)
{
    self = rt_start_domid();
    page = rt_page_alloc();
    NEED(page && rt_grant_init(1) == 0 && rt_cpu_count() >= 2);
    mfn = rt_mm_va_mfn((const void *)page);
    ref = rt_grant_give(self, mfn, 0);
    NEED(ref && rt_mm_protect((const void *)page, RT_RO) == 0);
    for (unsigned i = 0; i < SLOTS; i++)
        NEED(rt_mm_map(slot(i), 0) == 0);
    same_slots();
    revoke();
}
