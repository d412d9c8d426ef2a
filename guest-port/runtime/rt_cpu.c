/* SPDX-License-Identifier: MIT */
#include "rt.h"

char rt_cpu_stacks[RT_CPUS_MAX][RT_CPU_STACK_SIZE] __attribute__((aligned(16384)));
extern char rt_cpu_entry[], rt_entry_event[], rt_entry_failsafe[], rt_entry_syscall[];

static struct rt_cpu cpus[RT_CPUS_MAX];
static bool initialised[RT_CPUS_MAX];

unsigned rt_cpu_id(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0), base = (uint64_t)rt_cpu_stacks;

    return here - base < sizeof(rt_cpu_stacks) ? (unsigned)((here - base) / RT_CPU_STACK_SIZE) : 0;
}

struct rt_cpu *rt_cpu_self(void)
{
    return &cpus[rt_cpu_id()];
}

uint64_t rt_cpu_stack_top(unsigned cpu)
{
    return (uint64_t)rt_cpu_stacks[cpu] + RT_CPU_STACK_SIZE;
}

unsigned rt_cpu_count(void)
{
    unsigned n = 1;

    while (n < RT_CPUS_MAX && rt_vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
        n++;
    return n;
}

void rt_cpu_main(unsigned id);

void rt_cpu_main(unsigned id)
{
    struct rt_cpu *cpu = &cpus[id];

    rt_trap_init();
    for (;;) {
        cpu->entry(cpu->arg);
        rt_event_disable();
        cpu->finished = true;
        rt_vcpu_op(VCPUOP_down, id, NULL);
    }
}

static long initialise(unsigned cpu)
{
    static struct vcpu_guest_context context;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_IN_KERNEL;
    context.user_regs.rip = (uint64_t)rt_cpu_entry;
    context.user_regs.rsp = rt_cpu_stack_top(cpu);
    context.user_regs.rdi = cpu;
    context.user_regs.cs = RT_CS_USER;
    context.user_regs.ss = RT_SS;
    context.user_regs.rflags = 2;
    context.kernel_ss = RT_SS;
    context.kernel_sp = rt_cpu_stack_top(cpu);
    context.ctrlreg[3] = xen_pfn_to_cr3(rt_mm_va_mfn(rt_mm_l4()));
    context.event_callback_eip = (uint64_t)rt_entry_event;
    context.failsafe_callback_eip = (uint64_t)rt_entry_failsafe;
    context.syscall_callback_eip = (uint64_t)rt_entry_syscall;
    rt_shared_info->vcpu_info[cpu].evtchn_upcall_mask = 1;
    return rt_vcpu_op(VCPUOP_initialise, cpu, &context);
}

/* A vCPU that finished sits in its VCPUOP_down: bringing it up makes rt_cpu_main take the next entry. */
long rt_cpu_start(unsigned cpu, void (*entry)(void *), void *arg)
{
    long ret;

    if (cpu == 0 || cpu >= RT_CPUS_MAX || (initialised[cpu] && !cpus[cpu].finished)) return -XEN_EINVAL;
    cpus[cpu].entry = entry;
    cpus[cpu].arg = arg;
    cpus[cpu].finished = false;
    if (!initialised[cpu]) {
        ret = initialise(cpu);
        if (ret) return ret;
        initialised[cpu] = true;
    }
    return rt_vcpu_op(VCPUOP_up, cpu, NULL);
}

bool rt_cpu_wait(unsigned cpu, unsigned ms)
{
    uint64_t end = rt_time_now() + ms * RT_MS;

    while (rt_time_now() < end) {
        if (cpus[cpu].finished && rt_vcpu_op(VCPUOP_is_up, cpu, NULL) == 0) return true;
        rt_sched_op(SCHEDOP_yield, NULL);
    }
    return false;
}

void rt_lock(struct rt_lock *lock)
{
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
        rt_sched_op(SCHEDOP_yield, NULL);
}

void rt_unlock(struct rt_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}
