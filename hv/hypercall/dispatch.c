/* SPDX-License-Identifier: MIT */
/* The hypercall table: one row for each call of the ABI that is offered; everything else is -ENOSYS. The decision
 * points are in the handlers; monitor/permissions.h lists which permission guards what. */
#include "hypercall/hypercall.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "bulkhead.h"
#include "lib.h"

#define UNITS_PER_CALL 24 /* batches of work between looks at interrupts; one is at most some 10,000 instructions */
#define SYSCALL_LENGTH 2

static hypercall_fn *const table[] = {
    [__HYPERVISOR_set_trap_table] = do_set_trap_table,
    [__HYPERVISOR_mmu_update] = do_mmu_update,
    [__HYPERVISOR_set_gdt] = do_set_gdt,
    [__HYPERVISOR_stack_switch] = do_stack_switch,
    [__HYPERVISOR_set_callbacks] = do_set_callbacks,
    [__HYPERVISOR_fpu_taskswitch] = do_fpu_taskswitch,
    [__HYPERVISOR_platform_op] = do_platform_op,
    [__HYPERVISOR_set_debugreg] = do_set_debugreg,
    [__HYPERVISOR_get_debugreg] = do_get_debugreg,
    [__HYPERVISOR_update_descriptor] = do_update_descriptor,
    [__HYPERVISOR_memory_op] = do_memory_op,
    [__HYPERVISOR_multicall] = do_multicall,
    [__HYPERVISOR_update_va_mapping] = do_update_va_mapping,
    [__HYPERVISOR_set_timer_op] = do_set_timer_op,
    [__HYPERVISOR_xen_version] = do_xen_version,
    [__HYPERVISOR_console_io] = do_console_io,
    [__HYPERVISOR_grant_table_op] = do_grant_table_op,
    [__HYPERVISOR_vm_assist] = do_vm_assist,
    [__HYPERVISOR_iret] = do_iret,
    [__HYPERVISOR_vcpu_op] = do_vcpu_op,
    [__HYPERVISOR_set_segment_base] = do_set_segment_base,
    [__HYPERVISOR_mmuext_op] = do_mmuext_op,
    [__HYPERVISOR_sched_op] = do_sched_op,
    [__HYPERVISOR_callback_op] = do_callback_op,
    [__HYPERVISOR_event_channel_op] = do_event_channel_op,
    [__HYPERVISOR_physdev_op] = do_physdev_op,
    [BH_HYPERCALL] = do_bulkhead_op,
};

bool hypercall_preempt(void)
{
    struct cpu_info *c = this_cpu();

    return READ_ONCE(c->need_resched) || ++c->hcall_units > UNITS_PER_CALL;
}

long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct cpu_info *c = this_cpu();

    c->hcall_again = 1;
    c->hcall_args[0] = a1;
    c->hcall_args[1] = a2;
    c->hcall_args[2] = a3;
    c->hcall_args[3] = a4;
    c->hcall_args[4] = a5;
    return 0;
}

long hypercall_call(uint64_t nr, const uint64_t *a)
{
    if (nr >= ARRAY_SIZE(table) || !table[nr])
        return -XEN_ENOSYS;
    return table[nr](a[0], a[1], a[2], a[3], a[4]);
}

void hypercall_dispatch(struct cpu_regs *r)
{
    struct cpu_info *c = this_cpu();
    uint64_t nr = r->rax, rip = r->rip;
    hypercall_fn *fn = nr < ARRAY_SIZE(table) ? table[nr] : NULL;

    c->hcall_units = 0;
    c->hcall_again = 0;
    if (unlikely(!fn)) {
        r->rax = (uint64_t)-XEN_ENOSYS;
        return;
    }
    if (nr == __HYPERVISOR_iret) { /* replaces the whole frame */
        do_iret(0, 0, 0, 0, 0);
        return;
    }
    long result = fn(r->rdi, r->rsi, r->rdx, r->r10, r->r8);
    if (unlikely(c->hcall_again)) {
        r->rip = rip - SYSCALL_LENGTH;
        r->rdi = c->hcall_args[0];
        r->rsi = c->hcall_args[1];
        r->rdx = c->hcall_args[2];
        r->r10 = c->hcall_args[3];
        r->r8 = c->hcall_args[4];
        return;
    }
    r->rax = (uint64_t)result;
}
