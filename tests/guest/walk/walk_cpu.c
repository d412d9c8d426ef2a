/* SPDX-License-Identifier: MIT */
/* vCPUs: traps, descriptors, timers, scheduling, versions. */
#include "walk.h"

#define GATE     0x85
#define CODE_SEG 0x00affb000000ffffull /* 64-bit code, ring 3 */
#define SOON     (500 * RT_US)
#define WAIT     (20 * RT_MS)

extern const uint64_t rt_trap_stubs[];
extern char rt_entry_event[], rt_entry_failsafe[], rt_entry_syscall[], rt_cpu_entry[];
extern char walk_callback[], walk_landing[];
extern volatile uint64_t walk_hits;

__asm__(".text\n"
        ".globl walk_callback\n"
        "walk_callback: lock incq walk_hits(%rip)\n jmp rt_entry_event\n"
        ".globl walk_landing\n"
        "walk_landing: ud2\n");
volatile uint64_t walk_hits;

static uint64_t *page;
static unsigned timer_port;

/* --- Traps and callbacks --- */
static long call_trap_table(void)
{
    static struct trap_info table[2];

    table[0].vector = GATE;
    table[0].flags = 3;
    table[0].cs = RT_CS_USER;
    table[0].address = rt_trap_stubs[20];
    return rt_set_trap_table(table);
}

static uint64_t gate(void)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("int %0" : : "i"(GATE)));
    return (uint64_t)f.vector;
}

static long call_set_callbacks(void)
{
    return rt_set_callbacks((uint64_t)walk_callback, (uint64_t)rt_entry_failsafe, (uint64_t)rt_entry_syscall);
}

static long call_register(void)
{
    struct callback_register reg = {.type = CALLBACKTYPE_event, .address = (uint64_t)walk_callback};

    return rt_callback_op(CALLBACKOP_register, &reg);
}

static long call_unregister(void)
{
    struct callback_unregister reg = {.type = CALLBACKTYPE_nmi};

    return rt_callback_op(CALLBACKOP_unregister, &reg);
}

static uint64_t callback_is_ours(void)
{
    uint64_t before = walk_hits;

    rt_event_send(walk_ipi);
    return walk_hits != before;
}

static void old_callbacks(void)
{
    rt_set_callbacks((uint64_t)rt_entry_event, (uint64_t)rt_entry_failsafe, (uint64_t)rt_entry_syscall);
}

static long call_iret(void)
{
    static uint64_t stack[512];
    struct iret_context frame = {.rip = (uint64_t)walk_landing,
                                 .cs = RT_CS_KERNEL,
                                 .rflags = rt_shared_info->vcpu_info[0].evtchn_upcall_mask ? 2 : RT_IF | 2,
                                 .rsp = (uint64_t)(stack + 500),
                                 .ss = RT_SS};
    volatile long ret = -XEN_EFAULT;
    struct rt_fault f;

    RT_CATCH(&f, ret = rt_trap_iret(&frame));
    return f.vector == RT_UD && f.rip == (uint64_t)walk_landing ? 0 : ret;
}

static long call_vm_assist(void)
{
    return rt_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag);
}

/* --- Descriptors --- */
static uint64_t rights(uint64_t selector)
{
    uint64_t value = 0;

    __asm__ volatile("lar %1, %0" : "+r"(value) : "r"(selector) : "cc");
    return value;
}

static void take_page(void)
{
    if (!page) page = rt_page_alloc();
    NEED(page);
    rt_mm_protect(page, RT_RW);
    memset(page, 0, RT_PAGE_SIZE);
}

static void descriptor_page(void)
{
    take_page();
    page[1] = CODE_SEG;
    NEED(rt_mm_protect(page, RT_RO) == 0);
}

static long call_set_gdt(void)
{
    unsigned long frames[1] = {rt_mm_va_mfn(page)};

    return rt_set_gdt(frames, 2);
}

static uint64_t in_gdt(void)
{
    return rights(1 << 3 | 3);
}

static void no_gdt(void)
{
    unsigned long none[1] = {0};

    rt_set_gdt(none, 0);
    take_page();
}

static long call_set_ldt(void)
{
    return rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)page, 2);
}

static uint64_t in_ldt(void)
{
    return rights(1 << 3 | 4 | 3);
}

static void no_ldt(void)
{
    rt_mm_ext(MMUEXT_SET_LDT, 0, 0);
    take_page();
}

static long call_update_descriptor(void)
{
    return rt_update_descriptor(rt_mm_va_mfn(page) << 12 | 8, CODE_SEG);
}

