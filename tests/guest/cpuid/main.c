/* SPDX-License-Identifier: MIT */
/*
 * CPUID by the forced prefix (ud2; "xen"; cpuid): the hypervisor's leaves, features that a PV guest can
 * use and none that it cannot, all leaves and subleaves answered without harm, prefix bytes that are
 * nearly right. Attack rows 19 and 20.
 */
#include "rt_test.h"

#include <xen/arch-x86/cpuid.h>

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf forced(uint32_t leaf, uint32_t sub)
{
    struct leaf l = {leaf, 0, sub, 0};

    __asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l;
}

static void signature(void)
{
    struct leaf l = {0};
    char text[13];

    for (uint32_t base = 0x40000000; base < 0x40000200; base += 0x100) {
        l = forced(base, 0);
        if (l.b == XEN_CPUID_SIGNATURE_EBX) break;
    }
    EQ(l.b, XEN_CPUID_SIGNATURE_EBX);
    EQ(l.c, XEN_CPUID_SIGNATURE_ECX);
    EQ(l.d, XEN_CPUID_SIGNATURE_EDX);
    CHECK((l.a & 0xff) >= 2 && (l.a & 0xff) < 0x20);
    l = forced(0x40000001, 0);
    EQ(l.a, rt_xen_version(XENVER_version, NULL));
    l = forced(0, 0);
    memcpy(text, &l.b, 4);
    memcpy(text + 4, &l.d, 4);
    memcpy(text + 8, &l.c, 4);
    text[12] = 0;
    rt_printf("vendor %s, %u leaves\n", text, l.a);
    CHECK(l.a >= 1 && l.a < 0x100);
}

/* Features that would be a lie or a danger in a PV guest. */
static void features(void)
{
    struct leaf one = forced(1, 0), ext = forced(0x80000001, 0);

    CHECK(one.d & 1u << 0);     /* x87 */
    CHECK(one.d & 1u << 25);    /* SSE */
    CHECK(one.d & 1u << 6);     /* PAE */
    CHECK(!(one.d & 1u << 1));  /* no VME */
    CHECK(!(one.d & 1u << 3));  /* no superpages */
    CHECK(!(one.d & 1u << 17)); /* no PSE36 */
    CHECK(!(one.c & 1u << 5));  /* no VMX */
    CHECK(!(one.c & 1u << 6));  /* no SMX */
    CHECK(!(one.c & 1u << 3));  /* no MONITOR */
    CHECK(!(one.c & 1u << 17)); /* no PCID */
    CHECK(one.c & 1u << 31);    /* under a hypervisor */
    CHECK(ext.d & 1u << 29);    /* long mode */
    CHECK(ext.d & 1u << 11);    /* SYSCALL */
    CHECK(!(ext.c & 1u << 2));  /* no SVM */
    CHECK(!(ext.d & 1u << 26)); /* no 1 GiB pages */
    if (forced(0, 0).a >= 7) {
        struct leaf seven = forced(7, 0);

        CHECK(!(seven.b & 1u << 10)); /* no INVPCID */
        CHECK(!(seven.b & 1u << 7));  /* no SMEP of the guest's own */
        CHECK(!(seven.b & 1u << 20)); /* no SMAP */
        CHECK(!(seven.b & 1u << 2));  /* no SGX */
    }
}

static void sweep(void)
{
    static const uint32_t starts[] = {0,          0x10,       0x1f,       0x40000000, 0x40000100,
                                      0x80000000, 0x80860000, 0xc0000000, ~0u - 64};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(starts); i++)
        for (uint32_t leaf = starts[i]; leaf < starts[i] + 40; leaf++)
            for (uint32_t sub = 0; sub < 4; sub++)
                forced(leaf, sub);
    for (unsigned i = 0; i < 2000; i++)
        forced((uint32_t)rt_random(), (uint32_t)rt_random());
    CHECK(forced(0xd, 0).b <= 4096);
}

static void nearly_right(void)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("ud2; .ascii \"xem\"; cpuid" ::: "rax", "rbx", "rcx", "rdx"));
    EQ(f.vector, RT_UD);
    RT_CATCH(&f, __asm__ volatile("ud2; .ascii \"xen\"; nop; nop" ::: "rax", "rbx", "rcx", "rdx"));
    EQ(f.vector, RT_UD);
    RT_CATCH(&f, __asm__ volatile("ud2; .ascii \"xe\"; cpuid" ::: "rax", "rbx", "rcx", "rdx"));
    EQ(f.vector, RT_UD);
}

/* The prefix at the end of a page, what follows in one that is not there. */
static void across_pages(void)
{
    static const uint8_t bytes[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    uint8_t *page = rt_page_alloc();
    struct rt_fault f;

    NEED(page && rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RO) == 0);
    for (unsigned cut = 2; cut < sizeof(bytes); cut++) {
        memcpy(page + RT_PAGE_SIZE - cut, bytes, cut);
        RT_CATCH(&f, ((void (*)(void))(TEST_WINDOW + RT_PAGE_SIZE - cut))());
        CHECK_MSG(f.vector == RT_UD || f.vector == RT_PF, "cut after %u bytes: vector %d", cut, f.vector);
    }
}

void test_main(void)
{
    signature();
    features();
    sweep();
    nearly_right();
    across_pages();
}
