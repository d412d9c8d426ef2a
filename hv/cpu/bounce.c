/* SPDX-License-Identifier: MIT */
/* The PV ABI's frames on the guest kernel's stack: rcx, r11, [error code], rip, cs, rflags, rsp, ss
 * (xen/arch-x86/xen.h, xen-x86_64.h). CS carries the interrupted event mask in its upper half and RPL 0 where
 * the guest kernel was interrupted; RFLAGS.IF shows the event mask inverted. */
#include "hv.h"
#include "cpu/bounce.h"
#include "mm/paging.h"

#define RFLAGS_CLEARED (0x100ul | 0x4000ul | 0x10000ul | 0x20000ul | 0x3000ul | 0x40000ul) /* TF NT RF VM IOPL AC */
#define RFLAGS_IF      0x200ul

void guest_mode_toggle(struct vcpu *v)
{
    v->guest_kernel ^= 1;
    __asm__ volatile("swapgs");
    mfn_t base = v->guest_kernel ? v->kernel_l4 : v->user_l4;
    if (unlikely(base == INVALID_MFN)) {
        domain_crash(v->domain, "guest user mode without a user page table");
        base = v->domain->mm.hv_l4;
    }
    load_cr3(base << PAGE_SHIFT);
}

static void bounce(gva_t handler, bool mask_events, bool has_error, uint32_t error)
{
    struct vcpu *v = current;
    struct cpu_regs *r = current_regs();
    uint64_t frame[8], cs = r->cs & 0xffff, sp = r->rsp;
    unsigned int n = 0;
    uint8_t masked = v->info->evtchn_upcall_mask;

    if (v->guest_kernel) {
        cs &= ~3ul;
    } else {
        guest_mode_toggle(v);
        sp = v->state->kernel_sp;
    }
    frame[n++] = r->rcx;
    frame[n++] = r->r11;
    if (has_error) frame[n++] = error;
    frame[n++] = r->rip;
    frame[n++] = cs | (uint64_t)masked << 32;
    frame[n++] = (r->rflags & ~(RFLAGS_IF | 0x3000ul)) | (masked ? 0 : RFLAGS_IF) | (uint64_t)v->state->iopl << 12;
    frame[n++] = r->rsp;
    frame[n++] = r->ss & 0xffff;
    sp = (sp & ~15ul) - n * 8;
    if (unlikely(copy_to_guest(sp, frame, n * 8))) {
        domain_crash(v->domain, "kernel stack at %lx cannot take a trap frame (trap from rip %lx)", sp, r->rip);
        return;
    }
    if (mask_events) v->info->evtchn_upcall_mask = 1;
    r->rip = handler;
    r->cs = FLAT_KERNEL_CS;
    r->ss = FLAT_KERNEL_SS;
    r->rsp = sp;
    r->rflags = (r->rflags & ~RFLAGS_CLEARED) | RFLAGS_IF;
    r->vector = 0; /* not by SYSRET */
}

void bounce_trap(unsigned int vector, bool has_error, uint32_t error)
{
    const struct trap_entry *t = &current->state->traps[vector];

    if (!t->address) {
        domain_crash(current->domain, "exception %u (error %x) at rip %lx without a handler", vector, error,
                     current_regs()->rip);
        return;
    }
    bounce(t->address, t->flags & 4, has_error, error);
}

void bounce_page_fault(gva_t address, uint32_t error)
{
    struct vcpu *v = current;

    v->info->arch.cr2 = address;
    bounce_trap(14, true, v->guest_kernel ? error & ~4u : error | 4);
}

void bounce_callback(gva_t address, bool mask_events)
{
    if (!address) {
        domain_crash(current->domain, "a callback is due but none is registered");
        return;
    }
    bounce(address, mask_events, false, 0);
}

/* IRET with the guest's own selectors faulted: the failsafe callback's frame has the data selectors in front. */
void bounce_failsafe(void)
{
    struct vcpu *v = current;
    struct cpu_regs *r = current_regs();
    uint16_t sel[4];

    if (!v->state->failsafe_callback) {
        domain_crash(v->domain, "IRET to %lx:%lx faulted, no failsafe callback", r->cs, r->rip);
        return;
    }
    __asm__("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
            : "=r"(sel[0]), "=r"(sel[1]), "=r"(sel[2]), "=r"(sel[3]));
    bounce(v->state->failsafe_callback, true, false, 0);
    uint64_t extra[4] = {sel[0], sel[1], sel[2], sel[3]};
    /* The ABI's frame: ds, es, fs, gs below rcx, r11. */
    r->rsp -= sizeof(extra);
    if (copy_to_guest(r->rsp, extra, sizeof(extra)))
        domain_crash(v->domain, "kernel stack at %lx cannot take a failsafe frame", r->rsp);
}
