/* SPDX-License-Identifier: MIT */
/* Where a vCPU's time went (RUNSTATE_* of xen/vcpu.h). */
#include "hv.h"
#include "sched/runq.h"
#include "sched/guest_area.h"
#include <xen/vcpu.h>

static void account(struct runstate *r, ns_t now)
{
    if (now > r->entered) {
        r->time[r->state] += now - r->entered;
        r->entered = now;
    }
}

void runstate_set(struct vcpu *v, uint32_t state, ns_t now)
{
    account(&v->sched.runstate, now);
    v->sched.runstate.state = state;
}

void sched_runstate_get(struct vcpu *v, struct runstate *r)
{
    struct runq *q = runq_lock(v);
    *r = v->sched.runstate;
    spin_unlock(&q->lock);
    account(r, now_ns());
}

ns_t sched_cpu_time(const struct domain *d)
{
    ns_t sum = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++) {
        struct runstate r;
        if (!d->vcpu[i] || !d->vcpu[i]->sched.known) continue;
        sched_runstate_get(d->vcpu[i], &r);
        sum += r.time[RUNSTATE_running];
    }
    return sum;
}

/* The guest's kernel reads the area without a hypercall. A guest that asked for it (vm_assist) sees the update flag in
 * state_entry_time around the change, so that its other vCPUs can read the area too. */
void sched_runstate_publish(struct vcpu *v)
{
    struct vcpu_runstate_info info = {0};
    gva_t entry_time = v->runstate_area + offsetof(struct vcpu_runstate_info, state_entry_time);

    if (!v->runstate_area) return;
    struct runstate r = v->sched.runstate; /* v runs here, so nobody changes it */
    info.state = (int)r.state;
    info.state_entry_time = r.entered;
    memcpy(info.time, r.time, sizeof(info.time));
    if (!(v->domain->vm_assist & 1ul << VMASST_TYPE_runstate_update_flag)) {
        vcpu_area_write(v, v->runstate_area, &info, sizeof(info));
        return;
    }
    uint64_t updating = info.state_entry_time | XEN_RUNSTATE_UPDATE;
    if (vcpu_area_write(v, entry_time, &updating, sizeof(updating))) return;
    info.state_entry_time = updating;
    vcpu_area_write(v, v->runstate_area, &info, sizeof(info));
    info.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    vcpu_area_write(v, entry_time, &info.state_entry_time, sizeof(info.state_entry_time));
}
