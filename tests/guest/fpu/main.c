/* SPDX-License-Identifier: MIT */
/*
 * Extended state: fpu_taskswitch raises #NM once, state survives switches between vCPUs, a vCPU starts
 * with clean registers, and garbage for XRSTOR and XSETBV faults in the guest (XSA-52, 53, 54, 62, 165,
 * 172). Attack row 21; the speculative part (XSA-267) cannot be judged under emulation.
 */
#include "rt_test.h"

static uint64_t state_seen[2], state_wanted = 0x0123456789abcdef;
static volatile bool stop;

static void set_xmm(uint64_t value)
{
    __asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15; movq %0, %%mm3; emms" : : "r"(value));
}

static uint64_t get_xmm(void)
{
    uint64_t a, b, c;

    __asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2" : "=r"(a), "=r"(b), "=r"(c));
    return a == b && b == c ? a : ~a;
}

static bool clear_ts(struct rt_regs *regs)
{
    (void)regs;
    rt_fpu_taskswitch(0);
    return true;
}

static void task_switch(void)
{
    rt_fpu_taskswitch(0);
    set_xmm(42);
    EQ(rt_fpu_taskswitch(1), 0);
    FAULTS(RT_NM, set_xmm(43));
    rt_fpu_taskswitch(0);
    EQ(get_xmm(), 42);
    rt_fpu_taskswitch(1);
    rt_trap_set(RT_NM, clear_ts);
    RUNS(set_xmm(44));
    EQ(get_xmm(), 44);
    rt_trap_set(RT_NM, NULL);
    EQ(rt_fpu_taskswitch(0), 0);
    RUNS(__asm__ volatile("clts"));
}

static void second(void *arg)
{
    (void)arg;
    rt_fpu_taskswitch(0);
    state_seen[0] = get_xmm();
    while (!stop) {
        set_xmm(rt_random());
        rt_sched_op(SCHEDOP_yield, NULL);
    }
}

static void between_vcpus(void)
{
    if (rt_cpu_count() < 2) return;
    state_seen[0] = 1;
    set_xmm(state_wanted);
    NEED(rt_cpu_start(1, second, NULL) == 0);
    for (unsigned i = 0; i < 300; i++) {
        rt_sched_op(SCHEDOP_yield, NULL);
        if (i % 50 == 0) rt_time_spin(2 * RT_MS);
        if (!CHECK(get_xmm() == state_wanted)) break;
    }
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
    EQ(state_seen[0], 0); /* a fresh vCPU sees nobody's registers */
}

static uint64_t xgetbv(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static int xsetbv(uint32_t index, uint64_t value)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))));
    return f.vector;
}

/* A guest turns XSETBV on for itself in CR4, as it would on hardware. */
static void enable_xsave(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1u << 9 | 1u << 18));
}

static void garbage(void)
{
    static uint8_t area[4096] __attribute__((aligned(64)));
    uint64_t xcr0;
    struct rt_fault f;

    RT_CATCH(&f, xcr0 = xgetbv());
    if (f.vector >= 0) {
        rt_printf("no XSAVE for guests here\n");
        return;
    }
    CHECK(xcr0 & 1);
    RUNS(enable_xsave());
    xcr0 |= 3;
    EQ(xsetbv(0, xcr0), -1);
    EQ(xgetbv(), xcr0);
    EQ(xsetbv(0, 0), RT_GP);
    EQ(xsetbv(0, 2), RT_GP);
    EQ(xsetbv(0, 5), RT_GP);
    EQ(xsetbv(0, ~0ull), RT_GP);
    EQ(xsetbv(0, 1ull << 62 | 1), RT_GP);
    EQ(xsetbv(1, xcr0), RT_GP);
    EQ(xsetbv(~0u, xcr0), RT_GP);
    EQ(xgetbv(), xcr0);
    memset(area, 0xff, sizeof(area));
    RT_CATCH(&f, __asm__ volatile("xrstor %0" : : "m"(area), "a"(~0u), "d"(~0u)));
    EQ(f.vector, RT_GP);
    memset(area, 0, sizeof(area));
    RT_CATCH(&f, __asm__ volatile("xrstor %0" : : "m"(area), "a"(~0u), "d"(~0u)));
    EQ(f.vector, -1);
    EQ(get_xmm(), 0);
    set_xmm(7);
    RUNS(__asm__ volatile("xsave %0" : "=m"(area) : "a"(~0u), "d"(~0u)));
    set_xmm(8);
    RUNS(__asm__ volatile("xrstor %0" : : "m"(area), "a"(~0u), "d"(~0u)));
    EQ(get_xmm(), 7);
    if ((xcr0 & 4) && xsetbv(0, 3) == -1) EQ(xsetbv(0, xcr0), -1);
}

/* Pending x87 exceptions and MXCSR bits that do not exist. */
static void exceptions(void)
{
    uint32_t mxcsr = 0xffffffff, masked = 0x1f80;
    uint16_t control = 0x0340;

    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr))); /* an emulated CPU may ignore the bits */
    CHECK(f.vector == RT_GP || f.vector == -1);
    RUNS(__asm__ volatile("ldmxcsr %0" : : "m"(masked)));
    RUNS(__asm__ volatile("fninit; fldcw %0; fldz; fld1; fdivp; fninit" : : "m"(control)));
    rt_sched_op(SCHEDOP_yield, NULL);
}

void test_main(void)
{
    task_switch();
    between_vcpus();
    garbage();
    exceptions();
}
