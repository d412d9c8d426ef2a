/* SPDX-License-Identifier: MIT */
/* XENMEM_exchange (xen/memory.h): frames for others of the domain's own chunks, that are contiguous or low enough for a
 * device. A group is the larger of an extent that is given and one that is asked for: at most 512 frames. It is
 * exchanged whole or not at all; then comes the next. What is asked for is made of frames that are given and of frames
 * that were ballooned away; where they do not suffice, the control domain gets a few chunks more, for its devices. */
#include "hypercall/handler.h"
#include <xen/memory.h>
#include "mm/reserve.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "cpu/fpu.h"
#include "domain/lifecycle.h"

#define ORDER_MAX  9u /* frames of one chunk */
#define GROUP_MAX  (1u << ORDER_MAX)
#define LOOKS_MAX  131072u /* at frames, in search of one group */
#define CHUNKS_NEW 8u
#define CMD_BITS   6u /* as MEMOP_EXTENT_SHIFT: above are the extents that a restarted call has done */

/* Flags of frames while a group is looked at, under the lock. */
#define FF_GIVEN 64u
#define FF_TAKEN 128u

struct group {
    struct domain *d;
    uint32_t n, nout;     /* frames; extents asked for */
    uint32_t at, free_at; /* how far in[] and the free list were searched */
    unsigned int order;   /* of what is asked for */
    unsigned int looks;
    mfn_t max;               /* that may be had */
    mfn_t in[GROUP_MAX];     /* frame by frame */
    mfn_t out[GROUP_MAX];    /* first frames of the extents found */
    uint64_t pfn[GROUP_MAX]; /* of those */
};

static bool usable(struct group *g, mfn_t mfn)
{
    const struct frame *f = frame_of(mfn);

    g->looks++;
    return mfn <= g->max && f->owner == g->d->domid && (f->flags == 0 || f->flags == (FF_ALLOC | FF_GIVEN));
}

/* The aligned run that a frame of d lies in, if all of it may be had. */
static bool take_around(struct group *g, mfn_t mfn, mfn_t *first)
{
    mfn_t size = 1ul << g->order, start = mfn & ~(size - 1);

    for (mfn_t m = start; m < start + size; m++)
        if (!usable(g, m)) return false;
    for (mfn_t m = start; m < start + size; m++)
        frame_of(m)->flags |= FF_TAKEN;
    *first = start;
    return true;
}

static bool find(struct group *g, mfn_t *first)
{
    for (; g->at < g->n; g->at++)
        if (take_around(g, g->in[g->at], first)) return true;
    for (; g->free_at != FRAME_NONE && g->looks < LOOKS_MAX; g->free_at = frame_of(g->free_at)->next)
        if (take_around(g, g->free_at, first)) return true;
    return false;
}

/* A chunk more. The guest's view of the M2P held "invalid" for it: those translations go. */
static bool grow(struct group *g)
{
    struct domain *d = g->d;
    uint64_t built = (d->mm.frames_max + d->nr_vcpus * STATE_FRAMES) / CHUNK_FRAMES;

    if (!d->is_control || d->mm.chunks >= built + CHUNKS_NEW || domain_add_chunk(d)) return false;
    for (unsigned int i = CHUNK_FRAMES; i-- > 0;)
        reserve_push(d, (mfn_t)d->mm.first_chunk * CHUNK_FRAMES + i);
    tlb_flush_domain(d);
    g->free_at = d->mm.free_head;
    return true;
}

static int mark_given(struct group *g, uint32_t *marked)
{
    for (; *marked < g->n; ++*marked) {
        mfn_t mfn = g->in[*marked];
        struct frame *f = frame_of(mfn);
        if (!mfn_valid(mfn) || f->owner != g->d->domid || !(f->flags & FF_ALLOC) || (f->flags & FF_GIVEN))
            return -XEN_EINVAL; /* or named twice */
        if (f->ref || f->progress || f->flags != FF_ALLOC) return -XEN_EBUSY;
        f->flags |= FF_GIVEN;
    }
    return 0;
}

/* Nothing fails from here on. */
static void commit(struct group *g)
{
    for (uint32_t i = 0; i < g->n; i++) {
        struct frame *f = frame_of(g->in[i]);
        if (f->flags & FF_TAKEN) continue;
        f->flags = FF_ALLOC;
        reserve_give(g->d, g->in[i]);
    }
    for (uint32_t i = 0; i < g->nout; i++)
        for (uint64_t k = 0; k < 1ul << g->order; k++) {
            struct frame *f = frame_of(g->out[i] + k);
            if (!(f->flags & FF_ALLOC)) reserve_pull(g->d, g->out[i] + k);
            f->flags = FF_ALLOC;
            set_m2p(g->out[i] + k, g->pfn[i] + k);
        }
}

