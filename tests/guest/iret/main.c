/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret with hostile frames: every flag, selectors that do not exist or are the hypervisor's,
 * instruction and stack pointers in every hole of the address space (XSA-7, 44, 183, 202, 339). The
 * guest must end up in its own trap or failsafe handler, with no more privilege and with events still
 * arriving. The order of checks in SYSRET itself cannot be judged under emulation. Attack rows 13 and 14.
 */
#include "rt_test.h"

extern char land_flags[], user_blob[], user_end[];
__asm__(".pushsection .text\n"
        "land_flags: pushf\n"
        "            pop %rax\n"
        "            push $2\n"
        "            popf\n"
        "            ud2\n"
        ".popsection\n"
        ".pushsection .rodata\n"
        "user_blob:  syscall\n"
        "user_end:\n"
        ".popsection");

static struct iret_context kernel_frame(void)
{
    return (struct iret_context){.rip = (uint64_t)land_flags,
                                 .cs = RT_CS_KERNEL,
                                 .rflags = RT_IF | 2,
                                 .rsp = ((uint64_t)__builtin_frame_address(0) - 4096) & ~15ul,
                                 .ss = RT_SS};
}

static struct iret_context user_frame(void)
{
    return (struct iret_context){
        .rip = RT_USER_CODE, .cs = RT_CS_USER, .rflags = RT_IF | 2, .rsp = RT_USER_TOP, .ss = RT_SS};
}

static int go(const struct iret_context *frame, struct rt_fault *f)
{
    RT_CATCH(f, {
        rt_stack_switch(RT_SS, ((uint64_t)__builtin_frame_address(0) - 8192) & ~15ul);
        rt_trap_iret(frame);
    });
    rt_event_enable();
    return f->vector;
}

static void flags(void)
{
    struct rt_fault f;

    for (unsigned bit = 0; bit < 64; bit++) {
        struct iret_context frame = kernel_frame();
        int vector;

        if (bit == 9) continue;
        frame.rflags |= 1ull << bit;
        vector = go(&frame, &f);
        CHECK_MSG(vector == RT_UD || (bit == 8 && vector == RT_DB) || (bit == 18 && vector == RT_AC),
                  "flag %u: vector %d", bit, vector);
        if (vector != RT_UD) continue;
        CHECK_MSG((f.regs.rax & 0x3000) == 0, "flag %u: IOPL in %#lx", bit, f.regs.rax);
        CHECK_MSG(f.regs.rax & RT_IF, "flag %u: interrupts off in %#lx", bit, f.regs.rax);
    }
    for (unsigned i = 0; i < 300; i++) {
        struct iret_context frame = kernel_frame();

        frame.rflags = (rt_random() & ~0x40100ull) | RT_IF | 2; /* without TF and AC */
        frame.flags = i & 1 ? VGCF_in_syscall : 0;
        EQ(go(&frame, &f), RT_UD);
    }
}

/* IF of the frame is the event mask, nothing else. */
static void event_mask(void)
{
    struct iret_context frame = kernel_frame();
    struct rt_fault f;

    frame.rflags = 2;
    RT_CATCH(&f, rt_trap_iret(&frame));
    EQ(f.vector, RT_UD);
    CHECK(rt_shared_info->vcpu_info[0].evtchn_upcall_mask);
    CHECK(f.regs.rax & RT_IF);
    EQ(f.regs.rflags & RT_IF, 0);
    rt_event_enable();
}

static const uint64_t holes[] = {0x0000800000000000, 0x00007fffffffffff, 0x8000000000000000, 0xffff7fffffffffff,
                                 0xffff800000000000, 0xffff820000000000, 0xffff82d080200000, 0xffff87ffffffffff,
                                 0xffffffffffffffff, 0x0000000000000000, 0x7100000000};

