/* SPDX-License-Identifier: MIT */
/*
 * Guest user mode: SYSCALL reaches the guest's kernel, not the hypervisor; registers survive; what only the
 * guest's kernel maps is out of reach; privileged instructions fault; events arrive while user code runs;
 * and base pointers are checked. Attack rows 13 and 14.
 */
#include "rt_test.h"

extern char user_blob[], user_read[], user_cli[], user_hlt[], user_out[], user_popf[], user_spin[], user_end[];
__asm__(".pushsection .rodata\n"
        "user_blob: syscall\n"
        "           mov $0x11, %r9\n"
        "           syscall\n"
        "user_read: mov (%rdi), %rax\n"
        "           syscall\n"
        "user_cli:  cli\n"
        "           ud2\n"
        "user_hlt:  hlt\n"
        "user_out:  out %al, $0x80\n"
        "           ud2\n"
        "user_popf: push %rdi\n"
        "           popf\n"
        "           pushf\n"
        "           pop %rax\n"
        "           push $2\n"
        "           popf\n"
        "           syscall\n"
        "user_spin: movabs 0x7000001000, %al\n"
        "           test %al, %al\n"
        "           je user_spin\n"
        "           syscall\n"
        "user_end:\n"
        ".popsection");

#define AT(label) (RT_USER_CODE + (uint64_t)((label)-user_blob))

static void syscalls(void)
{
    struct rt_regs regs = rt_user_regs(AT(user_blob));
    struct rt_fault f;

    regs.rax = __HYPERVISOR_xen_version; /* would succeed if it went to the hypervisor */
    regs.rdi = 0x1111;
    regs.r8 = 0x8888;
    regs.r15 = 0x1515;
    regs.rbp = 0xbbbb;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    EQ(f.regs.rip, AT(user_blob) + 2);
    EQ(f.regs.cs & 3, 3);
    EQ(f.regs.rsp, RT_USER_TOP);
    EQ(f.regs.rax, __HYPERVISOR_xen_version);
    EQ(f.regs.rdi, 0x1111);
    EQ(f.regs.r8, 0x8888);
    EQ(f.regs.r15, 0x1515);
    EQ(f.regs.rbp, 0xbbbb);
    CHECK(f.regs.rflags & RT_IF);
    EQ(f.regs.rflags >> 12 & 3, 0);
    regs = f.regs;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    EQ(f.regs.r9, 0x11);
    EQ(f.regs.rdi, 0x1111);
}

static void out_of_reach(void)
{
    const uint64_t places[] = {(uint64_t)rt_mm_l4(),       (uint64_t)rt_shared_info,
                               HYPERVISOR_VIRT_END - 4096, HYPERVISOR_VIRT_START + (4ull << 39),
                               0xffff830000000000,         (uint64_t)&test_main};
    struct rt_regs regs = rt_user_regs(AT(user_read));
    struct rt_fault f;

    regs.rdi = RT_USER_CODE;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(places); i++) {
        regs.rdi = places[i];
        rt_user_run(&regs, &f);
        CHECK_MSG(f.vector == RT_PF || f.vector == RT_GP, "user mode read %#lx, vector %d", places[i], f.vector);
        EQ(f.regs.cs & 3, 3);
    }
    regs.rdi = TEST_NONCANONICAL;
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_GP);
}

static void privileged(void)
{
    struct rt_regs regs = rt_user_regs(AT(user_cli));
    struct rt_fault f;

    rt_user_run(&regs, &f);
    EQ(f.vector, RT_GP);
    regs.rip = AT(user_hlt);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_GP);
    regs.rip = AT(user_out);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_GP);
    regs.rip = AT(user_popf);
    regs.rdi = 0x3002; /* IOPL 3, IF off */
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    EQ(f.regs.rax & 0x3000, 0);
    CHECK(f.regs.rax & RT_IF);
}

static void ring_user(unsigned port, void *arg)
{
    (void)port;
    *(volatile uint32_t *)arg = 1;
}

/* The timer's event comes while user code spins; its handler ends the loop. */
static void interrupted(void)
{
    long port = rt_event_virq(VIRQ_TIMER, 0);
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = rt_time_now() + 20 * RT_MS};
    struct rt_regs regs = rt_user_regs(AT(user_spin));
    struct rt_fault f;

    NEED(port > 0);
    rt_event_handle((unsigned)port, ring_user, (void *)RT_USER_DATA);
    EQ(rt_vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    EQ(*(volatile uint32_t *)RT_USER_DATA, 1);
    rt_event_close((unsigned)port);
}

static void base_pointers(void)
{
    uint64_t *l4 = test_table(), *l1 = test_table(), user = rt_user_l4_mfn();
    uint64_t kernel = rt_mm_va_mfn(rt_mm_l4());
    struct rt_regs regs = rt_user_regs(AT(user_blob));
    struct rt_fault f;

    NEED(l4 && l1 && rt_mm_pin(1, rt_mm_va_mfn(l1)) == 0);
    CHECK(rt_mm_ext(MMUEXT_NEW_BASEPTR, rt_mm_va_mfn(l1), 0) < 0);
    CHECK(rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, rt_mm_va_mfn(l1), 0) < 0);
    CHECK(rt_mm_ext(MMUEXT_NEW_BASEPTR, rt_start_info->shared_info >> 12, 0) < 0);
    EQ(rt_mm_ext(MMUEXT_NEW_BASEPTR, kernel, 0), 0);
    EQ(rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    EQ(rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, user, 0), 0);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    /* In use as a base: it stays a table though its pin is gone. */
    EQ(rt_mm_unpin(user), 0);
    CHECK(rt_mm_protect(rt_mm_va(rt_mm_m2p(user)), RT_RW) < 0);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    EQ(rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    EQ(rt_mm_protect(rt_mm_va(rt_mm_m2p(user)), RT_RW), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(l1)), 0);
    EQ(rt_mm_protect(l4, RT_RW), 0);
}

/* Another top table for the kernel itself, a copy of the present one. */
static void new_kernel_base(void)
{
    uint64_t *copy = rt_page_alloc(), old = rt_mm_va_mfn(rt_mm_l4());
    unsigned low = HYPERVISOR_VIRT_START >> 39 & 511, high = (HYPERVISOR_VIRT_END - 1) >> 39 & 511;

    NEED(copy);
    for (unsigned i = 0; i < 512; i++)
        copy[i] = i >= low && i <= high ? 0 : rt_mm_l4()[i];
    EQ(rt_mm_protect(copy, RT_RO), 0);
    EQ(rt_mm_pin(4, rt_mm_va_mfn(copy)), 0);
    EQ(rt_mm_ext(MMUEXT_NEW_BASEPTR, rt_mm_va_mfn(copy), 0), 0);
    RUNS((void)*(volatile uint64_t *)copy);
    CHECK(rt_mm_protect(copy, RT_RW) < 0);
    EQ(rt_mm_ext(MMUEXT_NEW_BASEPTR, old, 0), 0);
    EQ(rt_mm_unpin(rt_mm_va_mfn(copy)), 0);
    EQ(rt_mm_protect(copy, RT_RW), 0);
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    rt_user_load(user_blob, (size_t)(user_end - user_blob));
    syscalls();
    out_of_reach();
    privileged();
    interrupted();
    base_pointers();
    new_kernel_base();
}