/* d's lock held. The caller's list tells what it gets before anything changes. */
static int exchange(struct group *g, gva_t out)
{
    uint32_t marked = 0, found = 0;
    bool grown = false;
    int rc = mark_given(g, &marked);

    while (!rc && found < g->nout)
        if (find(g, &g->out[found]))
            found++;
        else if (grown || !(grown = grow(g)))
            rc = -XEN_ENOMEM;
    if (!rc) rc = copy_to_guest(out, g->out, g->nout * sizeof(mfn_t));
    if (!rc) {
        commit(g);
        return 0;
    }
    for (uint32_t i = 0; i < found; i++)
        for (uint64_t k = 0; k < 1ul << g->order; k++)
            frame_of(g->out[i] + k)->flags &= (uint8_t)~FF_TAKEN;
    while (marked--)
        frame_of(g->in[marked])->flags = FF_ALLOC;
    return rc;
}

/* The group that begins with extent `done` of those that are given. */
static int exchange_group(struct group *g, const struct xen_memory_exchange *x, uint64_t done)
{
    unsigned int order = x->in.extent_order, bits = XENMEMF_get_address_bits(x->out.mem_flags);
    uint64_t first_out = (done << order) >> g->order;
    gva_t in = (gva_t)x->in.extent_start.p + done * 8, out = (gva_t)x->out.extent_start.p + first_out * 8;
    struct allowance a = {ALLOWANCE_TABLES};

    g->max = bits && bits < 52 ? ((1ul << bits) - 1) >> PAGE_SHIFT : ~0ul;
    g->at = g->looks = 0;
    if (copy_from_guest(g->in, in, (g->n >> order) * 8) || copy_from_guest(g->pfn, out, g->nout * 8))
        return -XEN_EFAULT;
    for (uint32_t i = g->n; order && i-- > 0;)
        g->in[i] = g->in[i >> order] + (i & ((1u << order) - 1));
    spin_lock(&g->d->mm.lock);
    g->free_at = g->d->mm.free_head;
    int rc = table_drain(g->d, &a) ? exchange(g, out) : -XEN_EAGAIN;
    spin_unlock(&g->d->mm.lock);
    return rc;
}

static bool is_self(const struct domain *d, domid_t domid)
{
    return domid == DOMID_SELF || domid == d->domid;
}

static bool arguments_ok(const struct domain *d, const struct xen_memory_exchange *x, uint64_t done)
{
    uint64_t in = x->in.nr_extents, out = x->out.nr_extents;
    unsigned int more = MAX(x->in.extent_order, x->out.extent_order) - x->in.extent_order;

    return is_self(d, x->in.domid) && is_self(d, x->out.domid) && x->in.extent_order <= ORDER_MAX &&
           x->out.extent_order <= ORDER_MAX && in && in < 1u << (32 - CMD_BITS) && out < 1u << (32 - CMD_BITS) &&
           in << x->in.extent_order == out << x->out.extent_order && !x->nr_exchanged && done < in &&
           !(done & ((1ul << more) - 1)) && guest_range_ok((gva_t)x->in.extent_start.p, in, 8) &&
           guest_range_ok((gva_t)x->out.extent_start.p, out, 8);
}

long exchange_op(enum operation op, uint64_t cmd, uint64_t arg)
{
    struct domain *d = current->domain;
    struct xen_memory_exchange x;
    uint64_t done = (uint32_t)cmd >> CMD_BITS, frames = 0;
    long rc = 0;

    if (copy_from_guest(&x, arg, sizeof(x))) return -XEN_EFAULT;
    if (!arguments_ok(d, &x, done)) return -XEN_EINVAL;
    struct group *g = heap_alloc(sizeof(*g));
    if (!g) return -XEN_ENOMEM;
    g->d = d;
    g->order = x.out.extent_order;
    g->n = 1u << MAX(x.in.extent_order, x.out.extent_order);
    g->nout = g->n >> g->order;
    while (done < x.in.nr_extents && frames < GROUP_MAX && !(rc = exchange_group(g, &x, done))) {
        done += g->n >> x.in.extent_order;
        frames += g->n;
    }
    wipe(g, sizeof(*g));
    heap_free(g);
    if (rc == -XEN_EAGAIN || (!rc && done < x.in.nr_extents))
        return hypercall_again((cmd & ((1u << CMD_BITS) - 1)) | done << CMD_BITS, arg, 0, 0, 0);
    x.nr_exchanged = done;
    if (copy_to_guest(arg + offsetof(struct xen_memory_exchange, nr_exchanged), &x.nr_exchanged,
                      sizeof(x.nr_exchanged)))
        return -XEN_EFAULT;
    return rc;
}
