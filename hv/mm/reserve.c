/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/reserve.h"
#include "mm/frame.h"
#include "mm/paging.h"
#include "mm/table.h"

/* The free list is linked both ways: `stamp`, which says nothing while a frame has no type, is the way back. */
void reserve_push(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    f->flags = 0;
    f->next = d->mm.free_head;
    f->stamp = FRAME_NONE;
    if (f->next != FRAME_NONE) frame_of(f->next)->stamp = (uint32_t)mfn;
    d->mm.free_head = (uint32_t)mfn;
    d->mm.free_count++;
}

void reserve_pull(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    *(f->stamp == FRAME_NONE ? &d->mm.free_head : &frame_of(f->stamp)->next) = f->next;
    if (f->next != FRAME_NONE) frame_of(f->next)->stamp = f->stamp;
    f->next = FRAME_NONE;
    f->flags = FF_ALLOC;
    d->mm.free_count--;
    d->mm.frames++;
}

int reserve_take(struct domain *d, uint64_t pfn, mfn_t *mfn)
{
    uint32_t m = d->mm.free_head;

    if (m == FRAME_NONE || d->mm.frames >= d->mm.frames_max) return -XEN_ENOMEM;
    reserve_pull(d, m);
    set_m2p(m, pfn);
    *mfn = m;
    return 0;
}

int reserve_give(struct domain *d, mfn_t mfn)
{
    if (!mfn_valid(mfn)) return -XEN_EINVAL;
    struct frame *f = frame_of(mfn);
    if (f->owner != d->domid || !(f->flags & FF_ALLOC)) return -XEN_EINVAL;
    if (f->ref || (f->flags & (FF_PINNED | FF_QUEUED))) return -XEN_EBUSY;
    frame_retype(d, f, mfn, FT_NONE);
    if (f->flags & FF_QUEUED) return -XEN_EBUSY;
    memset(own_frame(mfn), 0, PAGE_SIZE);
    set_m2p(mfn, INVALID_M2P);
    reserve_push(d, mfn);
    d->mm.frames--;
    return 0;
}
