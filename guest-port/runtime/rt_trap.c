/* SPDX-License-Identifier: MIT */
#include "rt.h"

#define STUBS 21 /* vectors 0 to 19, then 0x80 */

extern const uint64_t rt_trap_stubs[STUBS];
extern char rt_entry_event[], rt_entry_failsafe[], rt_entry_syscall[];

static rt_trap_handler handlers[RT_VECTORS];

/* Flag bits of a trap_info row: 0-1 the privilege that may raise it by INT, 2 mask events on entry. */
static unsigned char row_flags(unsigned vector)
{
    return vector == RT_BP || vector == RT_OF || vector == RT_SOFT ? 3 : 0;
}

void rt_trap_init(void)
{
    struct trap_info table[STUBS + 1];
    long ret;

    memset(table, 0, sizeof(table));
    for (unsigned i = 0; i < STUBS; i++) {
        table[i].vector = i < 20 ? i : RT_SOFT;
        table[i].flags = row_flags(table[i].vector);
        table[i].cs = RT_CS_USER;
        table[i].address = rt_trap_stubs[i];
    }
    ret = rt_set_trap_table(table);
    if (ret) rt_panic("set_trap_table: %ld", ret);
    ret = rt_set_callbacks((unsigned long)rt_entry_event, (unsigned long)rt_entry_failsafe,
                           (unsigned long)rt_entry_syscall);
    if (ret) rt_panic("set_callbacks: %ld", ret);
}

rt_trap_handler rt_trap_set(unsigned vector, rt_trap_handler handler)
{
    rt_trap_handler before = handlers[vector];

    handlers[vector] = handler;
    return before;
}

struct rt_mark *rt_trap_arm(struct rt_fault *fault)
{
    struct rt_cpu *cpu = rt_cpu_self();

    memset(fault, 0, sizeof(*fault));
    fault->vector = -1;
    cpu->fault = fault;
    rt_barrier();
    return &cpu->mark;
}

void rt_trap_disarm(void)
{
    rt_barrier();
    rt_cpu_self()->fault = NULL;
}

static void resume_at_mark(struct rt_regs *regs, struct rt_cpu *cpu)
{
    const struct rt_mark *m = &cpu->mark;
    struct rt_fault *f = cpu->fault;

    f->vector = (int)regs->vector;
    f->error = regs->error;
    f->rip = regs->rip;
    f->address = rt_shared_info->vcpu_info[rt_cpu_id()].arch.cr2;
    f->regs = *regs;
    cpu->fault = NULL;
    regs->rbx = m->rbx;
    regs->rbp = m->rbp;
    regs->r12 = m->r12;
    regs->r13 = m->r13;
    regs->r14 = m->r14;
    regs->r15 = m->r15;
    regs->rsp = m->rsp;
    regs->rip = m->rip;
    regs->rax = 1;
    regs->cs = RT_CS_KERNEL;
    regs->ss = RT_SS;
    regs->rflags = (regs->rflags & RT_IF) | 2;
}

static void give_up(const struct rt_regs *r)
{
    rt_printf("trap %#lx error %#lx at %04lx:%016lx, sp %016lx, flags %lx, cr2 %lx\n", r->vector, r->error, r->cs,
              r->rip, r->rsp, r->rflags, rt_shared_info->vcpu_info[rt_cpu_id()].arch.cr2);
    rt_printf("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx r8 %lx r9 %lx\n", r->rax, r->rbx, r->rcx, r->rdx, r->rsi,
              r->rdi, r->r8, r->r9);
    rt_panic("unexpected trap %#lx at %lx", r->vector, r->rip);
}

void rt_trap_dispatch(struct rt_regs *regs)
{
    struct rt_cpu *cpu = rt_cpu_self();

    if (regs->vector == RT_EVENT && !handlers[RT_EVENT]) {
        rt_event_dispatch();
        return;
    }
    if (handlers[regs->vector] && handlers[regs->vector](regs)) return;
    if (!cpu->fault) give_up(regs);
    resume_at_mark(regs, cpu);
}