static uint64_t first_words(void)
{
    return page[0] + page[1];
}

static uint64_t fs_base(void)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000100));
    return (uint64_t)high << 32 | low;
}

static long call_segment_base(void)
{
    return rt_set_segment_base(SEGBASE_FS, 0x12345000);
}

static void no_segment_base(void)
{
    rt_set_segment_base(SEGBASE_FS, 0);
}

static long call_stack_switch(void)
{
    return rt_stack_switch(RT_SS, rt_cpu_stack_top(0));
}

static uint64_t task_switched(void)
{
    uint64_t cr0;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    return cr0 >> 3 & 1;
}

static long call_taskswitch(void)
{
    return rt_fpu_taskswitch(1);
}

static void no_taskswitch(void)
{
    rt_fpu_taskswitch(0);
}

static long call_set_debugreg(void)
{
    return rt_set_debugreg(0, 0x5000);
}

static long call_get_debugreg(void)
{
    return rt_get_debugreg(0);
}

static uint64_t debugreg(void)
{
    return (uint64_t)rt_get_debugreg(0);
}

static void no_debugreg(void)
{
    rt_set_debugreg(0, 0);
}

/* --- Timers: whether VIRQ_TIMER comes --- */
static void timer_quiet(void)
{
    rt_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    rt_set_timer_op(0);
    if (!timer_port) timer_port = (unsigned)rt_event_virq(VIRQ_TIMER, 0);
    rt_event_mask(timer_port);
    rt_event_clear(timer_port);
}

void walk_cpu_ports_gone(void)
{
    timer_port = 0;
}

static uint64_t timer_came(void)
{
    uint64_t end = rt_time_now() + WAIT;

    while (!rt_event_pending(timer_port) && rt_time_now() < end)
        rt_pause();
    return rt_event_pending(timer_port);
}

static long call_set_timer(void)
{
    return rt_set_timer_op(rt_time_now() + SOON);
}

static long call_singleshot(void)
{
    struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = rt_time_now() + SOON};

    return rt_vcpu_op(VCPUOP_set_singleshot_timer, 0, &op);
}

static long call_periodic(void)
{
    struct vcpu_set_periodic_timer op = {.period_ns = RT_MS};

    return rt_vcpu_op(VCPUOP_set_periodic_timer, 0, &op);
}

static long call_stop_singleshot(void)
{
    return rt_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
}

