/* SPDX-License-Identifier: MIT */
/*
 * multicall: results, errors inside, long batches, arrays that run out of memory, and calls that have no
 * business in a batch: iret (XSA-213 changed the address space half way), block, itself.
 * Attack rows 8, 14 and 24.
 */
#include "rt_test.h"

static struct multicall_entry entry(unsigned long op, unsigned long a, unsigned long b)
{
    struct multicall_entry e = {.op = op, .result = 0x5555};

    e.args[0] = a;
    e.args[1] = b;
    return e;
}

static void results(void)
{
    long version = rt_xen_version(XENVER_version, NULL);
    struct multicall_entry calls[4] = {entry(__HYPERVISOR_xen_version, XENVER_version, 0), entry(99, 0, 0),
                                       entry(__HYPERVISOR_xen_version, XENVER_capabilities, TEST_UNMAPPED),
                                       entry(__HYPERVISOR_sched_op, 0, 0)};

    EQ(rt_multicall(calls, 4), 0);
    EQ(calls[0].result, version);
    EQ(calls[1].result, -XEN_ENOSYS);
    EQ(calls[2].result, -XEN_EFAULT);
    EQ(calls[3].result, 0);
    EQ(rt_multicall(calls, 0), 0);
}

static void odd_members(void)
{
    static struct multicall_entry inner[2], calls[3];

    inner[0] = entry(__HYPERVISOR_xen_version, XENVER_version, 0);
    calls[0] = entry(__HYPERVISOR_multicall, (unsigned long)inner, 1);
    calls[1] = entry(__HYPERVISOR_xen_version, XENVER_version, 0);
    CHECK(rt_multicall(calls, 2) <= 0);
    EQ(calls[1].result, rt_xen_version(XENVER_version, NULL));
    RUNS((void)RT_READ_ONCE(*rt_mm_l4()));
}

/* Makes the multicall with an iret frame at the top of the stack, where HYPERVISOR_iret looks for one. */
long multicall_on_frame(const struct iret_context *frame, struct multicall_entry *calls, unsigned count);
extern char land[];
__asm__(".pushsection .text\n"
        "multicall_on_frame:\n"
        "   push %rbp\n"
        "   mov %rsp, %rbp\n"
        "   sub $72, %rsp\n"
        "   mov %rsi, %r8\n"
        "   mov %rdx, %r9\n"
        "   mov %rdi, %rsi\n"
        "   mov %rsp, %rdi\n"
        "   mov $9, %ecx\n"
        "   rep movsq\n"
        "   mov %r8, %rdi\n"
        "   mov %r9, %rsi\n"
        "   mov $13, %eax\n"
        "   syscall\n"
        "   mov %rbp, %rsp\n"
        "   pop %rbp\n"
        "   ret\n"
        "land: ud2\n"
        ".popsection");

/* The iret is refused and the batch goes on, or it is taken and ends the batch: nothing between. */
static void iret_inside(uint64_t rip)
{
    static struct multicall_entry calls[3];
    struct iret_context frame = {.rip = rip,
                                 .cs = RT_CS_KERNEL,
                                 .rflags = RT_IF | 2,
                                 .rsp = ((uint64_t)__builtin_frame_address(0) - 4096) & ~15ul,
                                 .ss = RT_SS};
    struct rt_fault f;

    for (unsigned i = 0; i < 20; i++) {
        calls[0] = entry(__HYPERVISOR_xen_version, XENVER_version, 0);
        calls[1] = entry(__HYPERVISOR_iret, 0, 0);
        calls[2] = entry(__HYPERVISOR_xen_version, XENVER_version, 0);
        RT_CATCH(&f, multicall_on_frame(&frame, calls, 3));
        EQ(calls[0].result, rt_xen_version(XENVER_version, NULL));
        if (f.vector < 0) {
            CHECK((long)calls[1].result < 0);
            EQ(calls[2].result, calls[0].result);
        } else {
            CHECK(f.rip == rip || f.vector == RT_FAILSAFE);
            EQ(calls[2].result, 0x5555);
        }
        RUNS((void)RT_READ_ONCE(*rt_mm_l4()));
    }
}

static void pointers(void)
{
    struct multicall_entry *edge;
    char *page = rt_page_alloc();

    EQ(rt_multicall((void *)TEST_UNMAPPED, 1), -XEN_EFAULT);
    EQ(rt_multicall((void *)TEST_NONCANONICAL, 1), -XEN_EFAULT);
    EQ(rt_multicall((void *)HYPERVISOR_VIRT_END, 1), -XEN_EFAULT);
    EQ(rt_multicall((void *)TEST_UNMAPPED, ~0u), -XEN_EFAULT);
    NEED(page && rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RW) == 0);
    edge = (struct multicall_entry *)(TEST_WINDOW + RT_PAGE_SIZE) - 1;
    *edge = entry(__HYPERVISOR_xen_version, XENVER_version, 0);
    EQ(rt_multicall(edge, 2), -XEN_EFAULT);
    EQ(edge->result, rt_xen_version(XENVER_version, NULL));
    EQ(rt_multicall(edge, 1), 0);
    EQ(rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RO), 0);
    CHECK(rt_multicall(edge, 1) < 0); /* no place for the result */
}

/* Calls that restart themselves, inside a long batch. */
static void long_batch(void)
{
    enum { CALLS = 3000 };
    static struct multicall_entry calls[CALLS];
    static struct mmu_update updates[64];
    unsigned wrong = 0;
    char *page = rt_page_alloc();

    NEED(page && rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(page) << 12 | RT_RW) == 0);
    for (unsigned i = 0; i < 64; i++)
        updates[i] = (struct mmu_update){.ptr = rt_mm_entry_ma(TEST_WINDOW, 1),
                                         .val = rt_mm_va_mfn(page) << 12 | (i & 1 ? RT_RW : RT_RO)};
    for (unsigned i = 0; i < CALLS; i++) {
        calls[i] = entry(__HYPERVISOR_mmu_update, (unsigned long)updates, 64);
        calls[i].args[3] = DOMID_SELF;
    }
    EQ(rt_multicall(calls, CALLS), 0);
    for (unsigned i = 0; i < CALLS; i++)
        wrong += calls[i].result != 0;
    EQ(wrong, 0);
}

void test_main(void)
{
    results();
    odd_members();
    iret_inside((uint64_t)land);
    iret_inside(TEST_NONCANONICAL);
    pointers();
    long_batch();
}
