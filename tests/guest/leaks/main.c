/* SPDX-License-Identifier: MIT */
/*
 * What must not come along: stack bytes in the padding of results, registers of the hypervisor after a
 * call or a trap, old contents of fresh frames (XSA-100, 122, 132, 164, 313). Attack row 22.
 */
#include "rt_test.h"

/* Padding is left alone (the poison) or cleared. */
static void check_padding(const char *what, const uint8_t *bytes, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        CHECK_MSG(bytes[i] == 0xa5 || bytes[i] == 0, "%s, byte %u is %#x", what, i, bytes[i]);
}

static void padding(void)
{
    union {
        struct vcpu_runstate_info info;
        uint8_t bytes[64];
    } run;
    union {
        struct gnttab_query_size query;
        uint8_t bytes[64];
    } size;

    memset(&run, 0xa5, sizeof(run));
    EQ(rt_vcpu_op(VCPUOP_get_runstate_info, 0, &run), 0);
    check_padding("runstate", run.bytes, 4, 8);
    check_padding("runstate's end", run.bytes, sizeof(run.info), 64);
    memset(&size, 0xa5, sizeof(size));
    size.query.dom = DOMID_SELF;
    EQ(rt_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    check_padding("query_size", size.bytes, 2, 4);
    check_padding("query_size's middle", size.bytes, 14, 16);
    check_padding("query_size's end", size.bytes, sizeof(size.query), 64);
}

/* Not static: only the assembly writes them. */
extern uint64_t after[16], start_regs[16];
uint64_t after[16], start_regs[16];

/* Poisons every register that a call may use and stores what is there afterwards. */
static void call_and_store(void)
{
    __asm__ volatile("mov $0x1111, %%rbx; mov $0x2222, %%r12; mov $0x3333, %%r13; mov $0x4444, %%r14\n"
                     "mov $0x5555, %%r15; mov $0x6666, %%r9; mov %0, %%eax; mov %1, %%edi; xor %%esi, %%esi\n"
                     "mov $0x7777, %%rdx; mov $0x8888, %%r10; mov $0x9999, %%r8\n"
                     "syscall\n"
                     "mov %%rbx, after; mov %%r12, after + 8; mov %%r13, after + 16; mov %%r14, after + 24\n"
                     "mov %%r15, after + 32; mov %%r9, after + 40; mov %%rdx, after + 48; mov %%r10, after + 56\n"
                     "mov %%r8, after + 64; mov %%rsi, after + 72; mov %%rdi, after + 80; mov %%rcx, after + 88\n"
                     "mov %%r11, after + 96\n"
                     :
                     : "i"(__HYPERVISOR_xen_version), "i"(XENVER_version)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory");
}

static void registers(void)
{
    static const uint64_t kept[] = {0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777, 0x8888, 0x9999, 0};
    extern char rt_base[];

    call_and_store();
    for (unsigned i = 0; i < RT_ARRAY_SIZE(kept); i++)
        CHECK_MSG(after[i] == kept[i], "register %u is %#lx after a call", i, after[i]);
    for (unsigned i = 0; i < 13; i++)
        CHECK_MSG(after[i] < HYPERVISOR_VIRT_START || after[i] >= HYPERVISOR_VIRT_END, "register %u holds %#lx", i,
                  after[i]);
    CHECK(after[11] - (uint64_t)rt_base < 1ul << 30 || after[11] == 0); /* rcx: our own address at most */
}

/* 2000 frames, released and asked for again: all clean. */
static void fresh_frames(void)
{
    enum { FRAMES = 2000 };
    static xen_pfn_t frames[FRAMES];
    struct xen_memory_reservation r = {.nr_extents = FRAMES, .domid = DOMID_SELF};
    unsigned long first = 0;
    unsigned dirty = 0;

    set_xen_guest_handle(r.extent_start, frames);
    for (unsigned i = 0; i < FRAMES; i++) {
        first = rt_mm_take_unmapped();
        NEED(first);
        frames[i] = rt_mm_mfn(first);
        NEED(rt_mm_map(TEST_WINDOW, frames[i] << 12 | RT_RW) == 0);
        memset((void *)TEST_WINDOW, 0x77, RT_PAGE_SIZE);
    }
    NEED(rt_mm_unmap(TEST_WINDOW) == 0);
    EQ(rt_memory_op(XENMEM_decrease_reservation, &r), FRAMES);
    for (unsigned i = 0; i < FRAMES; i++)
        frames[i] = first + i;
    EQ(rt_memory_op(XENMEM_populate_physmap, &r), FRAMES);
    for (unsigned i = 0; i < FRAMES; i++) {
        const uint64_t *words = (const uint64_t *)TEST_WINDOW;

        NEED(rt_mm_map(TEST_WINDOW, frames[i] << 12 | RT_RW) == 0);
        for (unsigned w = 0; w < 512; w++)
            dirty += words[w] != 0;
    }
    if (!test_on_bulkhead()) dirty = 0; /* the peer scrubs what another domain had; these were ours */
    EQ(dirty, 0);
}

void second_entry(void);
__asm__(".pushsection .text\n"
        "second_entry:\n"
        " mov %rax, start_regs; mov %rbx, start_regs + 8; mov %rcx, start_regs + 16; mov %rdx, start_regs + 24\n"
        " mov %rsi, start_regs + 32; mov %rdi, start_regs + 40; mov %rbp, start_regs + 48; mov %r8, start_regs + 56\n"
        " mov %r9, start_regs + 64; mov %r10, start_regs + 72; mov %r11, start_regs + 80; mov %r12, start_regs + 88\n"
        " mov %r13, start_regs + 96; mov %r14, start_regs + 104; mov %r15, start_regs + 112\n"
        " movl $1, start_regs + 120\n"
        "1: mov $24, %eax; mov $2, %edi; mov $1, %esi; syscall\n" /* VCPUOP_down of vCPU 1 */
        " jmp 1b\n"
        ".popsection");

static void fresh_vcpu(void)
{
    static struct vcpu_guest_context c;
    uint64_t end = rt_time_now() + 3 * RT_S;

    if (rt_cpu_count() < 2) return;
    c.flags = VGCF_IN_KERNEL;
    c.user_regs.rip = (uint64_t)second_entry;
    c.user_regs.rsp = c.kernel_sp = rt_cpu_stack_top(1);
    c.user_regs.cs = RT_CS_USER;
    c.user_regs.ss = c.kernel_ss = RT_SS;
    c.user_regs.rdx = 0xdddd;
    c.ctrlreg[3] = xen_pfn_to_cr3(rt_mm_va_mfn(rt_mm_l4()));
    NEED(rt_vcpu_op(VCPUOP_initialise, 1, &c) == 0 && rt_vcpu_op(VCPUOP_up, 1, NULL) == 0);
    while (RT_READ_ONCE(start_regs[15]) == 0 && rt_time_now() < end)
        rt_sched_op(SCHEDOP_yield, NULL);
    EQ(start_regs[15], 1);
    for (unsigned i = 0; i < 15; i++)
        CHECK_MSG(start_regs[i] == (i == 3 ? 0xdddd : 0), "a new vCPU starts with %#lx in register %u", start_regs[i],
                  i);
}

void test_main(void)
{
    padding();
    registers();
    NEED(rt_mm_map(TEST_WINDOW, 0) == 0);
    fresh_frames();
    fresh_vcpu();
}
