/* SPDX-License-Identifier: MIT */
/*
 * Debug registers: values read back as written, addresses of the hypervisor and reserved bits refused,
 * general detect and I/O breakpoints out, single steps and data breakpoints over SYSCALL, INT and traps stay in
 * the guest (XSA-12, 156, 260, 265). MOV SS before SYSCALL cannot be judged under emulation. Attack row 15.
 */
#include "rt_test.h"

static const unsigned long hypervisor[] = {0xffff800000000000, 0xffff82d080200000, 0xffff830000000000,
                                           0xffff87ffffffffff, 0x8000000000000000, 0x0000800000000000};
static volatile unsigned debug_traps;
static volatile uint64_t watched;

static bool count_debug(struct rt_regs *regs)
{
    debug_traps++;
    regs->rflags &= ~0x100ull;
    rt_set_debugreg(6, 0);
    return true;
}

static void values(void)
{
    for (int reg = 0; reg < 4; reg++) {
        EQ(rt_set_debugreg(reg, 0x1234000 + (unsigned)reg), 0);
        EQ(rt_get_debugreg(reg), 0x1234000 + reg);
        for (unsigned i = 0; i < RT_ARRAY_SIZE(hypervisor); i++)
            CHECK_MSG(rt_set_debugreg(reg, hypervisor[i]) < 0, "DR%d = %#lx", reg, hypervisor[i]);
        EQ(rt_get_debugreg(reg), 0x1234000 + reg);
        EQ(rt_set_debugreg(reg, 0), 0);
    }
    for (int reg = 8; reg < 40; reg += 5)
        CHECK(rt_set_debugreg(reg, 0) < 0);
    CHECK(rt_set_debugreg(-1, 0) < 0);
    CHECK(rt_get_debugreg(99) < 0);
}

/* General detect would trap the hypervisor's own register moves; its reserved bits fault. */
static void control(void)
{
    rt_set_debugreg(7, 1ul << 13);
    CHECK((rt_get_debugreg(7) & 1l << 13) == 0 || rt_get_debugreg(7) < 0);
    CHECK(rt_set_debugreg(7, 1ul << 40) < 0 || (rt_get_debugreg(7) & 1l << 40) == 0);
    CHECK(rt_set_debugreg(6, 1ul << 40) < 0 || (rt_get_debugreg(6) & 1l << 40) == 0);
    rt_set_debugreg(7, 0);
    rt_set_debugreg(7, 0x20001); /* I/O breakpoint in slot 0 */
    CHECK((rt_get_debugreg(7) & 0x30001) != 0x20001);
    EQ(rt_set_debugreg(7, 0), 0);
    EQ(rt_set_debugreg(6, 0), 0);
}

static void breakpoints(void)
{
    rt_trap_set(RT_DB, count_debug);
    debug_traps = 0;
    EQ(rt_set_debugreg(0, (unsigned long)&watched), 0);
    EQ(rt_set_debugreg(7, 0xd0401), 0); /* slot 0: write, 8 bytes is not asked: 4 */
    watched = 1;
    EQ(debug_traps, 1);
    EQ(rt_set_debugreg(7, 0), 0);
    watched = 2;
    EQ(debug_traps, 1);
}

/* The hypervisor reads and writes the watched place on the guest's behalf: it may not trap there. */
static void watched_argument(void)
{
    static struct xen_feature_info info;

    EQ(rt_set_debugreg(1, (unsigned long)&info.submap), 0);
    EQ(rt_set_debugreg(7, 0xf00404), 0); /* slot 1: read and write, 4 bytes */
    for (unsigned i = 0; i < 100; i++)
        EQ(rt_xen_version(XENVER_get_features, &info), 0);
    EQ(rt_set_debugreg(7, 0), 0);
    EQ(rt_set_debugreg(1, 0), 0);
}

static void single_steps(void)
{
    long version;

    debug_traps = 0;
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" ::: "cc", "memory");
    CHECK(debug_traps >= 1);
    debug_traps = 0;
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; syscall"
                     : "=a"(version)
                     : "0"(__HYPERVISOR_xen_version), "D"(XENVER_version), "S"(0)
                     : "rcx", "r11", "cc", "memory");
    EQ(version, rt_xen_version(XENVER_version, NULL));
    __asm__ volatile("pushf; andl $0xfffffeff, (%%rsp); popf" ::: "cc", "memory");
    FAULTS(RT_BP, __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; int3" ::: "cc", "memory"));
    FAULTS(RT_UD, __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; ud2" ::: "cc", "memory"));
}

static void by_instruction(void)
{
    unsigned long value = 0x5678000;
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("mov %0, %%db2" : : "r"(value)));
    if (f.vector < 0) {
        EQ(rt_get_debugreg(2), value);
        FAULTS(RT_GP, __asm__ volatile("mov %0, %%db2" : : "r"(hypervisor[1])));
        RUNS(__asm__ volatile("mov %%db2, %0" : "=r"(value)));
        EQ(value, 0x5678000);
    } else {
        EQ(f.vector, RT_GP);
    }
    EQ(rt_set_debugreg(2, 0), 0);
}

void test_main(void)
{
    values();
    control();
    breakpoints();
    watched_argument();
    single_steps();
    by_instruction();
}
