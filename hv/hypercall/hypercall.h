/* SPDX-License-Identifier: MIT */
/* Hypercall handlers and continuations.
 *
 * A handler gets the raw argument registers and returns the ABI's result. Batches: after each element, where
 * hypercall_preempt() says so (an interrupt is pending, or the work allowance is used up), the handler stores
 * its progress in the arguments and returns hypercall_again(...): the guest runs the same hypercall once more,
 * with these arguments, after interrupts and the scheduler had their turn. Works inside multicall too. */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "types.h"

typedef long hypercall_fn(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

bool hypercall_preempt(void);
long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

struct cpu_regs;
void hypercall_dispatch(struct cpu_regs *r);
long hypercall_call(uint64_t nr, const uint64_t *args /* 5 */);

/* Handlers, one for each row of hypercall/dispatch.c; named do_ and the ABI's name. */
hypercall_fn do_set_trap_table, do_mmu_update, do_set_gdt, do_stack_switch, do_set_callbacks, do_fpu_taskswitch,
    do_platform_op, do_set_debugreg, do_get_debugreg, do_update_descriptor, do_memory_op, do_multicall,
    do_update_va_mapping, do_set_timer_op, do_xen_version, do_console_io, do_grant_table_op, do_vm_assist, do_iret,
    do_vcpu_op, do_set_segment_base, do_mmuext_op, do_sched_op, do_callback_op, do_event_channel_op, do_physdev_op,
    do_bulkhead_op;

#endif
