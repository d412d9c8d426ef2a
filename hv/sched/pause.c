/* SPDX-License-Identifier: MIT */
/* Pausing a domain: a count, and a wait that its caller does by restarting. */
#include "sched/sched.h"
#include "domain/domain.h"
#include "console.h"

static void all_changed(struct domain *d)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        if (d->vcpu[i] && d->vcpu[i]->sched.known) sched_vcpu_state_changed(d->vcpu[i]);
}

void domain_pause(struct domain *d)
{
    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    all_changed(d);
}

void domain_unpause(struct domain *d)
{
    uint32_t was = __atomic_fetch_sub(&d->pause_count, 1, __ATOMIC_SEQ_CST);

    ASSERT(was > 0);
    if (was == 1) all_changed(d);
}

bool domain_is_quiet(const struct domain *d)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        if (d->vcpu[i] && __atomic_load_n(&d->vcpu[i]->sched.running_on, __ATOMIC_SEQ_CST)) return false;
    return true;
}
