/* SPDX-License-Identifier: MIT */
/* What a vCPU and a domain keep for the scheduler. */
#ifndef HV_SCHED_TYPES_H
#define HV_SCHED_TYPES_H

#include "types.h"
#include "time/timer.h"

struct vcpu;
struct domain;

#define SCHED_WEIGHT_DEFAULT 256u
#define SCHED_WATCHDOGS      2u

/* Where the time of a vCPU goes; state and time[] as in RUNSTATE_* of the ABI. */
struct runstate {
    uint32_t state;
    ns_t entered;
    ns_t time[4];
};

/* Under the lock of run queue `cpu`, but for the atomic ones. */
struct sched_vcpu {
    uint32_t
        running_on;   /* CPU + 1 while a CPU has it loaded, 0 else (set by sched_next, cleared by sched_vcpu_saved) */
    uint32_t cpu;     /* whose queue it belongs to; changes only under that queue's lock */
    uint32_t blocked; /* atomic: in SCHEDOP_block or poll */
    bool queued;      /* on that queue: runnable, and no CPU has it loaded */
    bool boost;       /* just woken with time in hand: before all that are not */
    bool yielded;     /* wants others to go first, once */
    bool time_fresh;  /* the guest's pvclock is written and holds: see clock.h */
    bool known;       /* between sched_vcpu_init and sched_vcpu_destroy */
    int64_t lag;      /* atomic: ns of CPU time that it is owed (share.h) */
    ns_t used;        /* atomic: ran since the last round of sharing */
    struct runstate runstate;
    struct vcpu *prev, *next; /* of the queue */
};

struct domain_sched {
    uint32_t weight, cap; /* cap: per cent of one CPU, 0 none */
    int64_t budget;       /* atomic: ns that the cap leaves in this period */
    ns_t period_end;
    uint32_t parked; /* atomic: the budget is used up, no vCPU runs until cap_timer fires */
    uint32_t vcpus;  /* known ones */
    struct timer cap_timer;
    struct domain *next;    /* all with known vCPUs, share lock */
    uint32_t shutdown_code; /* + 1, as latched by SCHEDOP_shutdown_code; 0: none */
    uint32_t watchdogs;     /* atomic mask of those in use */
    struct timer watchdog[SCHED_WATCHDOGS];
};

#endif