static long call_stop_periodic(void)
{
    return rt_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

/* --- Other vCPUs --- */
static void forever(void)
{
    for (;;)
        rt_pause();
}

static long call_initialise(void)
{
    static struct vcpu_guest_context c;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_IN_KERNEL;
    c.user_regs.rip = (uint64_t)forever;
    c.user_regs.rsp = rt_cpu_stack_top(1);
    c.user_regs.cs = RT_CS_USER;
    c.user_regs.ss = RT_SS;
    c.user_regs.rflags = 2;
    c.kernel_ss = RT_SS;
    c.kernel_sp = rt_cpu_stack_top(1);
    c.ctrlreg[3] = xen_pfn_to_cr3(rt_mm_va_mfn(rt_mm_l4()));
    c.event_callback_eip = (uint64_t)rt_entry_event;
    c.failsafe_callback_eip = (uint64_t)rt_entry_failsafe;
    c.syscall_callback_eip = (uint64_t)rt_entry_syscall;
    rt_shared_info->vcpu_info[1].evtchn_upcall_mask = 1;
    return rt_vcpu_op(VCPUOP_initialise, 1, &c);
}

static uint64_t is_initialised(void)
{
    return rt_vcpu_op(VCPUOP_initialise, 1, (void *)TEST_UNMAPPED) == -XEN_EEXIST;
}

static long call_up(void)
{
    return rt_vcpu_op(VCPUOP_up, 1, NULL);
}

static long call_down(void)
{
    return rt_vcpu_op(VCPUOP_down, 1, NULL);
}

static long call_down_self(void)
{
    return rt_vcpu_op(VCPUOP_down, 0, NULL);
}

static uint64_t is_up(void)
{
    return (uint64_t)rt_vcpu_op(VCPUOP_is_up, 1, NULL);
}

static uint64_t self_is_up(void)
{
    return (uint64_t)rt_vcpu_op(VCPUOP_is_up, 0, NULL);
}

static void bring_up(void)
{
    if (!is_initialised()) NEED(call_initialise() == 0);
    NEED(call_up() == 0);
}

static void take_down(void)
{
    if (is_up()) NEED(call_down() == 0);
}

static long call_is_up(void)
{
    return rt_vcpu_op(VCPUOP_is_up, 0, NULL);
}

static long call_runstate(void)
{
    return rt_vcpu_op(VCPUOP_get_runstate_info, 0, walk_out);
}

static long call_physid(void)
{
    return rt_vcpu_op(VCPUOP_get_physid, 0, walk_out);
}

static long register_area(int cmd, void *area)
{
    struct vcpu_register_runstate_memory_area op = {.addr.p = (uint64_t)area};

    return rt_vcpu_op(cmd, 0, &op);
}

static long call_runstate_area(void)
{
    return register_area(VCPUOP_register_runstate_memory_area, walk_out);
}

static long call_time_area(void)
{
    return register_area(VCPUOP_register_vcpu_time_memory_area, walk_out);
}

static void no_areas(void)
{
    register_area(VCPUOP_register_runstate_memory_area, NULL);
    register_area(VCPUOP_register_vcpu_time_memory_area, NULL);
}

/* vCPU 1's: where this one's lies must stay. Registering once is for ever. */
static uint64_t *info_page;
static void take_info_page(void)
{
    if (!info_page) info_page = rt_page_alloc();
    NEED(info_page);
}

static uint64_t info_words(void)
{
    return info_page[0] + info_page[1] + info_page[2];
}

static long call_vcpu_info(void)
{
    struct vcpu_register_vcpu_info op = {.mfn = rt_mm_va_mfn(info_page)};

    return rt_vcpu_op(VCPUOP_register_vcpu_info, 1, &op);
}

static long call_send_nmi(void)
{
    return rt_vcpu_op(VCPUOP_send_nmi, 0, NULL);
}

/* --- Scheduling --- */
static long call_yield(void)
{
    return rt_sched_op(SCHEDOP_yield, NULL);
}

/* The timer is armed, so it comes back. Blocking lets events in. */
static long call_block(void)
{
    rt_event_disable();
    rt_event_unmask(timer_port);
    call_set_timer();
    return rt_sched_op(SCHEDOP_block, NULL);
}

static void masked_again(void)
{
    rt_event_mask(timer_port);
    timer_quiet();
}

static long call_poll(void)
{
    struct sched_poll poll = {.timeout = rt_time_now() + SOON};

    return rt_sched_op(SCHEDOP_poll, &poll);
}

/* Nobody resumes a suspended domain elsewhere: an allowed call says that it was cancelled. */
static long call_shutdown(void)
{
    struct sched_shutdown op = {.reason = SHUTDOWN_suspend};

    return rt_sched_op(SCHEDOP_shutdown, &op);
}

static long call_machine_off(void)
{
    struct sched_shutdown op = {.reason = SHUTDOWN_poweroff};

    return rt_sched_op(SCHEDOP_shutdown, &op);
}

/* The reason that this test's own end has too. */
static long call_shutdown_code(void)
{
    struct sched_shutdown op = {.reason = SHUTDOWN_poweroff};

    return rt_sched_op(SCHEDOP_shutdown_code, &op);
}

static long watchdog_id;
static long call_watchdog(void)
{
    struct sched_watchdog op = {.timeout = 3600};

    watchdog_id = rt_sched_op(SCHEDOP_watchdog, &op);
    return watchdog_id;
}

static void no_watchdog(void)
{
    struct sched_watchdog op = {.id = (uint32_t)watchdog_id};

    rt_sched_op(SCHEDOP_watchdog, &op);
}

/* --- Versions --- */
#define VERSION(name)                                                                                                  \
    static long call_version_##name(void)                                                                              \
    {                                                                                                                  \
        return rt_xen_version(XENVER_##name, walk_out);                                                                \
    }
VERSION(version)
VERSION(extraversion)
VERSION(compile_info)
VERSION(capabilities)
VERSION(changeset)
VERSION(platform_parameters)
VERSION(get_features)
VERSION(pagesize)
VERSION(guest_handle)
VERSION(commandline)
VERSION(build_id)

const struct walk_row walk_cpu[OPERATION_COUNT] = {
    [OP_set_trap_table] = {.call = call_trap_table, .state = gate},
    [OP_set_callbacks] = {.call = call_set_callbacks, .state = callback_is_ours, .undo = old_callbacks},
    [OP_CALLBACKOP_register] = {.call = call_register, .state = callback_is_ours, .undo = old_callbacks},
    [OP_CALLBACKOP_unregister] = {.call = call_unregister},
    [OP_iret] = {.call = call_iret},
    [OP_vm_assist] = {.call = call_vm_assist},
    [OP_set_gdt] = {.call = call_set_gdt, .state = in_gdt, .prepare = descriptor_page, .undo = no_gdt},
    [OP_MMUEXT_SET_LDT] = {.call = call_set_ldt, .state = in_ldt, .prepare = descriptor_page, .undo = no_ldt},
    [OP_update_descriptor] = {.call = call_update_descriptor, .state = first_words, .prepare = take_page},
    [OP_set_segment_base] = {.call = call_segment_base, .state = fs_base, .undo = no_segment_base},
    [OP_stack_switch] = {.call = call_stack_switch},
    [OP_fpu_taskswitch] = {.call = call_taskswitch,
                           .state = task_switched,
                           .prepare = no_taskswitch,
                           .undo = no_taskswitch},
    [OP_set_debugreg] = {.call = call_set_debugreg, .state = debugreg, .undo = no_debugreg},
    [OP_get_debugreg] = {.call = call_get_debugreg},
    [OP_set_timer_op] = {.call = call_set_timer, .state = timer_came, .prepare = timer_quiet, .undo = timer_quiet},
    [OP_VCPUOP_set_singleshot_timer] = {.call = call_singleshot,
                                        .state = timer_came,
                                        .prepare = timer_quiet,
                                        .undo = timer_quiet},
    [OP_VCPUOP_set_periodic_timer] = {.call = call_periodic,
                                      .state = timer_came,
                                      .prepare = timer_quiet,
                                      .undo = timer_quiet},
    [OP_VCPUOP_stop_singleshot_timer] = {.call = call_stop_singleshot},
    [OP_VCPUOP_stop_periodic_timer] = {.call = call_stop_periodic},
    [OP_VCPUOP_initialise] = {.call = call_initialise, .state = is_initialised},
    [OP_VCPUOP_up] = {.call = call_up, .state = is_up, .undo = take_down},
    [OP_VCPUOP_down] = {.call = call_down, .state = is_up, .prepare = bring_up},
    [OP_VCPUOP_down_machine] = {.call = call_down_self,
                                .state = self_is_up,
                                .prepare = take_down,
                                .half = "done, it switches the machine off"},
    [OP_VCPUOP_is_up] = {.call = call_is_up},
    [OP_VCPUOP_get_runstate_info] = {.call = call_runstate, .state = walk_answered},
    [OP_VCPUOP_get_physid] = {.call = call_physid, .want = -XEN_EINVAL},
    [OP_VCPUOP_register_runstate_memory_area] = {.call = call_runstate_area, .state = walk_answered, .undo = no_areas},
    [OP_VCPUOP_register_vcpu_time_memory_area] = {.call = call_time_area, .state = walk_answered, .undo = no_areas},
    [OP_VCPUOP_register_vcpu_info] = {.call = call_vcpu_info, .state = info_words, .prepare = take_info_page},
    [OP_VCPUOP_send_nmi] = {.call = call_send_nmi, .want = -XEN_ENOSYS},
    [OP_SCHEDOP_yield] = {.call = call_yield},
    [OP_SCHEDOP_block] = {.call = call_block, .prepare = timer_quiet, .undo = masked_again},
    [OP_SCHEDOP_poll] = {.call = call_poll},
    [OP_SCHEDOP_shutdown] = {.call = call_shutdown},
    [OP_SCHEDOP_shutdown_machine] = {.call = call_machine_off, .half = "done, it switches the machine off"},
    [OP_SCHEDOP_shutdown_code] = {.call = call_shutdown_code},
    [OP_SCHEDOP_watchdog] = {.call = call_watchdog, .undo = no_watchdog},
    [OP_XENVER_version] = {.call = call_version_version},
    [OP_XENVER_extraversion] = {.call = call_version_extraversion, .state = walk_answered},
    [OP_XENVER_compile_info] = {.call = call_version_compile_info, .state = walk_answered},
    [OP_XENVER_capabilities] = {.call = call_version_capabilities, .state = walk_answered},
    [OP_XENVER_changeset] = {.call = call_version_changeset, .state = walk_answered},
    [OP_XENVER_platform_parameters] = {.call = call_version_platform_parameters, .state = walk_answered},
    [OP_XENVER_get_features] = {.call = call_version_get_features, .state = walk_answered},
    [OP_XENVER_pagesize] = {.call = call_version_pagesize},
    [OP_XENVER_guest_handle] = {.call = call_version_guest_handle},
    [OP_XENVER_commandline] = {.call = call_version_commandline},
    [OP_XENVER_build_id] = {.call = call_version_build_id, .want = -XEN_ENODATA},
};
