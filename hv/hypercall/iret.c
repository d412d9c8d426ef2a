/* SPDX-License-Identifier: MIT */
/* iret, stack_switch, trap tables and callbacks: how a guest kernel is entered and left. */
#include "hypercall/handler.h"
#include <xen/callback.h>
#include "cpu/bounce.h"
#include "domain/context.h"

#define RFLAGS_IF    0x200ul
#define RFLAGS_GUEST 0x254dd5ul /* CF PF AF ZF SF TF DF OF NT AC ID */

/* The frame on the guest kernel's stack is xen/arch-x86/xen-x86_64.h's struct iret_context. */
long do_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;
    struct cpu_regs *r = current_regs();
    struct iret_context f;

    if (unlikely(copy_from_guest(&f, r->rsp, sizeof(f)))) {
        domain_crash(v->domain, "iret frame at %lx cannot be read", r->rsp);
        return 0;
    }
    if ((f.cs & 3) == 3) {
        if (v->user_l4 == INVALID_MFN) {
            domain_crash(v->domain, "iret to user mode without a user page table");
            return 0;
        }
        guest_mode_toggle(v);
    }
    r->rip = f.rip;
    r->cs = (f.cs | 3) & 0xffff;
    r->rflags = (f.rflags & RFLAGS_GUEST) | RFLAGS_IF | 2;
    r->rsp = f.rsp;
    r->ss = (f.ss | 3) & 0xffff;
    if (!(f.flags & VGCF_in_syscall)) {
        r->r11 = f.r11;
        r->rcx = f.rcx;
    }
    r->rax = f.rax;
    v->info->evtchn_upcall_mask = !(f.rflags & RFLAGS_IF);
    return 0;
}

long do_stack_switch(uint64_t ss, uint64_t sp, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;

    v->state->kernel_ss = (ss | 3) & 0xffff;
    v->state->kernel_sp = sp;
    return 0;
}

static int set_trap(struct vcpu *v, const struct trap_info *t)
{
    if (!guest_range_ok(t->address, 1, 1)) return -XEN_EINVAL;
    v->state->traps[t->vector] = (struct trap_entry){t->address, t->cs, t->flags};
    return 0;
}

/* Up to 256 entries, ended by an address of 0. No list: all handlers are removed. */
long do_set_trap_table(uint64_t list, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;

    if (!list) {
        memset(v->state->traps, 0, sizeof(v->state->traps));
        return 0;
    }
    for (unsigned int i = 0; i < 257; i++, list += sizeof(struct trap_info)) {
        struct trap_info t;
        if (copy_from_guest(&t, list, sizeof(t))) return -XEN_EFAULT;
        if (!t.address) return 0;
        int rc = set_trap(v, &t);
        if (rc) return rc;
    }
    return 0;
}

static int set_callback(struct vcpu *v, unsigned int type, gva_t address, uint32_t flags)
{
    struct vcpu_state *s = v->state;

    if (!guest_range_ok(address, 1, 1)) return -XEN_EINVAL;
    switch (type) {
    case CALLBACKTYPE_event:
        s->event_callback = address;
        break;
    case CALLBACKTYPE_failsafe:
        s->failsafe_callback = address;
        break;
    case CALLBACKTYPE_syscall:
        s->syscall_callback = address;
        break;
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter: /* 32-bit system calls come by INT 0x80: those instructions are not offered */
    case CALLBACKTYPE_nmi:      /* NMIs are not delivered; the handler is accepted as the ABI has it */
        return 0;
    default:
        return -XEN_ENOSYS;
    }
    if (flags & CALLBACKF_mask_events)
        s->callback_flags |= 1u << type;
    else
        s->callback_flags &= ~(1u << type);
    return 0;
}

static long callback_register(gva_t arg)
{
    struct callback_register reg;

    if (copy_from_guest(&reg, arg, sizeof(reg))) return -XEN_EFAULT;
    return set_callback(current, reg.type, reg.address, reg.flags);
}

/* Those that the guest cannot run without stay. */
static long callback_unregister(gva_t arg)
{
    struct callback_unregister reg;

    if (copy_from_guest(&reg, arg, sizeof(reg))) return -XEN_EFAULT;
    return reg.type == CALLBACKTYPE_nmi || reg.type == CALLBACKTYPE_sysenter || reg.type == CALLBACKTYPE_syscall32
               ? 0
               : -XEN_EINVAL;
}

static const struct {
    long (*fn)(gva_t arg);
    enum operation op;
} ops[] = {CALLBACK_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[cmd].op, 0);
    return rc ? rc : ops[cmd].fn(arg);
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;

    if (!guest_range_ok(event, 1, 1) || !guest_range_ok(failsafe, 1, 1) || !guest_range_ok(syscall, 1, 1))
        return -XEN_EINVAL;
    v->state->event_callback = event;
    v->state->failsafe_callback = failsafe;
    v->state->syscall_callback = syscall;
    return 0;
}

long do_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;
    const uint64_t known = 1u << VMASST_TYPE_4gb_segments | 1u << VMASST_TYPE_writable_pagetables |
                           1u << VMASST_TYPE_pae_extended_cr3 | 1u << VMASST_TYPE_architectural_iopl |
                           1u << VMASST_TYPE_runstate_update_flag | 1ul << VMASST_TYPE_m2p_strict;

    if (type > 63 || !(known >> type & 1)) return -XEN_EINVAL;
    switch (cmd) {
    case VMASST_CMD_enable:
        __atomic_fetch_or(&v->domain->vm_assist, 1ul << type, __ATOMIC_SEQ_CST);
        return 0;
    case VMASST_CMD_disable:
        __atomic_fetch_and(&v->domain->vm_assist, ~(1ul << type), __ATOMIC_SEQ_CST);
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}
