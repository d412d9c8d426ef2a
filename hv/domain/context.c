/* SPDX-License-Identifier: MIT */
/* A vCPU's first registers (xen/arch-x86/xen.h, struct vcpu_guest_context). */
#include "hv.h"
#include "domain/context.h"
#include "cpu/desc.h"
#include "cpu/fpu.h"
#include "mm/mmuext.h"
#include "mm/table.h"
#include "mm/pte.h"

void vcpu_sanitise(struct cpu_regs *r)
{
    r->rflags = (r->rflags & 0x240dd5ul) | 0x202; /* arithmetic flags, TF, DF, AC, ID; IF on */
    r->cs = (r->cs | 3) & 0xffff;
    r->ss = (r->ss | 3) & 0xffff;
    r->vector = r->error_code = 0;
}

static bool canonical(uint64_t v)
{
    return (int64_t)(v << 16) >> 16 == (int64_t)v;
}

static int check(const struct vcpu_guest_context *c)
{
    if (!canonical(c->fs_base) || !canonical(c->gs_base_kernel) || !canonical(c->gs_base_user) ||
        !guest_range_ok(c->event_callback_eip, 1, 1) || !guest_range_ok(c->failsafe_callback_eip, 1, 1) ||
        !guest_range_ok(c->syscall_callback_eip, 1, 1) || c->gdt_ents > 14 * 512 || c->ldt_ents)
        return -XEN_EINVAL;
    for (unsigned int i = 0; i < 256; i++)
        if (!guest_range_ok(c->trap_ctxt[i].address, 1, 1)) return -XEN_EINVAL;
    return 0;
}

static void copy_registers(struct vcpu_state *s, const struct vcpu_guest_context *c)
{
    const struct cpu_user_regs *u = &c->user_regs;

    s->regs = (struct cpu_regs){.r15 = u->r15,
                                .r14 = u->r14,
                                .r13 = u->r13,
                                .r12 = u->r12,
                                .rbp = u->rbp,
                                .rbx = u->rbx,
                                .r11 = u->r11,
                                .r10 = u->r10,
                                .r9 = u->r9,
                                .r8 = u->r8,
                                .rax = u->rax,
                                .rcx = u->rcx,
                                .rdx = u->rdx,
                                .rsi = u->rsi,
                                .rdi = u->rdi,
                                .rip = u->rip,
                                .cs = u->cs,
                                .rflags = u->rflags,
                                .rsp = u->rsp,
                                .ss = u->ss};
    vcpu_sanitise(&s->regs);
    s->ds = u->ds;
    s->es = u->es;
    s->fs = u->fs;
    s->gs = u->gs;
    s->fs_base = c->fs_base;
    s->gs_base_kernel = c->gs_base_kernel;
    s->gs_base_user = c->gs_base_user;
    s->kernel_ss = (c->kernel_ss | 3) & 0xffff;
    s->kernel_sp = c->kernel_sp;
    s->event_callback = c->event_callback_eip;
    s->failsafe_callback = c->failsafe_callback_eip;
    s->syscall_callback = c->syscall_callback_eip;
    for (unsigned int i = 0; i < 256; i++)
        s->traps[i] = (struct trap_entry){c->trap_ctxt[i].address, c->trap_ctxt[i].cs, c->trap_ctxt[i].flags};
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct domain *d = v->domain;
    struct allowance a = {ALLOWANCE_TABLES};
    uint64_t frames[14] = {0};
    int rc = check(c);

    if (rc) return rc;
    memcpy(frames, c->gdt_frames, (c->gdt_ents + 511) / 512 * 8);
    spin_lock(&d->mm.lock);
    rc = table_drain(d, &a) ? mmuext_new_base(v, c->ctrlreg[3] >> PAGE_SHIFT, false, &a) : -XEN_EAGAIN;
    if (!rc && c->ctrlreg[1]) rc = mmuext_new_base(v, c->ctrlreg[1] >> PAGE_SHIFT, true, &a);
    if (!rc) rc = desc_set_gdt(v, frames, (unsigned int)c->gdt_ents);
    if (rc && rc != -XEN_EAGAIN && v->kernel_l4 != INVALID_MFN) {
        table_put(d, v->kernel_l4);
        v->kernel_l4 = INVALID_MFN;
    }
    spin_unlock(&d->mm.lock);
    if (rc) return rc == -XEN_EAGAIN ? rc : mm_guest_error(rc);
    v->guest_kernel = 1;
    copy_registers(v->state, c);
    fpu_reset(v);
    return 0;
}
