/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor looks at guest instructions that fault. Random bytes are run in user mode, privileged
 * opcodes with random prefixes and operands in the guest's kernel, instructions across the end of mapped
 * memory, and instructions that a second vCPU rewrites all the time (XSA-67, 105, 110, 123, 195, 200).
 * Everything must end in a trap of the guest. Attack row 19.
 */
#include "rt_test.h"

static uint8_t stack[32768] RT_PAGE_ALIGN;
static uint8_t scratch[8192] RT_PAGE_ALIGN;
static uint8_t *code;
static unsigned seen[RT_VECTORS];

/* A loop in random code ends when the timer's event comes. */
static bool end_by_timer(struct rt_regs *regs)
{
    rt_event_dispatch();
    return (regs->cs & 3) == 0;
}

static void arm_timer(uint64_t ns)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = rt_time_now() + ns};

    rt_vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
}

static void ignore(unsigned port, void *arg)
{
    (void)port;
    (void)arg;
}

static void random_user_code(void)
{
    struct rt_fault f;

    rt_trap_set(RT_EVENT, end_by_timer);
    for (unsigned i = 0; i < 4000; i++) {
        struct rt_regs regs = rt_user_regs(RT_USER_CODE);
        uint64_t *words = (uint64_t *)RT_USER_CODE;

        for (unsigned w = 0; w < 8; w++)
            words[w] = rt_random();
        words[8] = 0x0b0f0b0f0b0f0b0f;
        regs.rax = regs.rbx = regs.rsi = regs.rdi = RT_USER_DATA;
        regs.rdx = rt_random() & 0xffff;
        arm_timer(5 * RT_MS);
        rt_user_run(&regs, &f);
        seen[f.vector]++;
    }
    rt_trap_set(RT_EVENT, NULL);
    rt_event_enable();
}

static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0, 0x40, 0x48, 0x4f};
static const uint8_t opcodes[][2] = {
    {0xe4, 0},    {0xe5, 0},    {0xe6, 0},    {0xe7, 0},    {0xec, 0},    {0xed, 0},    {0xee, 0},    {0xef, 0},
    {0x6c, 0},    {0x6d, 0},    {0x6e, 0},    {0x6f, 0},    {0xfa, 0},    {0xfb, 0},    {0xf4, 0},    {0x0f, 0x20},
    {0x0f, 0x21}, {0x0f, 0x22}, {0x0f, 0x23}, {0x0f, 0x30}, {0x0f, 0x32}, {0x0f, 0x33}, {0x0f, 0xa2}, {0x0f, 0x01},
    {0x0f, 0x06}, {0x0f, 0x08}, {0x0f, 0x09}, {0x0f, 0x00}, {0x0f, 0xc7}, {0x0f, 0xff}, {0x0f, 0xae}, {0x0f, 0x78},
};

/* A register that is not the stack pointer, or memory at one of the registers: no further bytes. */
static uint8_t harmless_modrm(void)
{
    uint8_t byte;

    do
        byte = (uint8_t)rt_random();
    while ((byte & 7) == 4 || (byte & 7) == 5 || (byte >> 6 != 3 && byte >> 6 != 0));
    return byte;
}

/* A byte after any other opcode would be an instruction of its own, with whatever it likes to do. */
static bool takes_operand(const uint8_t *op)
{
    static const uint8_t with[] = {0x20, 0x21, 0x22, 0x23, 0x01, 0x00, 0xc7, 0xff, 0xae, 0x78};

    for (unsigned i = 0; op[0] == 0x0f && i < sizeof(with); i++)
        if (op[1] == with[i]) return true;
    return op[0] >= 0xe4 && op[0] <= 0xe7;
}

static unsigned privileged_bytes(uint8_t *at)
{
    const uint8_t *op = opcodes[rt_random() % RT_ARRAY_SIZE(opcodes)];
    unsigned n = 0, count = (unsigned)rt_random() % 4;

    while (n < count)
        at[n++] = prefixes[rt_random() % RT_ARRAY_SIZE(prefixes)];
    at[n++] = op[0];
    if (op[0] == 0x0f) at[n++] = op[1];
    if (takes_operand(op)) at[n++] = harmless_modrm();
    memset(at + n, 0xcc, 16); /* whatever the length, a breakpoint comes next */
    return n + 16;
}

