/* SPDX-License-Identifier: MIT */
/* A vCPU's struct vcpu_info: at first its slot in shared_info, then where the guest registers it. */
#include "hv.h"
#include "sched/vcpu_info.h"
#include "sched/sched.h"
#include "event/evtchn.h"
#include "mm/frame.h"
#include <xen/vcpu.h>

/* The frame is taken as writable, so it can become no table while the hypervisor writes there. Only v itself writes to
 * its info otherwise, so v has to be current or down while the pointer moves. */
long vcpu_info_register(struct vcpu *v, const struct vcpu_register_vcpu_info *op)
{
    struct domain *d = v->domain;

    if (op->offset > PAGE_SIZE - sizeof(struct vcpu_info) || op->offset % sizeof(uint64_t)) return -XEN_EINVAL;
    if (v != current && (__atomic_load_n(&v->online, __ATOMIC_SEQ_CST) || v->sched.running_on)) return -XEN_EINVAL;
    spin_lock(&d->mm.lock);
    long rc = v->info_mfn != INVALID_MFN ? -XEN_EINVAL : frame_get_type(d, op->mfn, FT_WRITABLE);
    /* A shared page of the hypervisor's heap, which d may map, is not in d's direct map. */
    if (!rc && !(frame_of(op->mfn)->flags & FF_ALLOC)) {
        frame_put_type(d, op->mfn);
        rc = -XEN_EINVAL;
    }
    if (!rc) {
        struct vcpu_info *info = (struct vcpu_info *)((char *)own_frame(op->mfn) + op->offset);
        memcpy(info, v->info, sizeof(*info));
        v->info_mfn = op->mfn;
        WRITE_ONCE(v->info, info);
    }
    spin_unlock(&d->mm.lock);
    if (!rc) {
        evtchn_all_pending(v); /* nothing may get lost in the move */
        v->sched.time_fresh = false;
        __atomic_fetch_or(&v->work, VCPU_WORK_TIME, __ATOMIC_SEQ_CST);
    }
    return rc;
}
