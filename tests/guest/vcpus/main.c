/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: starting, stopping and asking for vCPUs, hostile start contexts, and the areas of memory that
 * the hypervisor writes on its own: run state, time, vcpu_info. Attack rows 7, 8 and 14.
 */
#include "rt_test.h"

static volatile unsigned rounds;

static void second(void *arg)
{
    rounds += (unsigned)(uint64_t)arg;
}

static struct vcpu_guest_context good_context(void)
{
    static struct vcpu_guest_context c;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_IN_KERNEL;
    c.user_regs.rip = (uint64_t)second;
    c.user_regs.rsp = rt_cpu_stack_top(7);
    c.user_regs.cs = RT_CS_USER;
    c.user_regs.ss = c.kernel_ss = RT_SS;
    c.kernel_sp = rt_cpu_stack_top(7);
    c.ctrlreg[3] = xen_pfn_to_cr3(rt_mm_va_mfn(rt_mm_l4()));
    return c;
}

static void hostile_contexts(unsigned cpu)
{
    static struct vcpu_guest_context c;
    uint64_t *l1 = test_table();

    c = good_context();
    EQ(rt_vcpu_op(VCPUOP_initialise, 0, &c), -XEN_EEXIST);
    EQ(rt_vcpu_op(VCPUOP_initialise, cpu, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    EQ(rt_vcpu_op(VCPUOP_initialise, cpu, (void *)HYPERVISOR_VIRT_END), -XEN_EFAULT);
    c.ctrlreg[3] = xen_pfn_to_cr3(test_lost_mfn());
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    c.ctrlreg[3] = xen_pfn_to_cr3(1ul << 40);
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    NEED(l1 && rt_mm_pin(1, rt_mm_va_mfn(l1)) == 0);
    c.ctrlreg[3] = xen_pfn_to_cr3(rt_mm_va_mfn(l1));
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    c = good_context();
    c.event_callback_eip = TEST_NONCANONICAL;
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    c = good_context();
    c.ldt_ents = 8193;
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    c = good_context();
    c.gdt_ents = 8192;
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    c = good_context();
    c.gdt_ents = 512;
    c.gdt_frames[0] = rt_mm_va_mfn(rt_mm_l4());
    CHECK(rt_vcpu_op(VCPUOP_initialise, cpu, &c) < 0);
    CHECK(rt_vcpu_op(VCPUOP_up, cpu, NULL) < 0); /* nothing above made it one */
    EQ(rt_vcpu_op(VCPUOP_is_up, cpu, NULL), 0);
}

static void numbers(void)
{
    static const unsigned bad[] = {64, 200, 8191, 1u << 31, ~0u};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        for (int cmd = 0; cmd <= 13; cmd++)
            CHECK_MSG(rt_vcpu_op(cmd, bad[i], (void *)TEST_UNMAPPED) < 0, "command %d on vCPU %u", cmd, bad[i]);
    EQ(rt_vcpu_op(99, 0, NULL), -XEN_ENOSYS);
    EQ(rt_vcpu_op(VCPUOP_is_up, 0, NULL), 1);
}

static void start_and_stop(void)
{
    for (unsigned i = 1; i <= 5; i++) {
        EQ(rt_cpu_start(1, second, (void *)1), 0);
        if (!CHECK(rt_cpu_wait(1, 5000))) return;
        EQ(rounds, i);
    }
    EQ(rt_vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    EQ(rt_vcpu_op(VCPUOP_down, 1, NULL), 0);
    EQ(rt_vcpu_op(VCPUOP_initialise, 1, (void *)TEST_UNMAPPED) < 0, 1);
}

static void run_state(void)
{
    static struct vcpu_runstate_info info, area;
    struct vcpu_register_runstate_memory_area reg = {.addr.p = (uint64_t)&area};
    static const uint64_t bad[] = {HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_END - 8, TEST_NONCANONICAL};
    uint64_t sum;

    EQ(rt_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    EQ(info.state, RUNSTATE_running);
    sum = info.time[0] + info.time[1] + info.time[2] + info.time[3];
    CHECK(info.time[RUNSTATE_running] > 0 && sum < 1000 * RT_S);
    rt_time_spin(5 * RT_MS);
    EQ(rt_vcpu_op(VCPUOP_get_runstate_info, 0, &area), 0);
    CHECK(area.time[RUNSTATE_running] > info.time[RUNSTATE_running]);
    EQ(rt_vcpu_op(VCPUOP_get_runstate_info, 0, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    memset(&area, 0, sizeof(area));
    EQ(rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
    rt_sched_op(SCHEDOP_yield, NULL);
    CHECK(area.state_entry_time != 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        reg.addr.p = bad[i];
        if (rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg) == 0)
            rt_sched_op(SCHEDOP_yield, NULL); /* must be written nowhere */
    }
    reg.addr.p = TEST_UNMAPPED;
    rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg);
    rt_sched_op(SCHEDOP_yield, NULL);
    reg.addr.p = 0;
    EQ(rt_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
}

static void time_area(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area reg = {.addr.p = (uint64_t)&area};
    uint64_t deadline = rt_time_now() + 3 * RT_S;

    EQ(rt_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
    while (RT_READ_ONCE(area.tsc_to_system_mul) == 0 && rt_time_now() < deadline)
        rt_sched_op(SCHEDOP_yield, NULL);
    CHECK(area.tsc_to_system_mul != 0);
    reg.addr.p = HYPERVISOR_VIRT_START;
    CHECK(rt_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg) <= 0);
    reg.addr.p = TEST_UNMAPPED;
    rt_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg);
    rt_sched_op(SCHEDOP_yield, NULL);
    reg.addr.p = 0;
    EQ(rt_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
}

/* vcpu_info may be moved once, to a place inside one of our own writable pages. */
static void vcpu_info_place(unsigned cpu)
{
    uint8_t *page = rt_page_alloc();
    uint64_t mfn = rt_mm_va_mfn(page);
    struct vcpu_register_vcpu_info bad[] = {{.mfn = test_lost_mfn()},
                                            {.mfn = 1ull << 40},
                                            {.mfn = mfn, .offset = 4096},
                                            {.mfn = mfn, .offset = 4096 - 63},
                                            {.mfn = mfn, .offset = ~0u - 32},
                                            {.mfn = rt_mm_va_mfn(rt_mm_l4())},
                                            {.mfn = rt_start_info->shared_info >> 12}};
    struct vcpu_register_vcpu_info good = {.mfn = mfn, .offset = 4096 - 64};

    NEED(page);
    /* The last one, shared_info's own frame, is allowed by the peer. */
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad) - !test_on_bulkhead(); i++)
        CHECK_MSG(rt_vcpu_op(VCPUOP_register_vcpu_info, cpu, &bad[i]) < 0, "vcpu_info place %u", i);
    EQ(rt_vcpu_op(VCPUOP_register_vcpu_info, cpu, &good), 0);
    EQ(rt_vcpu_op(VCPUOP_register_vcpu_info, cpu, &good), -XEN_EINVAL);
    EQ(rt_mm_protect(page, RT_RO), 0);
    CHECK(rt_mm_pin(1, mfn) < 0);
    EQ(rt_mm_protect(page, RT_RW), 0);
}

void test_main(void)
{
    if (rt_cpu_count() < 2) test_skip("one vCPU only");
    numbers();
    hostile_contexts(1);
    start_and_stop();
    run_state();
    time_area();
    vcpu_info_place(1);
}
