/* SPDX-License-Identifier: MIT */
/* Which vCPU runs where. One run queue for each CPU, work-conserving (an idle CPU takes from the others),
 * weights and per-domain caps.
 *
 * A vCPU is runnable when it is online, not blocked and its domain is not paused. The scheduler only picks;
 * cpu/switch.c saves and loads. */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "types.h"

struct vcpu;
struct domain;

void sched_init(void);                    /* once, before other CPUs start */
int sched_domain_init(struct domain *d);  /* weight and cap from d->sched */
void sched_vcpu_init(struct vcpu *v);     /* not runnable yet: offline */
void sched_vcpu_destroy(struct vcpu *v);  /* it is not running and not queued any more after this */

void sched_wake(struct vcpu *v);          /* ends a block or poll, queues it if it is runnable; any context */
void sched_vcpu_state_changed(struct vcpu *v); /* online, pause count or the like changed: queue or dequeue */
/* Pauses: after domain_pause_sync no vCPU of d runs anywhere and their state is saved; not for the own domain. */
void domain_pause(struct domain *d);      /* counts; asks running vCPUs to leave */
bool domain_is_quiet(const struct domain *d); /* no CPU runs it (for restartable calls: -EAGAIN style waiting) */
void domain_unpause(struct domain *d);
int sched_set_params(struct domain *d, uint32_t weight, uint32_t cap);

/* Called by cpu/switch.c on the way back to a guest when need_resched is set. Accounts for prev, gives the
 * vCPU to run next on this CPU (maybe the same, maybe the idle vCPU), arms the slice timer. */
struct vcpu *sched_next(struct vcpu *prev);
void sched_vcpu_saved(struct vcpu *prev); /* prev's state is saved: another CPU may take it now */
ns_t sched_cpu_time(const struct domain *d);

#endif
