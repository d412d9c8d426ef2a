/* SPDX-License-Identifier: MIT */
/* The end of a domain, in bounded steps: stop, channels and grants, references of its vCPUs, pins, tables, then chunk
 * by chunk scrubbed and given back. */
#include "hv.h"
#include "domain/lifecycle.h"
#include "domain/build.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "sched/sched.h"
#include "event/evtchn.h"
#include "grant/grant.h"
#include "measure/measure.h"
#include "device/device.h"
#include "time/timer.h"

/* Drops what a vCPU holds. */
static void release_vcpu(struct domain *d, struct vcpu *v)
{
    if (v->kernel_l4 != INVALID_MFN) table_put(d, v->kernel_l4);
    if (v->user_l4 != INVALID_MFN) table_put(d, v->user_l4);
    v->kernel_l4 = v->user_l4 = INVALID_MFN;
    for (unsigned int i = 0; i < 16; i++) {
        if (v->gdt_frames[i]) frame_put_type(d, v->gdt_frames[i]);
        if (v->ldt_frames[i]) frame_put_type(d, v->ldt_frames[i]);
        v->gdt_frames[i] = v->ldt_frames[i] = 0;
    }
    if (v->info_mfn != INVALID_MFN) frame_put_type(d, v->info_mfn);
    v->info_mfn = INVALID_MFN;
    v->info = &d->shared_info->vcpu_info[v->id];
    v->initialised = 0;
}

/* Unpins and queues every table of one chunk. */
static void unpin_chunk(struct domain *d, uint32_t chunk)
{
    for (mfn_t m = (mfn_t)chunk * CHUNK_FRAMES; m < ((mfn_t)chunk + 1) * CHUNK_FRAMES; m++) {
        struct frame *f = frame_of(m);
        if (f->flags & FF_PINNED) {
            f->flags &= (uint8_t)~FF_PINNED;
            table_put(d, m);
        } else if (frame_is_table(f) && !f->typeref) {
            table_queue_release(d, m);
        }
    }
}

/* Once for each vCPU, once for each chunk, then the queue: each step does one chunk or one allowance of tables. */
static int release_tables(struct domain *d)
{
    struct allowance a = {ALLOWANCE_TABLES};
    bool done = false;

    spin_lock(&d->mm.lock);
    if (d->mm.teardown == TEARDOWN_NONE) {
        for (unsigned int i = 0; i < d->nr_vcpus; i++)
            release_vcpu(d, d->vcpu[i]);
        d->mm.teardown_chunk = d->mm.first_chunk;
        d->mm.teardown = TEARDOWN_UNPIN;
    } else if (d->mm.teardown == TEARDOWN_UNPIN && d->mm.teardown_chunk != CHUNK_NONE) {
        unpin_chunk(d, d->mm.teardown_chunk);
        d->mm.teardown_chunk = chunk_info[d->mm.teardown_chunk].next;
    } else {
        done = table_drain(d, &a);
        if (done) d->mm.teardown = TEARDOWN_TABLES_DONE;
    }
    spin_unlock(&d->mm.lock);
    return done ? 0 : -XEN_EAGAIN;
}

static bool chunk_in_use(uint32_t chunk)
{
    for (mfn_t m = (mfn_t)chunk * CHUNK_FRAMES; m < ((mfn_t)chunk + 1) * CHUNK_FRAMES; m++)
        if (frame_of(m)->ref) return true;
    return false;
}

/* Looks at one chunk. Without references: scrubbed, then anyone's. Else it is put by until all have been looked at. */
static int release_one_chunk(struct domain *d)
{
    uint32_t c = d->mm.first_chunk;

    if (c == CHUNK_NONE) {
        d->mm.first_chunk = d->mm.busy_chunk;
        d->mm.busy_chunk = CHUNK_NONE;
        return d->mm.first_chunk == CHUNK_NONE ? 0 : -XEN_EBUSY;
    }
    d->mm.first_chunk = chunk_info[c].next;
    if (chunk_in_use(c)) {
        chunk_info[c].next = d->mm.busy_chunk;
        d->mm.busy_chunk = c;
        return -XEN_EAGAIN;
    }
    memset(own_frame((mfn_t)c * CHUNK_FRAMES), 0, CHUNK_SIZE);
    aspace_remove_chunk(d, c);
    d->mm.chunks--;
    chunk_release(c);
    return -XEN_EAGAIN;
}

static int in_own_aspace(struct domain *d, int (*step)(struct domain *))
{
    maddr_t previous = aspace_enter(d);
    int rc = step(d);

    aspace_leave(previous);
    return rc;
}

int domain_destroy_step(struct domain *d)
{
    int rc;

    if (d->state != BH_STATE_DYING) {
        __atomic_store_n(&d->state, BH_STATE_DYING, __ATOMIC_SEQ_CST);
        domain_pause(d);
    }
    if (!domain_is_quiet(d)) return -XEN_EAGAIN;
    if (d->build && (rc = image_free_step(d->build))) return rc;
    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        sched_vcpu_destroy(d->vcpu[i]);
    measure_domain_destroyed(d);
    evtchn_domain_destroy(d);
    if ((rc = in_own_aspace(d, release_tables)) || (rc = grant_domain_destroy(d)) ||
        (rc = in_own_aspace(d, release_one_chunk)))
        return rc;
    *frame_of(d->shared_info_mfn) = (struct frame){.owner = DOMID_HV, .next = FRAME_NONE};
    domain_delist(d);
    return 0;
}
