/* SPDX-License-Identifier: MIT */
/* Which vCPU runs where. One run queue for each CPU, work-conserving (an idle CPU takes from the others),
 * weights and per-domain caps.
 *
 * A vCPU is runnable when it is online, not blocked and its domain is neither paused nor over its cap. The scheduler
 * only picks; cpu/switch.c saves and loads. How time is shared out: share.h. */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "types.h"

struct vcpu;
struct domain;
struct runstate;

void sched_init(void);                   /* once, before other CPUs start */
int sched_domain_init(struct domain *d); /* weight and cap from d->sched */
void sched_vcpu_init(struct vcpu *v);    /* not runnable yet: offline; sets up its timers too. */
/* It is not running and not queued any more after this, and its timers are stopped. Its domain is quiet, and no lock
 * of RANK_EVENT or higher is held. */
void sched_vcpu_destroy(struct vcpu *v);

void sched_wake(struct vcpu *v); /* ends a block or poll, queues it if it is runnable; any context */
/* It has work to look at: wakes it if it is blocked, kicks the CPU that runs it if that is another one. */
void sched_notify(struct vcpu *v);
void sched_vcpu_state_changed(struct vcpu *v); /* online, pause count or the like changed: queue or dequeue */
/* Pauses: after domain_pause_sync no vCPU of d runs anywhere and their state is saved; not for the own domain. */
void domain_pause(struct domain *d);          /* counts; asks running vCPUs to leave */
bool domain_is_quiet(const struct domain *d); /* no CPU runs it (for restartable calls: -EAGAIN style waiting) */
void domain_unpause(struct domain *d);
int sched_set_params(struct domain *d, uint32_t weight, uint32_t cap); /* -EINVAL: weight 1..65535, cap..3200 */

/* Called by cpu/switch.c on the way back to a guest when need_resched is set. Accounts for prev, gives the
 * vCPU to run next on this CPU (maybe the same, maybe the idle vCPU), arms the slice timer. Clears need_resched. The
 * first call on each CPU has that CPU's idle vCPU as prev. */
struct vcpu *sched_next(struct vcpu *prev);
/* prev's state is saved: another CPU may take it now. Once after each sched_next() that gave another vCPU than prev. */
void sched_vcpu_saved(struct vcpu *prev);
ns_t sched_cpu_time(const struct domain *d);

/* v is current (VCPU_WORK_RUNSTATE): writes its runstate area, if it has one. */
void sched_runstate_publish(struct vcpu *v);
void sched_runstate_get(struct vcpu *v, struct runstate *r); /* up to now */

/* v is current: it sleeps from its return to the guest on, until sched_wake(), unless events are to be delivered. */
void sched_block(struct vcpu *v);
void sched_yield(struct vcpu *v);

/* The domain ends, by itself or by a watchdog. Of the control domain: the machine goes off or starts anew, and this
 * does not return. */
void sched_end_domain(struct domain *d, uint32_t reason);

/* v's own timers: VIRQ_TIMER, end of a poll. */
void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_stop(struct vcpu *v); /* for good */
void domain_watchdogs_init(struct domain *d);
void domain_watchdogs_stop(struct domain *d);

#endif
