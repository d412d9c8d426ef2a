/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: within one page only, by reference and by frame, from and to what the caller may read
 * and write; long batches continue by themselves (XSA-316, 318). Attack rows 8, 11 and 24.
 */
#include "rt_test.h"

static unsigned self;
static char *from, *to;
static uint32_t from_ref, to_ref, readonly_ref;

static int copy(struct gnttab_copy op)
{
    long ret = rt_grant_table_op(GNTTABOP_copy, &op, 1);

    return ret ? (int)(-1000 + ret) : op.status;
}

static struct gnttab_copy by_ref(unsigned source_offset, unsigned dest_offset, unsigned len)
{
    struct gnttab_copy op = {.len = (uint16_t)len, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref};

    op.source.u.ref = from_ref;
    op.source.domid = (domid_t)self;
    op.source.offset = (uint16_t)source_offset;
    op.dest.u.ref = to_ref;
    op.dest.domid = (domid_t)self;
    op.dest.offset = (uint16_t)dest_offset;
    return op;
}

static struct gnttab_copy by_frame(uint64_t source, uint64_t dest, unsigned len)
{
    struct gnttab_copy op = {.len = (uint16_t)len};

    op.source.u.gmfn = source;
    op.source.domid = DOMID_SELF;
    op.dest.u.gmfn = dest;
    op.dest.domid = DOMID_SELF;
    return op;
}

static void success(void)
{
    struct gnttab_copy op;

    EQ(copy(by_ref(0, 0, 4096)), GNTST_okay);
    EQ(memcmp(from, to, RT_PAGE_SIZE), 0);
    memset(to, 0, RT_PAGE_SIZE);
    EQ(copy(by_ref(100, 4095, 1)), GNTST_okay);
    EQ(to[4095], from[100]);
    EQ(to[4094], 0);
    EQ(copy(by_ref(0, 0, 0)), GNTST_okay);
    EQ(to[0], 0);
    EQ(copy(by_frame(rt_mm_va_mfn(from), rt_mm_va_mfn(to), 4096)), GNTST_okay);
    EQ(memcmp(from, to, RT_PAGE_SIZE), 0);
    op = by_ref(0, 0, 16);
    op.source.u.ref = readonly_ref;
    EQ(copy(op), GNTST_okay);
    CHECK((rt_grant_table()[from_ref].flags & (GTF_reading | GTF_writing)) == 0);
    CHECK((rt_grant_table()[to_ref].flags & (GTF_reading | GTF_writing)) == 0);
}

static void bounds(void)
{
    static const unsigned bad[][3] = {{1, 0, 4096},  {0, 1, 4096},   {4095, 0, 2},  {0, 4095, 2},      {4096, 0, 1},
                                      {0, 4096, 1},  {65535, 0, 1},  {0, 65535, 1}, {65535, 0, 65535}, {0, 0, 4097},
                                      {0, 0, 65535}, {4000, 0, 100}, {0, 4000, 100}};

    memset(to, 0, RT_PAGE_SIZE);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        CHECK_MSG(copy(by_ref(bad[i][0], bad[i][1], bad[i][2])) < 0, "%u to %u, %u bytes", bad[i][0], bad[i][1],
                  bad[i][2]);
    for (unsigned i = 0; i < RT_PAGE_SIZE; i++)
        if (!CHECK_MSG(to[i] == 0, "a refused copy wrote at %u", i)) break;
}

static void rights(void)
{
    struct gnttab_copy op = by_ref(0, 0, 16);
    uint64_t lost = test_lost_mfn(), mine = rt_mm_va_mfn(from), table = rt_mm_va_mfn(rt_mm_l4());

    op.dest.u.ref = readonly_ref;
    CHECK(copy(op) < 0);
    op = by_ref(0, 0, 16);
    op.dest.domid = 77;
    CHECK(copy(op) < 0);
    op = by_ref(0, 0, 16);
    op.source.domid = 77;
    CHECK(copy(op) < 0);
    op = by_ref(0, 0, 16);
    op.source.u.ref = 1u << 31;
    CHECK(copy(op) < 0);
    CHECK(copy(by_frame(lost, mine, 16)) < 0);
    CHECK(copy(by_frame(mine, lost, 16)) < 0);
    CHECK(copy(by_frame(mine, table, 16)) < 0); /* write into a page table */
    CHECK(copy(by_frame(1ull << 40, mine, 16)) < 0);
    CHECK(copy(by_frame(mine, ~0ull, 16)) < 0);
    op = by_frame(mine, mine, 16);
    op.source.domid = 77;
    CHECK(copy(op) < 0);
    op.source.domid = DOMID_XEN;
    CHECK(copy(op) < 0);
    op.source.domid = DOMID_IO;
    CHECK(copy(op) < 0);
}

/* 20,000 operations in one call; each must be done, and the call must come back. */
static void batch(void)
{
    enum { OPS = 20000 };
    static struct gnttab_copy ops[OPS];
    unsigned wrong = 0;

    for (unsigned i = 0; i < OPS; i++) {
        ops[i] = by_ref(0, 0, 4096);
        ops[i].status = 1;
        if (i % 1000 == 999) ops[i].source.u.ref = ~0u;
    }
    EQ(rt_grant_table_op(GNTTABOP_copy, ops, OPS), 0);
    for (unsigned i = 0; i < OPS; i++)
        wrong += (i % 1000 == 999) != (ops[i].status < 0);
    EQ(wrong, 0);
}

void test_main(void)
{
    self = rt_start_domid();
    from = rt_page_alloc();
    to = rt_page_alloc();
    NEED(from && to && rt_grant_init(1) == 0);
    for (unsigned i = 0; i < RT_PAGE_SIZE; i++)
        from[i] = (char)(i * 7 + 1);
    from_ref = rt_grant_give(self, rt_mm_va_mfn(from), 0);
    to_ref = rt_grant_give(self, rt_mm_va_mfn(to), 0);
    readonly_ref = rt_grant_give(self, rt_mm_va_mfn(from), GTF_readonly);
    success();
    bounds();
    rights();
    batch();
}
