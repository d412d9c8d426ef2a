/* SPDX-License-Identifier: MIT */
/* Per-CPU state, found from the stack pointer: each CPU has one aligned block of stacks whose top
 * is struct cpu_info. No segment register is used, so a guest's FS and GS need no care on entry. */
#ifndef HV_PERCPU_H
#define HV_PERCPU_H

#include "cpu/regs.h"

/* #DF, NMI, #MC, #DB: one page each, pages 1, 3, 5, 7; then the main stack. The pages between are not mapped, so an
 * overflow is a double fault. */
#define STACK_BLOCK (16 * PAGE_SIZE)
#define STACK_MAIN  (12 * PAGE_SIZE)
static inline bool is_stack_page(unsigned int i)
{
    return i >= STACK_MAIN / PAGE_SIZE || (i < 8 && (i & 1));
}

struct vcpu;
struct domain;
struct timer_queue;

struct cpu_info {
    struct cpu_regs guest;  /* where a trap from a guest lands: TSS.RSP0 is its end */
    struct vcpu *curr;      /* never NULL: an idle vCPU (domain->domid == DOMID_IDLE) else */
    uint64_t cpu;           /* 0.. in order of start */
    uint32_t need_resched;  /* ask sched_next() before going back to the guest */
    uint32_t held_ranks;    /* debug: bit per lock rank held */
    uint32_t flush_request; /* TLB flushes asked by other CPUs, a counter */
    uint32_t apic_id;
    uint64_t cr3; /* loaded now */
    uint64_t idle_cr3;
    uint64_t irq_count;
    void *tss, *gdt;
    /* Continuation of a hypercall, see hypercall/hypercall.h. */
    uint32_t hcall_again;
    uint32_t asked; /* debug: enum operation that the monitor was asked about last, hypercall/ask.h */
    uint64_t hcall_args[5];
    uint64_t window_used; /* bit per window slot */
    uint64_t slice_end;   /* scheduler's */
    uint32_t flush_done;  /* answered up to this request */
    uint32_t hcall_units; /* batches done in this hypercall */
};

static inline struct cpu_info *this_cpu(void)
{
    uint64_t sp;
    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_BLOCK - 1)) + 1 - sizeof(struct cpu_info));
}
#define current        (this_cpu()->curr)
#define current_cpu()  ((unsigned int)this_cpu()->cpu)
#define current_regs() (&this_cpu()->guest)

extern unsigned int cpus_online;
extern struct cpu_info *cpu_infos[CPUS_MAX];

void cpu_kick(unsigned int cpu); /* makes it pass through its return-to-guest path soon */
void cpus_stop(void);            /* panic, shutdown: halts all others */

#endif
