/* SPDX-License-Identifier: MIT */
/*
 * NMIs at any instruction of the hypervisor's: the first of SYSCALL's entry, with the guest's stack
 * pointer still loaded, the last before IRET, the middle of a page-table operation (XSA-244, 446). The
 * machine raises them while one vCPU makes hypercalls of many kinds, goes to user mode and back, and faults, and
 * the other does the same. Registers and memory must survive. Attack row 16.
 */
#include "rt_test.h"

extern char user_loop[], user_end[];
__asm__(".pushsection .rodata\n"
        "user_loop: inc %rax\n"
        "           syscall\n"
        "           jmp user_loop\n"
        "user_end:\n"
        ".popsection");

static volatile bool stop;
static volatile unsigned long delivered;

/* The first domain may get the machine's NMIs: it is no fault. */
static bool count(struct rt_regs *regs)
{
    (void)regs;
    delivered++;
    return true;
}
static volatile unsigned long other_rounds, other_wrong;

/* A hypercall with every register known; the number of those that came back changed. */
static unsigned registers_changed(void)
{
    uint64_t rbx = 0x1111, r12 = 0x2222, r13 = 0x3333, r9 = 0x4444;
    long ret;

    __asm__ volatile("mov %[b], %%rbx; mov %[c], %%r12; mov %[d], %%r13; mov %[e], %%r9; syscall\n"
                     "mov %%rbx, %[b]; mov %%r12, %[c]; mov %%r13, %[d]; mov %%r9, %[e]"
                     : "=a"(ret), [b] "+m"(rbx), [c] "+m"(r12), [d] "+m"(r13), [e] "+m"(r9)
                     : "0"(__HYPERVISOR_xen_version), "D"(XENVER_version), "S"(0)
                     : "rbx", "r12", "r13", "r9", "rcx", "r11", "memory");
    return (rbx != 0x1111) + (r12 != 0x2222) + (r13 != 0x3333) + (r9 != 0x4444) + (ret != (4 << 16 | 17));
}

static void second(void *arg)
{
    (void)arg;
    while (!stop) {
        struct rt_fault f;

        other_wrong += registers_changed();
        RT_CATCH(&f, __asm__ volatile("ud2"));
        other_wrong += f.vector != RT_UD;
        rt_sched_op(SCHEDOP_yield, NULL);
        other_rounds++;
    }
}

void test_main(void)
{
    uint64_t end = rt_time_now() + 3 * RT_S, mfn, rounds = 0;
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    char *page = rt_page_alloc();
    struct rt_fault f;

    NEED(page && rt_user_init() == 0 && rt_mm_map(TEST_WINDOW, 0) == 0);
    mfn = rt_mm_va_mfn(page);
    rt_user_load(user_loop, (size_t)(user_end - user_loop));
    if (rt_cpu_count() > 1) NEED(rt_cpu_start(1, second, NULL) == 0);
    rt_trap_set(RT_NMI, count);
    rt_printf("storm begins\n");
    while (rt_time_now() < end) {
        unsigned changed = registers_changed();

        CHECK(changed == 0);
        regs.rax = rounds;
        rt_user_run(&regs, &f);
        CHECK(f.vector == RT_SYSCALL && f.regs.rax == rounds + 1);
        CHECK(rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RW, UVMF_INVLPG | UVMF_ALL) == 0);
        RT_CATCH(&f, *(volatile uint64_t *)TEST_WINDOW = rounds);
        CHECK(f.vector == -1 && *(volatile uint64_t *)page == rounds);
        CHECK(rt_update_va_mapping(TEST_WINDOW, 0, UVMF_INVLPG | UVMF_ALL) == 0);
        RT_CATCH(&f, (void)*(volatile uint64_t *)TEST_WINDOW);
        CHECK(f.vector == RT_PF);
        rounds++;
    }
    stop = true;
    if (rt_cpu_count() > 1) CHECK(rt_cpu_wait(1, 5000));
    rt_printf("%lu rounds, %lu on the second vCPU, %lu NMIs delivered\n", rounds, other_rounds, delivered);
    EQ(other_wrong, 0);
}
