/* SPDX-License-Identifier: MIT */
/* Copies between two frames, each the caller's own or granted to it. */
#include "hypercall/handler.h"
#include "grant/grant_map.h"
#include "grant/grant_pin.h"

/* One end of a copy. */
struct end {
    const struct gnttab_copy_ptr *ptr;
    bool by_ref, write;
    struct domain *domain; /* whose frame; a reference is held */
    uint32_t frame;
};

/* Finds the domain and asks the monitor. */
static int16_t open_end(struct domain *d, struct end *e)
{
    bool self = e->ptr->domid == DOMID_SELF || e->ptr->domid == d->domid;

    if (!e->by_ref && !self) return GNTST_permission_denied;
    e->domain = domain_get(e->ptr->domid);
    if (!e->domain) return GNTST_bad_domain;
    if (!e->by_ref) return GNTST_okay;
    if (ask_about(e->write ? OP_GNTTABOP_copy_to : OP_GNTTABOP_copy, e->domain, e->ptr->u.ref))
        return GNTST_permission_denied;
    return GNTST_okay;
}

static int16_t pin_end(struct domain *d, struct end *e)
{
    if (e->by_ref) return grant_pin(e->domain, e->ptr->u.ref, d, e->write, 1, &e->frame);
    if (e->ptr->u.gmfn > UINT32_MAX) return GNTST_bad_page;
    e->frame = (uint32_t)e->ptr->u.gmfn;
    return grant_frame_get(e->domain, e->frame, e->write) ? GNTST_bad_page : GNTST_okay;
}

static void unpin_end(struct end *e)
{
    if (e->by_ref)
        grant_unpin(e->domain, e->ptr->u.ref, e->frame, e->write);
    else
        grant_frame_put(e->domain, e->frame, e->write);
}

/* Both locks held: nothing about the frames changes while this runs. */
static void copy_bytes(const struct end *dst, const struct end *src, size_t n)
{
    uint8_t *from = window_map(src->frame), *to = window_map(dst->frame);

    memmove(to + dst->ptr->offset, from + src->ptr->offset, n);
    window_unmap(to);
    window_unmap(from);
}

static int16_t copy_locked(struct domain *d, struct end *src, struct end *dst, size_t n)
{
    int16_t status = pin_end(d, src);

    if (status) return status;
    status = pin_end(d, dst);
    if (!status) {
        copy_bytes(dst, src, n);
        unpin_end(dst);
    }
    unpin_end(src);
    return status;
}

void grant_copy(struct domain *d, struct gnttab_copy *op)
{
    struct end src = {.ptr = &op->source, .by_ref = op->flags & GNTCOPY_source_gref};
    struct end dst = {.ptr = &op->dest, .by_ref = op->flags & GNTCOPY_dest_gref, .write = true};

    if (op->source.offset + (size_t)op->len > PAGE_SIZE || op->dest.offset + (size_t)op->len > PAGE_SIZE) {
        op->status = GNTST_bad_copy_arg;
        return;
    }
    op->status =
        src.by_ref || dst.by_ref || !ask_own(OP_GNTTABOP_copy_own, 0) ? open_end(d, &src) : GNTST_permission_denied;
    if (!op->status) op->status = open_end(d, &dst);
    if (!op->status) {
        grant_lock(src.domain, dst.domain);
        op->status = copy_locked(d, &src, &dst, op->len);
        grant_unlock(src.domain, dst.domain);
    }
    if (dst.domain) domain_put(dst.domain);
    if (src.domain) domain_put(src.domain);
}
