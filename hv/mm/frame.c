/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/frame.h"
#include "mm/table.h"

/* d's own RAM that the guest has, or a hypervisor page shared with it. */
static struct frame *own(struct domain *d, mfn_t mfn)
{
    if (!mfn_valid(mfn)) return NULL;
    struct frame *f = frame_of(mfn);
    return f->owner == d->domid && (f->flags & (FF_ALLOC | FF_SHARED)) ? f : NULL;
}

int frame_get(struct domain *d, mfn_t mfn)
{
    struct frame *f = own(d, mfn);

    if (!f || f->ref == UINT32_MAX) return -XEN_EINVAL;
    f->ref++;
    return 0;
}

void frame_put(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    ASSERT(f->owner == d->domid && f->ref > 0);
    f->ref--;
}

void frame_retype(struct domain *d, struct frame *f, mfn_t mfn, enum frame_type type)
{
    ASSERT(f->typeref == 0);
    if (frame_is_table(f) && f->progress) {
        struct allowance one = {1};
        table_release_one(d, mfn, &one);
    }
    if (f->type != FT_NONE && f->type != type && f->stamp == d->mm.tlb_clock) tlb_flush_domain(d);
    f->type = (uint8_t)type;
}

int frame_get_type(struct domain *d, mfn_t mfn, enum frame_type type)
{
    struct frame *f = own(d, mfn);

    if (!f || f->ref == UINT32_MAX) return -XEN_EINVAL;
    if (f->type != type) {
        if (f->typeref) return -XEN_EBUSY;
        if (f->flags & FF_SHARED && type != FT_WRITABLE) return -XEN_EINVAL;
        frame_retype(d, f, mfn, type);
    }
    f->typeref++;
    f->ref++;
    return 0;
}

void frame_put_type(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    ASSERT(f->owner == d->domid && f->typeref > 0 && f->ref > 0);
    f->ref--;
    if (--f->typeref == 0) f->stamp = d->mm.tlb_clock;
}
