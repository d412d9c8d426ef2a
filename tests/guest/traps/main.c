/* SPDX-License-Identifier: MIT */
/*
 * Exceptions reach the handlers of set_trap_table with the right vector, error code and frame, from the
 * guest's kernel and from its user mode; INT is allowed only where a row says so; bad tables are refused
 * or harmless. Attack rows 8 and 14.
 */
#include "rt_test.h"

extern char ud_here[], user_int80[], user_int3[], user_ud[], user_end[];

__asm__(".pushsection .rodata\n"
        "user_int80: int $0x80\n ud2\n"
        "user_int3: int3\n"
        "user_ud: ud2\n"
        "user_pf: movl $1, 0x10\n"
        "user_end:\n"
        ".popsection");

static void kernel_traps(void)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("ud_here: ud2"));
    EQ(f.vector, RT_UD);
    EQ(f.rip, ud_here);
    EQ(f.regs.cs & 3, 0);
    CHECK(f.regs.rflags & RT_IF);
    EQ(f.regs.ss & ~3ul, RT_SS & ~3ul);
    FAULTS(RT_DE, __asm__ volatile("div %0" : : "r"(0ul) : "rax", "rdx"));
    FAULTS(RT_BP, __asm__ volatile("int3"));
    FAULTS(RT_GP, __asm__ volatile("int $0x21"));
    FAULTS(RT_GP, __asm__ volatile("hlt"));
    FAULTS(RT_GP, (void)*(volatile char *)0x8000000000000000ul);
}

static void page_faults(void)
{
    struct rt_fault f;
    char *page = rt_page_alloc();

    NEED(page && rt_mm_protect(page, RT_RO) == 0);
    RT_CATCH(&f, *(volatile char *)(page + 5) = 1);
    EQ(f.vector, RT_PF);
    EQ(f.address, page + 5);
    EQ(f.error & 3, 3); /* write to a present page; bit 2 is the guest's own notion of user mode */
    EQ(f.error & 4, 0);
    RT_CATCH(&f, (void)*(volatile char *)0x7123456789);
    EQ(f.vector, RT_PF);
    EQ(f.address, 0x7123456789);
    EQ(f.error & 7, 0);
    RT_CATCH(&f, *(volatile char *)HYPERVISOR_VIRT_END = 1);
    EQ(f.vector, RT_PF);
    RT_CATCH(&f, ((void (*)(void))0x7123456000)());
    EQ(f.vector, RT_PF);
    EQ(f.rip, 0x7123456000);
}

static void user_traps(void)
{
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;
    uint64_t code = (uint64_t)user_int80;

    rt_user_load(user_int80, (size_t)(user_end - user_int80));
    regs.rax = 0x1234;
    regs.rcx = 0x5678;
    regs.r11 = 0x9abc;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SOFT);
    EQ(f.rip, RT_USER_CODE + 2);
    EQ(f.regs.cs & 3, 3);
    EQ(f.regs.rsp, RT_USER_TOP);
    EQ(f.regs.rax, 0x1234);
    EQ(f.regs.rcx, 0x5678);
    EQ(f.regs.r11, 0x9abc);
    regs.rip = RT_USER_CODE + (uint64_t)user_int3 - code;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_BP);
    regs.rip = RT_USER_CODE + (uint64_t)user_ud - code;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_UD);
    regs.rip += 2;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_PF);
    EQ(f.address, 0x10);
    EQ(f.error, 6);
}

static volatile bool masked_in_handler;

static bool note_mask(struct rt_regs *regs)
{
    masked_in_handler = rt_shared_info->vcpu_info[0].evtchn_upcall_mask;
    regs->vector = RT_UD; /* not dealt with: the expected fault takes it */
    return false;
}

/* Flag bit 2 of a row: events are masked on entry, and come back with the frame's IF. */
static void row_flags(void)
{
    extern const uint64_t rt_trap_stubs[];
    struct trap_info rows[2] = {{.vector = RT_BP, .flags = 3 | 4, .cs = RT_CS_USER, .address = rt_trap_stubs[RT_BP]}};

    rt_trap_set(RT_BP, note_mask);
    FAULTS(RT_UD, __asm__ volatile("int3"));
    CHECK(!masked_in_handler);
    EQ(rt_set_trap_table(rows), 0);
    FAULTS(RT_UD, __asm__ volatile("int3"));
    CHECK(masked_in_handler);
    CHECK(!rt_shared_info->vcpu_info[0].evtchn_upcall_mask);
    rt_trap_set(RT_BP, NULL);
}

static void bad_tables(void)
{
    struct trap_info rows[2] = {{.vector = RT_UD, .cs = RT_CS_USER, .address = 0x8000000000000000ul}};

    EQ(rt_set_trap_table((void *)0x7100000000), -XEN_EFAULT);
    EQ(rt_set_trap_table((void *)0x8000000000000000), -XEN_EFAULT);
    CHECK(rt_set_trap_table((void *)HYPERVISOR_VIRT_END) < 0);
    CHECK(rt_set_trap_table((void *)~7ul) < 0);
    EQ(rt_set_trap_table(rows), -XEN_EINVAL);
    rt_trap_init();
    FAULTS(RT_UD, __asm__ volatile("ud2"));
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    kernel_traps();
    page_faults();
    user_traps();
    row_flags();
    bad_tables();
}
