/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pin and unpin at every level, what a pinned page may no longer be, flushes of every kind,
 * page copies and clears, and the errors. Attack rows 1, 5 and 8.
 */
#include "rt_test.h"

static void levels(void)
{
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t *table = rt_page_alloc();
        uint64_t mfn = rt_mm_va_mfn(table);

        NEED(table);
        CHECK_MSG(rt_mm_pin(level, mfn) < 0, "level %u pinned while writable", level);
        EQ(rt_mm_protect(table, RT_RO), 0);
        CHECK_MSG(rt_mm_pin(level, mfn) == 0, "pin at level %u", level);
        CHECK_MSG(rt_mm_protect(table, RT_RW) < 0, "pinned level %u mapped writable", level);
        CHECK_MSG(rt_mm_pin(level, mfn) < 0, "level %u pinned twice", level);
        CHECK_MSG(rt_mm_pin(level % 4 + 1, mfn) < 0, "level %u pinned at another", level);
        EQ(rt_mm_unpin(mfn), 0);
        CHECK_MSG(rt_mm_unpin(mfn) < 0, "level %u unpinned twice", level);
        EQ(rt_mm_protect(table, RT_RW), 0);
        rt_page_free(table);
    }
}

/* A tree hangs on its pinned root: the parts stay tables until the root goes. */
static void tree(void)
{
    uint64_t *t[5], *page = rt_page_alloc();

    for (unsigned level = 1; level <= 4; level++)
        NEED((t[level] = rt_page_alloc()) != NULL);
    t[1][1] = rt_mm_va_mfn(page) << 12 | RT_RW;
    for (unsigned level = 2; level <= 4; level++)
        t[level][level == 4 ? 300 : 7] = rt_mm_va_mfn(t[level - 1]) << 12 | RT_TABLE;
    for (unsigned level = 1; level <= 4; level++)
        EQ(rt_mm_protect(t[level], RT_RO), 0);
    EQ(rt_mm_pin(4, rt_mm_va_mfn(t[4])), 0);
    for (unsigned level = 1; level <= 4; level++)
        CHECK(rt_mm_protect(t[level], RT_RW) < 0);
    CHECK(rt_mm_pin(1, rt_mm_va_mfn(page)) < 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(t[4])), 0);
    for (unsigned level = 1; level <= 4; level++)
        EQ(rt_mm_protect(t[level], RT_RW), 0);
}

static void flushes(void)
{
    static unsigned long cpus = ~0ul;
    struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_MULTI};

    EQ(rt_mm_ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    EQ(rt_mm_ext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    EQ(rt_mm_ext(MMUEXT_INVLPG_LOCAL, TEST_WINDOW, 0), 0);
    EQ(rt_mm_ext(MMUEXT_INVLPG_ALL, TEST_WINDOW, 0), 0);
    rt_mm_ext(MMUEXT_INVLPG_LOCAL, TEST_NONCANONICAL, 0);
    rt_mm_ext(MMUEXT_INVLPG_ALL, TEST_NONCANONICAL, 0);
    rt_mm_ext(MMUEXT_INVLPG_ALL, HYPERVISOR_VIRT_START, 0);
    set_xen_guest_handle(op.arg2.vcpumask, &cpus);
    EQ(rt_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    op.cmd = MMUEXT_INVLPG_MULTI;
    op.arg1.linear_addr = TEST_WINDOW;
    EQ(rt_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    set_xen_guest_handle(op.arg2.vcpumask, (void *)TEST_UNMAPPED);
    CHECK(rt_mmuext_op(&op, 1, NULL, DOMID_SELF) < 0);
    set_xen_guest_handle(op.arg2.vcpumask, (void *)HYPERVISOR_VIRT_END);
    CHECK(rt_mmuext_op(&op, 1, NULL, DOMID_SELF) < 0);
}

static void copies(void)
{
    uint64_t *a = rt_page_alloc(), *b = rt_page_alloc(), *table = test_table();
    struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};

    NEED(a && b && table && rt_mm_pin(1, rt_mm_va_mfn(table)) == 0);
    memset(a, 0x5a, RT_PAGE_SIZE);
    op.arg1.mfn = rt_mm_va_mfn(b);
    op.arg2.src_mfn = rt_mm_va_mfn(a);
    if (rt_mmuext_op(&op, 1, NULL, DOMID_SELF) == -XEN_ENOSYS) {
        rt_printf("no page copies here\n");
        return;
    }
    EQ(memcmp(a, b, RT_PAGE_SIZE), 0);
    EQ(rt_mm_ext(MMUEXT_CLEAR_PAGE, op.arg1.mfn, 0), 0);
    EQ(b[511], 0);
    CHECK(rt_mm_ext(MMUEXT_CLEAR_PAGE, rt_mm_va_mfn(table), 0) < 0);
    op.arg1.mfn = rt_mm_va_mfn(table);
    CHECK(rt_mmuext_op(&op, 1, NULL, DOMID_SELF) < 0);
    CHECK(rt_mm_ext(MMUEXT_CLEAR_PAGE, test_lost_mfn(), 0) < 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(table)), 0);
}

static void errors(void)
{
    static const unsigned pins[] = {MMUEXT_PIN_L1_TABLE,    MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
                                    MMUEXT_PIN_L4_TABLE,    MMUEXT_UNPIN_TABLE,  MMUEXT_NEW_BASEPTR,
                                    MMUEXT_NEW_USER_BASEPTR};
    uint64_t lost = test_lost_mfn();
    struct mmuext_op ops[2] = {{.cmd = MMUEXT_TLB_FLUSH_LOCAL}, {.cmd = 999}};
    unsigned done = 99;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(pins); i++) {
        CHECK_MSG(rt_mm_ext(pins[i], lost, 0) < 0, "command %u on a lost frame", pins[i]);
        CHECK_MSG(rt_mm_ext(pins[i], rt_start_info->shared_info >> 12, 0) < 0, "command %u on shared_info", pins[i]);
        CHECK_MSG(rt_mm_ext(pins[i], 1ull << 40, 0) < 0, "command %u on no frame", pins[i]);
        if (pins[i] != MMUEXT_NEW_USER_BASEPTR) /* there 0 means none */
            CHECK_MSG(rt_mm_ext(pins[i], ~0ull, 0) < 0, "command %u on frame -1", pins[i]);
    }
    EQ(rt_mmuext_op(ops, 2, &done, DOMID_SELF), -XEN_ENOSYS);
    EQ(done, 1);
    EQ(rt_mmuext_op((void *)TEST_UNMAPPED, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    EQ(rt_mmuext_op((void *)HYPERVISOR_VIRT_END, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    CHECK(rt_mmuext_op(ops, 1, NULL, 77) < 0);
    CHECK(rt_mmuext_op(ops, 0x7fffffff, NULL, DOMID_SELF) < 0);
    CHECK(rt_mmuext_op(ops, ~0u, NULL, DOMID_SELF) < 0);
}

void test_main(void)
{
    levels();
    tree();
    flushes();
    copies();
    errors();
}