static void instruction_pointers(void)
{
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(holes); i++)
        for (unsigned variant = 0; variant < 4; variant++) {
            struct iret_context frame = variant & 1 ? user_frame() : kernel_frame();
            int vector;

            frame.rip = holes[i];
            frame.flags = variant & 2 ? VGCF_in_syscall : 0;
            vector = go(&frame, &f);
            CHECK_MSG(vector == RT_FAILSAFE || vector == RT_PF || vector == RT_GP, "rip %#lx, variant %u: vector %d",
                      holes[i], variant, vector);
        }
}

/* User stack pointers are the user's business: the kernel's stack takes the trap. */
static void stack_pointers(void)
{
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(holes); i++)
        for (unsigned variant = 0; variant < 2; variant++) {
            struct iret_context frame = user_frame();
            int vector;

            frame.rsp = holes[i];
            frame.flags = variant ? VGCF_in_syscall : 0;
            vector = go(&frame, &f);
            CHECK_MSG(vector == RT_SYSCALL || vector == RT_FAILSAFE || vector == RT_SS || vector == RT_GP,
                      "rsp %#lx: vector %d", holes[i], vector);
        }
}

static void selectors(void)
{
    static const uint16_t bad[] = {0,      3,      8,      0x10,   0x2b,   0x33,   0xe000, 0xe008, 0xe00b, 0xe010,
                                   0xe018, 0xe038, 0xe040, 0xe043, 0xe048, 0xfff8, 0xffff, 7,      0xe037};
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        for (unsigned variant = 0; variant < 3; variant++) {
            struct iret_context frame = user_frame();
            int vector;

            if (variant != 1) frame.cs = (bad[i] | 3u);
            if (variant != 0) frame.ss = bad[i];
            vector = go(&frame, &f);
            CHECK_MSG(vector == RT_SYSCALL || vector == RT_FAILSAFE || vector == RT_GP || vector == RT_SS ||
                          vector == RT_NP || vector == RT_PF,
                      "selector %#x: vector %d", bad[i], vector);
            CHECK_MSG((f.regs.cs & 3) != 1 && (f.regs.cs & 3) != 2, "selector %#x: cs %#lx", bad[i], f.regs.cs);
        }
}

/* SYSCALL as the last instruction below the hole: the return address is not canonical. */
static void syscall_at_the_edge(void)
{
    uint64_t va = 0x7ffffffff000;
    uint8_t *page = rt_page_alloc();
    struct iret_context frame = user_frame();
    struct rt_fault f;
    uint64_t *user_l4 = rt_mm_va(rt_mm_m2p(rt_user_l4_mfn()));

    page[4094] = 0x0f;
    page[4095] = 0x05;
    NEED(rt_mm_map(va, rt_mm_va_mfn(page) << 12 | RT_RO) == 0);
    NEED(rt_mm_write(rt_user_l4_mfn() << 12 | (va >> 39 & 511) * 8, rt_mm_l4()[va >> 39 & 511]) == 0);
    CHECK(user_l4[va >> 39 & 511] != 0);
    frame.rip = va + 4094;
    EQ(go(&frame, &f), RT_SYSCALL);
    EQ(f.regs.rip, 0x800000000000);
    frame.rip = f.regs.rip;
    frame.flags = VGCF_in_syscall;
    CHECK(go(&frame, &f) >= 0);
    frame = kernel_frame();
    frame.rip = va + 4094;
    frame.rax = __HYPERVISOR_xen_version;
    CHECK(go(&frame, &f) >= 0); /* a hypercall that returns into the hole */
}

static void still_alive(void)
{
    struct iret_context frame = user_frame();
    struct rt_fault f;
    long port = rt_event_ipi(0);

    EQ(go(&frame, &f), RT_SYSCALL);
    NEED(port > 0);
    rt_event_send((unsigned)port);
    CHECK(rt_event_pending((unsigned)port));
    frame = kernel_frame();
    EQ(go(&frame, &f), RT_UD);
    EQ(f.regs.rax & 0x7000, 0);
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    rt_user_load(user_blob, (size_t)(user_end - user_blob));
    flags();
    event_mask();
    instruction_pointers();
    stack_pointers();
    selectors();
    syscall_at_the_edge();
    still_alive();
}
