/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by the SYSCALL instruction: number in rax, arguments in rdi, rsi, rdx, r10, r8;
 * rcx and r11 are lost. Results are the ABI's: 0 or more, or a negative errno value of xen/errno.h.
 */
#ifndef RT_HYPER_H
#define RT_HYPER_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

static inline long rt_hypercall5(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
                                 unsigned long a4, unsigned long a5)
{
    long ret;
    register unsigned long r10 __asm__("r10") = a4;
    register unsigned long r8 __asm__("r8") = a5;

    __asm__ volatile("syscall"
                     : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return ret;
}

#define RT_HC(nr, a, b, c, d, e)                                                                                       \
    rt_hypercall5(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), (unsigned long)(d),                  \
                  (unsigned long)(e))

static inline long rt_console_io(int cmd, unsigned long count, const void *buf)
{
    return RT_HC(__HYPERVISOR_console_io, cmd, count, buf, 0, 0);
}

static inline long rt_set_trap_table(const struct trap_info *table)
{
    return RT_HC(__HYPERVISOR_set_trap_table, table, 0, 0, 0, 0);
}

static inline long rt_mmu_update(const struct mmu_update *req, unsigned count, unsigned *done, unsigned domid)
{
    return RT_HC(__HYPERVISOR_mmu_update, req, count, done, domid, 0);
}

static inline long rt_mmuext_op(const struct mmuext_op *op, unsigned count, unsigned *done, unsigned domid)
{
    return RT_HC(__HYPERVISOR_mmuext_op, op, count, done, domid, 0);
}

static inline long rt_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
    return RT_HC(__HYPERVISOR_update_va_mapping, va, pte, flags, 0, 0);
}

static inline long rt_set_gdt(const unsigned long *frames, unsigned entries)
{
    return RT_HC(__HYPERVISOR_set_gdt, frames, entries, 0, 0, 0);
}

static inline long rt_update_descriptor(uint64_t maddr, uint64_t desc)
{
    return RT_HC(__HYPERVISOR_update_descriptor, maddr, desc, 0, 0, 0);
}

static inline long rt_stack_switch(unsigned long ss, unsigned long sp)
{
    return RT_HC(__HYPERVISOR_stack_switch, ss, sp, 0, 0, 0);
}

static inline long rt_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    return RT_HC(__HYPERVISOR_set_callbacks, event, failsafe, syscall, 0, 0);
}

static inline long rt_callback_op(int cmd, const void *arg)
{
    return RT_HC(__HYPERVISOR_callback_op, cmd, arg, 0, 0, 0);
}

static inline long rt_fpu_taskswitch(int set)
{
    return RT_HC(__HYPERVISOR_fpu_taskswitch, set, 0, 0, 0, 0);
}

static inline long rt_set_debugreg(int reg, unsigned long value)
{
    return RT_HC(__HYPERVISOR_set_debugreg, reg, value, 0, 0, 0);
}

static inline long rt_get_debugreg(int reg)
{
    return RT_HC(__HYPERVISOR_get_debugreg, reg, 0, 0, 0, 0);
}

static inline long rt_memory_op(unsigned long cmd, void *arg)
{
    return RT_HC(__HYPERVISOR_memory_op, cmd, arg, 0, 0, 0);
}

static inline long rt_multicall(struct multicall_entry *calls, unsigned count)
{
    return RT_HC(__HYPERVISOR_multicall, calls, count, 0, 0, 0);
}

static inline long rt_set_timer_op(uint64_t deadline)
{
    return RT_HC(__HYPERVISOR_set_timer_op, deadline, 0, 0, 0, 0);
}

static inline long rt_xen_version(int cmd, void *arg)
{
    return RT_HC(__HYPERVISOR_xen_version, cmd, arg, 0, 0, 0);
}

static inline long rt_grant_table_op(unsigned cmd, void *ops, unsigned count)
{
    return RT_HC(__HYPERVISOR_grant_table_op, cmd, ops, count, 0, 0);
}

static inline long rt_vm_assist(unsigned cmd, unsigned type)
{
    return RT_HC(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline long rt_vcpu_op(int cmd, unsigned vcpu, void *arg)
{
    return RT_HC(__HYPERVISOR_vcpu_op, cmd, vcpu, arg, 0, 0);
}

static inline long rt_set_segment_base(unsigned which, unsigned long base)
{
    return RT_HC(__HYPERVISOR_set_segment_base, which, base, 0, 0, 0);
}

static inline long rt_sched_op(int cmd, void *arg)
{
    return RT_HC(__HYPERVISOR_sched_op, cmd, arg, 0, 0, 0);
}

static inline long rt_event_channel_op(int cmd, void *arg)
{
    return RT_HC(__HYPERVISOR_event_channel_op, cmd, arg, 0, 0, 0);
}

static inline long rt_physdev_op(int cmd, void *arg)
{
    return RT_HC(__HYPERVISOR_physdev_op, cmd, arg, 0, 0, 0);
}

#endif
