/* SPDX-License-Identifier: MIT */
/* The way back to a guest, and from one vCPU to another.
 *
 * The hypervisor keeps no context of its own for a vCPU: its one stack per CPU is empty whenever a guest runs. A switch
 * copies the frame at cpu_info.guest out to the old vCPU's state (on frames of its domain), loads the new address
 * space, and copies the new one in. */
#include "hypercall/handler.h"
#include "cpu/trap.h"
#include "cpu/switch.h"
#include "cpu/bounce.h"
#include "cpu/rendezvous.h"
#include "cpu/desc.h"
#include "cpu/fpu.h"
#include "cpu/debugreg.h"
#include "cpu/io.h"
#include "mm/paging.h"
#include "monitor/policy_load.h"
#include "mm/tlb.h"
#include "sched/sched.h"
#include "event/evtchn.h"
#include <xen/callback.h>

#define MSR_FS_BASE   0xc0000100
#define MSR_GS_BASE   0xc0000101
#define MSR_KERNEL_GS 0xc0000102

void load_ds(uint16_t s);
void load_es(uint16_t s);
void load_fs(uint16_t s);
void load_gs(uint16_t s);

static void save(struct vcpu *v)
{
    struct vcpu_state *s = v->state;

    s->regs = *current_regs();
    __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                     : "=r"(s->ds), "=r"(s->es), "=r"(s->fs), "=r"(s->gs));
    s->fs_base = rdmsr(MSR_FS_BASE);
    s->gs_base_kernel = rdmsr(v->guest_kernel ? MSR_GS_BASE : MSR_KERNEL_GS);
    s->gs_base_user = rdmsr(v->guest_kernel ? MSR_KERNEL_GS : MSR_GS_BASE);
    fpu_save(v);
    debugreg_save(v);
}

static void load(struct vcpu *v)
{
    struct vcpu_state *s = v->state;

    desc_load_vcpu(v);
    *current_regs() = s->regs;
    load_ds(s->ds);
    load_es(s->es);
    load_fs(s->fs);
    load_gs(s->gs);
    wrmsr(MSR_FS_BASE, s->fs_base);
    wrmsr(v->guest_kernel ? MSR_GS_BASE : MSR_KERNEL_GS, s->gs_base_kernel);
    wrmsr(v->guest_kernel ? MSR_KERNEL_GS : MSR_GS_BASE, s->gs_base_user);
    fpu_load(v);
    debugreg_load(v);
}

/* What one domain's hypercalls left on this stack is not for the next one's. */
static void clear_stack(void)
{
    char *low = (char *)((uint64_t)this_cpu() & ~(STACK_BLOCK - 1)) + STACK_MAIN;
    char *here = __builtin_frame_address(0);

    memset(low, 0, (size_t)(here - 256 - low));
}

static void enter_aspace(struct cpu_info *c, struct vcpu *prev, struct vcpu *next)
{
    uint64_t bit = 1ul << c->cpu;

    if (domain_is_idle(next->domain)) {
        load_cr3(c->idle_cr3);
        desc_load_vcpu(next); /* none of its own: the last guest's frames leave this CPU */
    } else {
        __atomic_fetch_or(&next->domain->running_cpus, bit, __ATOMIC_SEQ_CST);
        load_cr3((next->guest_kernel ? next->kernel_l4 : next->user_l4) << PAGE_SHIFT);
    }
    if (prev->domain != next->domain && !domain_is_idle(prev->domain))
        __atomic_fetch_and(&prev->domain->running_cpus, ~bit, __ATOMIC_SEQ_CST);
}

void switch_to(struct vcpu *prev, struct vcpu *next)
{
    struct cpu_info *c = this_cpu();

    if (prev == next) return;
    if (!domain_is_idle(prev->domain)) save(prev);
    c->curr = next;
    enter_aspace(c, prev, next);
    if (prev->domain != next->domain) clear_stack();
    sched_vcpu_saved(prev);
    if (!domain_is_idle(next->domain)) {
        load(next);
        __atomic_fetch_or(&next->work, VCPU_WORK_TIME | VCPU_WORK_RUNSTATE, __ATOMIC_SEQ_CST);
    }
}

static void do_work(struct vcpu *v)
{
    uint32_t work = __atomic_exchange_n(&v->work, 0, __ATOMIC_SEQ_CST);

    if (work & VCPU_WORK_TIME) clock_update_vcpu(v);
    if (work & VCPU_WORK_RUNSTATE) sched_runstate_publish(v);
    if (work & VCPU_WORK_EVENT) evtchn_deliver(v);
}

static void idle_wait(struct cpu_info *c)
{
    if (READ_ONCE(c->need_resched)) return;
    /* STI takes effect after HLT: an interrupt in between ends the HLT. */
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

static void deliver_event(struct vcpu *v)
{
    bounce_callback(v->state->event_callback, true);
}

void guest_exit(void)
{
    struct cpu_info *c = this_cpu();

    for (;;) {
        struct vcpu *v = c->curr;
        tlb_answer();
        if (unlikely(READ_ONCE(c->need_resched))) {
            __atomic_exchange_n(&c->need_resched, 0, __ATOMIC_SEQ_CST);
            rendezvous_join();
            if (unlikely(READ_ONCE(policy_work_left))) policy_load_work();
            switch_to(v, sched_next(v));
            continue;
        }
        if (domain_is_idle(v->domain)) {
            idle_wait(c);
            continue;
        }
        if (unlikely(READ_ONCE(v->work))) {
            do_work(v);
            continue;
        }
        if (evtchn_upcall_wanted(v)) {
            deliver_event(v);
            if (READ_ONCE(c->need_resched)) continue;
        }
        return;
    }
}

void syscall_from_guest(struct cpu_regs *r)
{
    struct vcpu *v = current;

    if (likely(!v->guest_kernel)) {
        bounce_callback(v->state->syscall_callback, v->state->callback_flags >> CALLBACKTYPE_syscall & 1);
        return;
    }
    hypercall_dispatch(r);
}
