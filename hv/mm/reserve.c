/* SPDX-License-Identifier: MIT */
#include "types.h"
#include <xen/memory.h>
#include "mm/reserve.h"
#include "mm/access.h"
#include "mm/frame.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "hypercall/hypercall.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "lib.h"

#define ORDER_MAX 9u /* frames of one chunk */

int reserve_take(struct domain *d, uint64_t pfn, mfn_t *mfn)
{
    uint32_t m = d->mm.free_head;

    if (m == FRAME_NONE || d->mm.frames >= d->mm.frames_max)
        return -XEN_ENOMEM;
    struct frame *f = frame_of(m);
    d->mm.free_head = f->next;
    d->mm.free_count--;
    d->mm.frames++;
    f->next = FRAME_NONE;
    f->flags = FF_ALLOC;
    set_m2p(m, pfn);
    *mfn = m;
    return 0;
}

int reserve_give(struct domain *d, mfn_t mfn)
{
    if (!mfn_valid(mfn))
        return -XEN_EINVAL;
    struct frame *f = frame_of(mfn);
    if (f->owner != d->domid || !(f->flags & FF_ALLOC))
        return -XEN_EINVAL;
    if (f->ref || (f->flags & (FF_PINNED | FF_QUEUED)))
        return -XEN_EBUSY;
    frame_retype(d, f, mfn, FT_NONE);
    if (f->flags & FF_QUEUED)
        return -XEN_EBUSY;
    memset(own_frame(mfn), 0, PAGE_SIZE);
    set_m2p(mfn, INVALID_M2P);
    f->flags = 0;
    f->next = d->mm.free_head;
    d->mm.free_head = (uint32_t)mfn;
    d->mm.free_count++;
    d->mm.frames--;
    return 0;
}

static bool exchange_ok(struct domain *d, const struct xen_memory_exchange *x)
{
    uint64_t in = x->in.nr_extents, out = x->out.nr_extents;

    return (x->in.domid == DOMID_SELF || x->in.domid == d->domid) &&
           (x->out.domid == DOMID_SELF || x->out.domid == d->domid) && x->in.extent_order <= ORDER_MAX &&
           x->out.extent_order <= ORDER_MAX && (x->in.extent_order == 0 || x->out.extent_order == 0) && in <= 512 &&
           out <= 512 && in << x->in.extent_order == out << x->out.extent_order && in << x->in.extent_order <= 512 &&
           in && out && x->nr_exchanged == 0 && guest_range_ok((gva_t)x->in.extent_start.p, in, 8) &&
           guest_range_ok((gva_t)x->out.extent_start.p, out, 8);
}

/* The frames that the caller gives: one by one, or one aligned run. */
static int read_in(const struct xen_memory_exchange *x, mfn_t *frames, uint64_t n)
{
    uint64_t per = 1ul << x->in.extent_order;

    for (uint64_t i = 0; i < n; i += per) {
        uint64_t first;
        if (copy_from_guest(&first, (gva_t)x->in.extent_start.p + i / per * 8, sizeof(first)))
            return -XEN_EFAULT;
        for (uint64_t k = 0; k < per; k++)
            frames[i + k] = first + k;
    }
    return 0;
}

/* Frames on the caller's free list are the only others it may get: a run among them is looked for in one pass over a
 * chunk. Here: only the run that was given, if it is one already. */
static bool already_good(const mfn_t *frames, uint64_t n, const struct xen_memory_exchange *x)
{
    unsigned int bits = XENMEMF_get_address_bits(x->out.mem_flags);
    uint64_t align = 1ul << x->out.extent_order;

    for (uint64_t i = 0; i < n; i++) {
        if (bits && bits < 52 && (frames[i] << PAGE_SHIFT) >> bits)
            return false;
        if (i % align ? frames[i] != frames[i - 1] + 1 : frames[i] & (align - 1))
            return false;
    }
    return true;
}

static int check_owned(struct domain *d, const mfn_t *frames, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (!mfn_valid(frames[i]))
            return -XEN_EINVAL;
        struct frame *f = frame_of(frames[i]);
        if (f->owner != d->domid || !(f->flags & FF_ALLOC))
            return -XEN_EINVAL;
        if (f->ref)
            return -XEN_EBUSY;
        for (uint64_t k = 0; n <= 64 && k < i; k++)
            if (frames[k] == frames[i])
                return -XEN_EINVAL;
    }
    return 0;
}

/* Sets the new frame numbers of the run and tells the caller which frames it has. */
static int write_out(const struct xen_memory_exchange *x, const mfn_t *frames)
{
    uint64_t per = 1ul << x->out.extent_order;

    for (uint64_t i = 0; i < x->out.nr_extents; i++) {
        uint64_t pfn;
        gva_t slot = (gva_t)x->out.extent_start.p + i * 8;
        if (copy_from_guest(&pfn, slot, sizeof(pfn)) || copy_to_guest(slot, &frames[i * per], 8))
            return -XEN_EFAULT;
        for (uint64_t k = 0; k < per; k++)
            set_m2p(frames[i * per + k], pfn + k);
    }
    return 0;
}

long reserve_exchange(enum operation op, uint64_t cmd, uint64_t arg)
{
    static mfn_t lists[CPUS_MAX][512];
    mfn_t *frames = lists[current_cpu()];
    struct domain *d = current->domain;
    struct xen_memory_exchange x;
    struct allowance a = {ALLOWANCE_TABLES};

    if (copy_from_guest(&x, arg, sizeof(x)))
        return -XEN_EFAULT;
    if (!exchange_ok(d, &x))
        return -XEN_EINVAL;
    uint64_t n = x.in.nr_extents << x.in.extent_order;
    int rc = read_in(&x, frames, n);
    if (rc)
        return rc;
    spin_lock(&d->mm.lock);
    if (!table_drain(d, &a)) {
        spin_unlock(&d->mm.lock);
        return hypercall_again(XENMEM_exchange, arg, 0, 0, 0);
    }
    rc = check_owned(d, frames, n);
    if (!rc && !already_good(frames, n, &x))
        rc = -XEN_ENOMEM;
    if (!rc)
        rc = write_out(&x, frames);
    spin_unlock(&d->mm.lock);
    if (rc)
        return rc;
    x.nr_exchanged = x.in.nr_extents;
    return copy_to_guest(arg + offsetof(struct xen_memory_exchange, nr_exchanged), &x.nr_exchanged,
                         sizeof(x.nr_exchanged))
               ? -XEN_EFAULT
               : 0;
}