/* Every general register points into scratch memory, so what an operand names is harmless. */
static struct rt_regs kernel_regs(uint64_t rip)
{
    uint64_t s = (uint64_t)scratch + 4096;

    return (struct rt_regs){.r15 = s,
                            .r14 = s,
                            .r13 = s,
                            .r12 = s,
                            .rbp = s,
                            .rbx = s,
                            .r11 = s,
                            .r10 = s,
                            .r9 = s,
                            .r8 = s,
                            .rax = s,
                            .rcx = rt_random() & 1 ? s : 1,
                            .rdx = 0x80,
                            .rsi = s,
                            .rdi = s,
                            .rip = rip,
                            .cs = RT_CS_KERNEL,
                            .rflags = RT_IF | 2,
                            .rsp = (uint64_t)stack + sizeof(stack) / 2,
                            .ss = RT_SS};
}

static int run_kernel(uint64_t rip, struct rt_fault *f)
{
    struct rt_regs regs = kernel_regs(rip);

    RT_CATCH(f, rt_trap_return(&regs));
    rt_event_enable();
    return f->vector;
}

static void privileged_kernel_code(void)
{
    struct rt_fault f;

    for (unsigned i = 0; i < 6000; i++) {
        int vector;

        privileged_bytes(code);
        vector = run_kernel((uint64_t)code, &f);
        if (!CHECK_MSG(vector >= 0, "no trap")) return;
        seen[vector]++;
    }
}

/* The instruction's tail lies in a page that is not there. */
static void cut_off(void)
{
    struct rt_fault f;

    for (unsigned i = 0; i < 1000; i++) {
        unsigned cut = 1 + (unsigned)rt_random() % 8;
        uint8_t bytes[64];

        privileged_bytes(bytes);
        memcpy(code + RT_PAGE_SIZE - cut, bytes, cut);
        CHECK(run_kernel(TEST_WINDOW + RT_PAGE_SIZE - cut, &f) >= 0);
    }
}

static volatile bool stop;

static void rewrite(void *arg)
{
    volatile uint64_t *at = arg;
    /* ud2 "xen" cpuid; in $0x80; cpuid; clts. The CPU may see a mixture, so they are filled with NOPs: after
     * most other bytes something would come out that changes the stack pointer. */
    static const uint64_t forms[] = {0x90a20f6e65780b0f, 0x90909090909080e4, 0x909090909090a20f, 0x909090909090060f};

    while (!stop)
        *at = forms[rt_random() & 3];
}

static void rewritten(void)
{
    uint64_t end = rt_time_now() + 700 * RT_MS;
    struct rt_fault f;

    if (rt_cpu_count() < 2) return;
    memset(code, 0xcc, RT_PAGE_SIZE);
    memset(code, 0x90, 32);
    NEED(rt_cpu_start(1, rewrite, code) == 0);
    while (rt_time_now() < end)
        CHECK(run_kernel((uint64_t)code, &f) >= 0);
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
}

void test_main(void)
{
    long port = rt_event_virq(VIRQ_TIMER, 0);

    code = rt_page_alloc();
    NEED(code && port > 0 && rt_user_init() == 0);
    NEED(rt_mm_map(TEST_WINDOW, rt_mm_va_mfn(code) << 12 | RT_RO) == 0);
    rt_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    rt_event_handle((unsigned)port, ignore, NULL);
    random_user_code();
    rt_event_mask((unsigned)port);
    privileged_kernel_code();
    cut_off();
    rewritten();
    for (unsigned v = 0; v < RT_VECTORS; v++)
        if (seen[v]) rt_printf("vector %#x: %u\n", v, seen[v]);
    EQ(rt_xen_version(XENVER_version, NULL), 4 << 16 | 17);
}
