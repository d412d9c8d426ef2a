/* SPDX-License-Identifier: MIT */
/* A domain's watchdogs (SCHEDOP_watchdog): two timers; one that is not poked in time ends the domain. */
#include "hv.h"
#include "sched/watchdog.h"
#include "sched/sched.h"
#include <xen/sched.h>

static void watchdog_fire(void *arg)
{
    struct domain *d = arg;

    printk_guest("domain %u: watchdog expired", d->domid);
    sched_end_domain(d, SHUTDOWN_watchdog);
}

void domain_watchdogs_init(struct domain *d)
{
    for (unsigned int i = 0; i < SCHED_WATCHDOGS; i++)
        timer_init(&d->sched.watchdog[i], watchdog_fire, d);
}

void domain_watchdogs_stop(struct domain *d)
{
    for (unsigned int i = 0; i < SCHED_WATCHDOGS; i++)
        timer_stop(&d->sched.watchdog[i]);
}

static long start(struct domain *d, ns_t deadline)
{
    for (unsigned int i = 0; i < SCHED_WATCHDOGS; i++) {
        uint32_t bit = 1u << i;
        if (__atomic_fetch_or(&d->sched.watchdogs, bit, __ATOMIC_SEQ_CST) & bit) continue;
        timer_set(&d->sched.watchdog[i], deadline);
        return (long)i + 1;
    }
    return -XEN_ENOSPC;
}

long watchdog_op(struct domain *d, uint32_t id, uint32_t seconds)
{
    ns_t deadline = now_ns() + seconds * 1000000000ul;

    if (id == 0) return seconds ? start(d, deadline) : -XEN_EINVAL;
    if (id > SCHED_WATCHDOGS) return -XEN_EINVAL;
    if (!(__atomic_load_n(&d->sched.watchdogs, __ATOMIC_SEQ_CST) >> (id - 1) & 1)) return -XEN_EINVAL;
    if (seconds) {
        timer_set(&d->sched.watchdog[id - 1], deadline);
    } else {
        timer_stop(&d->sched.watchdog[id - 1]);
        __atomic_fetch_and(&d->sched.watchdogs, ~(1u << (id - 1)), __ATOMIC_SEQ_CST);
    }
    return 0;
}
