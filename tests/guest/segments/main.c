/* SPDX-License-Identifier: MIT */
/*
 * Segment bases and the kernel stack: set_segment_base at every canonical edge (a base that is not
 * canonical once faulted inside the hypervisor, XSA-193), each selector that may be loaded, swapping
 * between guest kernel and user, and stack_switch. Attack row 17.
 */
#include "rt_test.h"

extern char user_gs[], user_end[];
__asm__(".pushsection .rodata\n"
        "user_gs: mov %gs:0, %rax\n"
        "         mov %fs:8, %rdx\n"
        "         syscall\n"
        "user_end:\n"
        ".popsection");

static const unsigned long bad[] = {0x0000800000000000, 0x8000000000000000, 0xffff7fffffffffff, 0xfff0000000000000,
                                    0x00ff800000000000};
static const unsigned long edges[] = {0, 0x00007fffffffffff, 0xffff800000000000, 0xffffffffffffffff};

static void edges_of(unsigned which)
{
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        EQ(rt_set_segment_base(which, bad[i]), -XEN_EINVAL);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(edges); i++) {
        EQ(rt_set_segment_base(which, edges[i]), 0);
        rt_sched_op(SCHEDOP_yield, NULL);
    }
    EQ(rt_set_segment_base(which, 0), 0);
}

static void kernel_bases(void)
{
    static uint64_t words[2] = {0x1122334455667788, 0x99aabbccddeeff00};
    uint64_t value;

    EQ(rt_set_segment_base(SEGBASE_FS, (unsigned long)words), 0);
    EQ(rt_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[1]), 0);
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    EQ(value, words[0]);
    __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
    EQ(value, words[1]);
    rt_sched_op(SCHEDOP_yield, NULL);
    __asm__ volatile("mov %%gs:-8, %0" : "=r"(value));
    EQ(value, words[0]);
}

/* User and kernel have different GS bases; each sees its own. */
static void user_bases(void)
{
    static uint64_t kernel_word = 0x4b;
    uint64_t *data = (uint64_t *)RT_USER_DATA, value;
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;

    data[0] = 0x5555;
    data[3] = 0x6666;
    EQ(rt_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&kernel_word), 0);
    EQ(rt_set_segment_base(SEGBASE_GS_USER, RT_USER_DATA), 0);
    EQ(rt_set_segment_base(SEGBASE_FS, RT_USER_DATA + 16), 0);
    for (unsigned i = 0; i < 10; i++) {
        rt_user_run(&regs, &f);
        EQ(f.vector, RT_SYSCALL);
        EQ(f.regs.rax, 0x5555);
        EQ(f.regs.rdx, 0x6666);
        __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
        EQ(value, 0x4b);
    }
}

static void user_selector(void)
{
    static const unsigned selectors[] = {0, 3, 7, 0x13, 0xe008, 0xe010, 0xe02b, 0xe033, 0xffff, 0xfff8};
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(selectors); i++) {
        CHECK(rt_set_segment_base(SEGBASE_GS_USER_SEL, selectors[i]) <= 0);
        rt_user_run(&regs, &f);
        CHECK(f.vector >= 0);
    }
    EQ(rt_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    EQ(rt_set_segment_base(SEGBASE_GS_USER, RT_USER_DATA), 0);
    EQ(rt_set_segment_base(77, 0), -XEN_EINVAL);
    EQ(rt_set_segment_base(~0u, 0), -XEN_EINVAL);
}

/* By the MSR instructions, which the hypervisor carries out. */
static void by_msr(void)
{
    static const unsigned msrs[] = {0xc0000100, 0xc0000101};
    struct rt_fault f;

    for (unsigned m = 0; m < RT_ARRAY_SIZE(msrs); m++)
        for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
            RT_CATCH(&f, __asm__ volatile("wrmsr"
                                          :
                                          : "c"(msrs[m]), "a"((uint32_t)bad[i]), "d"((uint32_t)(bad[i] >> 32))));
            EQ(f.vector, RT_GP);
        }
}

static void stacks(void)
{
    static const unsigned long selectors[] = {0, 3, 0xe008, 0xe010, 0xe02b, 0xe02a, 0xffff, 7};
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(selectors); i++)
        CHECK(rt_stack_switch(selectors[i], (unsigned long)__builtin_frame_address(0) - 4096) <= 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        CHECK(rt_stack_switch(RT_SS, bad[i]) <= 0);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    rt_user_load(user_gs, (size_t)(user_end - user_gs));
    edges_of(SEGBASE_FS);
    edges_of(SEGBASE_GS_USER);
    edges_of(SEGBASE_GS_KERNEL);
    kernel_bases();
    user_bases();
    user_selector();
    by_msr();
    stacks();
}
