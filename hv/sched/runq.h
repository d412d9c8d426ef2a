/* SPDX-License-Identifier: MIT */
/* Run queues; between the files of this folder. */
#ifndef HV_RUNQ_H
#define HV_RUNQ_H

#include "types.h"
#include "spinlock.h"
#include "time/timer.h"
#include "sched/sched.h"
#include "sched/share.h"

struct runq {
    struct spinlock lock; /* RANK_SCHED; the scheduler never holds two */
    uint32_t cpu;
    uint32_t count;            /* atomic for readers without the lock */
    struct vcpu *first, *last; /* in order of arrival */
    struct vcpu *curr;         /* loaded on this CPU; NULL before its first sched_next() */
    struct vcpu *idle;
    int64_t best; /* hint for thieves: rank of the best that waits */
    ns_t started; /* curr's slice */
    ns_t charged; /* up to when curr's lag is settled */
    ns_t slice_end;
    struct timer slice;
} __aligned(64);

extern struct runq runqs[CPUS_MAX];
extern uint32_t sched_waiting;   /* atomic: vCPUs on all queues */
extern uint64_t sched_idle_cpus; /* atomic mask */

struct runq *runq_lock(struct vcpu *v); /* v's queue, locked */
void runq_poke(unsigned int cpu);       /* it is to call sched_next() soon */
bool sched_runnable(const struct vcpu *v);

void runstate_set(struct vcpu *v, uint32_t state, ns_t now); /* v's queue locked, or v just claimed */

/* share_round.c */
void share_init(void);
void share_round(ns_t now);                            /* no lock held; does nothing before a period is over */
void share_charge(struct vcpu *v, ns_t ran, ns_t now); /* no lock held */
void share_domain_add(struct vcpu *v);
void share_domain_remove(struct vcpu *v);
ns_t share_slice_limit(const struct domain *d, ns_t slice); /* what the cap leaves of a slice */

#endif
