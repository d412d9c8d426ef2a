/* SPDX-License-Identifier: MIT */
/* From entry.S to the handler of each vector. */
#include "hv.h"
#include "cpu/trap.h"
#include "cpu/bounce.h"
#include "cpu/privop.h"
#include "cpu/lapic.h"
#include "cpu/io.h"
#include "cpu/setup.h"
#include "mm/ptwr.h"
#include "mm/tlb.h"
#include "device/device.h"
#include "time/timer.h"

#define TRAP_PF          14
#define PF_PRESENT_WRITE 3u
/* Exceptions that push an error code: DF TS NP SS GP PF AC CP. */
#define HAS_ERROR ((1u << 8) | (1u << 10) | (1u << 11) | (1u << 12) | (1u << 13) | (1u << 14) | (1u << 17) | (1u << 21))

struct ex_entry {
    uint64_t at, fix;
};
extern struct ex_entry _ex_table_start[], _ex_table_end[];
extern char iret_to_guest[];

static uint64_t read_cr2(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}

static void interrupt(unsigned int vector)
{
    this_cpu()->irq_count++;
    switch (vector) {
    case VECTOR_KICK:
        lapic_eoi();
        tlb_answer();
        break;
    case VECTOR_TIMER:
        lapic_eoi();
        timer_interrupt();
        break;
    case VECTOR_STOP:
        for (;;)
            __asm__ volatile("cli; hlt");
    case VECTOR_SPURIOUS:
        break;
    default:
        if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) device_interrupt(vector);
        break; /* below: a legacy PIC's spurious interrupt */
    }
}

static void debug_exception(struct cpu_regs *r)
{
    uint64_t dr6;

    __asm__ volatile("mov %%db6, %0" : "=r"(dr6));
    __asm__ volatile("mov %0, %%db6" : : "r"(0xffff0ff0ul));
    current->state->debugreg[6] = dr6;
    bounce_trap(1, false, 0);
    (void)r;
}

/* CR0.TS is only ever set because the guest asked for it. */
static void no_device(void)
{
    __asm__ volatile("clts");
    current->state->fpu_ts = false;
    bounce_trap(7, false, 0);
}

static void exception(struct cpu_regs *r, unsigned int vector)
{
    switch (vector) {
    case 1:
        debug_exception(r);
        break;
    case 2:
        while (cpus_stopping)
            __asm__ volatile("cli; hlt");
        printk_guest("NMI on CPU %u ignored", current_cpu());
        break;
    case 18:
        panic("machine check in domain %u", current->domain->domid);
    case 8:
        panic("double fault from ring 3 at rip %lx", r->rip);
    case 6:
        if (!privop_forced_cpuid(r)) bounce_trap(6, false, 0);
        break;
    case 7:
        no_device();
        break;
    case 13:
        if (!privop_emulate(r)) bounce_trap(13, true, r->error_code);
        break;
    default:
        bounce_trap(vector, HAS_ERROR >> vector & 1, r->error_code);
        break;
    }
}

void trap_from_guest(struct cpu_regs *r)
{
    unsigned int vector = r->vector;

    if (vector == TRAP_PF) {
        gva_t va = read_cr2();
        struct vcpu *v = current;
        if ((r->error_code & 0xb) == PF_PRESENT_WRITE && v->guest_kernel && ptwr_fault(v, r, va)) return;
        bounce_page_fault(va, r->error_code);
    } else if (vector < 32) {
        exception(r, vector);
    } else if (vector == 0x80) {
        if (current->state->traps[0x80].address && (current->state->traps[0x80].flags & 3) == 3)
            bounce_trap(0x80, false, 0);
        else
            bounce_trap(13, true, 0x80 * 8 + 2);
    } else {
        interrupt(vector);
    }
}

static bool fixup(struct cpu_regs *r)
{
    for (struct ex_entry *e = _ex_table_start; e < _ex_table_end; e++)
        if (e->at == r->rip) {
            r->rip = e->fix;
            return true;
        }
    return false;
}

/* The IRET to a guest faulted with the guest's registers loaded: they are in the nested frame now. The iret frame
 * itself is intact, it is above. The two areas overlap. */
static void recover_guest_regs(struct cpu_regs *nested)
{
    struct cpu_regs *g = current_regs();
    uint64_t *from = (uint64_t *)nested, *to = (uint64_t *)g;

    for (int i = (int)(offsetof(struct cpu_regs, error_code) / 8) - 1; i >= 0; i--)
        to[i] = from[i];
}

/* Returns 1 when the return to the guest failed and must be tried by another way. */
int trap_from_hv(struct cpu_regs *r)
{
    if (r->vector >= 32) {
        interrupt(r->vector);
        return 0;
    }
    if (fixup(r)) return 0;
    if (r->rip == (uint64_t)iret_to_guest) {
        recover_guest_regs(r);
        return 1;
    }
    panic("exception %u error %x at rip %lx, address %lx, rsp %lx", r->vector, r->error_code, r->rip, read_cr2(),
          r->rsp);
}

void iret_failed(struct cpu_regs *r)
{
    (void)r;
    bounce_failsafe();
}

void ist_from_hv(struct cpu_regs *r)
{
    uint64_t dr7 = 0x400;

    switch (r->vector) {
    case 1: /* a guest's single step or breakpoint that reached over SYSCALL or a copy: not ours to see */
        r->rflags &= ~0x100ul;
        __asm__ volatile("mov %0, %%db7; mov %1, %%db6" : : "r"(dr7), "r"(0xffff0ff0ul));
        return;
    case 2:
        while (cpus_stopping)
            __asm__ volatile("cli; hlt");
        return;
    case 8:
        if ((read_cr2() ^ (uint64_t)this_cpu()) < STACK_BLOCK && read_cr2() < (uint64_t)this_cpu())
            panic("stack overflow in the hypervisor at rip %lx rsp %lx", r->rip, r->rsp);
    /* fall through */
    default:
        panic("exception %u error %x in the hypervisor at rip %lx rsp %lx, address %lx", r->vector, r->error_code,
              r->rip, r->rsp, read_cr2());
    }
}
