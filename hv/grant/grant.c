/* SPDX-License-Identifier: MIT */
/* grant_table_op (xen/grant_table.h), version 1: the calls, the tables' pages, start and end. Version 2, transitive
 * grants, transfer and sub-page grants do not exist. */
#include "hypercall/handler.h"
#include "grant/grant.h"

#include "grant/grant_entry.h"
#include "grant/grant_map.h"
#include "grant/maptrack.h"
#include "mm/frame.h"

#define ACTIVE_PAGES ((GRANT_ENTRIES_PER_PAGE * sizeof(struct grant_active) + PAGE_SIZE - 1) / PAGE_SIZE)

/* One more page of entries; mm.lock is held, or d is not running yet. */
static int grow(struct domain *d)
{
    struct domain_grant *g = &d->grant;

    if (g->frames == GRANT_FRAMES_MAX) return -XEN_ENOSPC;
    struct grant_entry_v1 *table = heap_alloc_pages(1);
    struct grant_active *active = heap_alloc_pages(ACTIVE_PAGES);
    if (!table || !active) {
        heap_free_pages(table, 1);
        heap_free_pages(active, ACTIVE_PAGES);
        return -XEN_ENOMEM;
    }
    struct frame *f = frame_of(heap_mfn(table));
    *f = (struct frame){.owner = (uint16_t)d->domid, .flags = FF_SHARED, .next = FRAME_NONE};
    g->table[g->frames] = table;
    g->active[g->frames++] = active;
    return 0;
}

int grant_domain_init(struct domain *d)
{
    d->grant = (struct domain_grant){.map_free = MAPTRACK_NONE};
    return grow(d);
}

void grant_preset(struct domain *d, uint32_t ref, uint16_t domid, mfn_t mfn)
{
    ASSERT(ref < GNTTAB_NR_RESERVED_ENTRIES && d->grant.frames && mfn <= UINT32_MAX);
    d->grant.table[0][ref] =
        (struct grant_entry_v1){.flags = GTF_permit_access, .domid = domid, .frame = (uint32_t)mfn};
}

bool grant_frame_is_shared(struct domain *d, mfn_t mfn)
{
    for (uint32_t i = 0; i < d->grant.frames; i++)
        if (heap_mfn(d->grant.table[i]) == mfn) return true;
    return false;
}

static bool in_use(const struct domain_grant *g)
{
    if (g->pins) return true;
    for (uint32_t i = 0; i < g->frames; i++)
        if (frame_of(heap_mfn(g->table[i]))->ref) return true;
    return false;
}

int grant_domain_destroy(struct domain *d)
{
    struct domain_grant *g = &d->grant;

    if (!grant_map_drop(d)) return -XEN_EAGAIN;
    spin_lock(&d->mm.lock);
    bool busy = in_use(g);
    if (!busy) {
        maptrack_destroy(g);
        while (g->frames) {
            uint32_t i = --g->frames;
            *frame_of(heap_mfn(g->table[i])) = (struct frame){.owner = DOMID_HV, .next = FRAME_NONE};
            heap_free_pages(g->table[i], 1);
            heap_free_pages(g->active[i], ACTIVE_PAGES);
        }
    }
    spin_unlock(&d->mm.lock);
    return busy ? -XEN_EBUSY : 0;
}

static bool is_self(const struct domain *d, domid_t domid)
{
    return domid == DOMID_SELF || domid == d->domid;
}

static int16_t setup_table(struct domain *d, uint32_t nr_frames)
{
    int16_t status = GNTST_okay;

    if (nr_frames > GRANT_FRAMES_MAX) return GNTST_general_error;
    spin_lock(&d->mm.lock);
    while (!status && d->grant.frames < nr_frames)
        status = grow(d) ? GNTST_general_error : GNTST_okay;
    spin_unlock(&d->mm.lock);
    return status;
}

static long op_setup_table(enum operation row, gva_t arg, uint64_t count)
{
    struct gnttab_setup_table op;
    struct domain *d = current->domain;

    if (count != 1) return -XEN_EINVAL;
    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (!is_self(d, op.dom) || monitor_within(d, POLICY_LIMIT_GRANTS, op.nr_frames))
        op.status = GNTST_permission_denied;
    else
        op.status = setup_table(d, op.nr_frames);
    gva_t list = (gva_t)op.frame_list.p;
    for (uint32_t i = 0; !op.status && i < op.nr_frames; i++) {
        xen_pfn_t mfn = heap_mfn(d->grant.table[i]);
        if (!guest_range_ok(list, op.nr_frames, sizeof(mfn)) ||
            copy_to_guest(list + i * sizeof(mfn), &mfn, sizeof(mfn)))
            return -XEN_EFAULT;
    }
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

static long op_query_size(enum operation row, gva_t arg, uint64_t count)
{
    struct gnttab_query_size op;
    struct domain *d = current->domain;

    if (count != 1) return -XEN_EINVAL;
    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    op.status = GNTST_permission_denied;
    if (is_self(d, op.dom)) {
        op.nr_frames = READ_ONCE(d->grant.frames);
        uint32_t ceiling = monitor_ceiling(d, POLICY_LIMIT_GRANTS);
        op.max_nr_frames = ceiling ? MIN(ceiling, GRANT_FRAMES_MAX) : GRANT_FRAMES_MAX;
        op.status = GNTST_okay;
    }
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

static long op_set_version(enum operation row, gva_t arg, uint64_t count)
{
    struct gnttab_set_version op;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    int rc = op.version == 1 ? 0 : -XEN_EINVAL;
    op.version = 1; /* in force, whatever was asked */
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : rc;
}

static long op_get_version(enum operation row, gva_t arg, uint64_t count)
{
    struct gnttab_get_version op;
    struct domain *d = current->domain;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (!is_self(d, op.dom)) return -XEN_EPERM;
    op.version = 1;
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

union element {
    struct gnttab_map_grant_ref map;
    struct gnttab_unmap_grant_ref unmap;
    struct gnttab_unmap_and_replace replace;
    struct gnttab_copy copy;
};

/* By row: size of an element, and what is done with one; its status comes back. */
struct batch {
    uint32_t cmd;
    uint32_t size;
};

static const struct batch *batch_of(enum operation op)
{
    static const struct batch map = {GNTTABOP_map_grant_ref, sizeof(struct gnttab_map_grant_ref)},
                              unmap = {GNTTABOP_unmap_grant_ref, sizeof(struct gnttab_unmap_grant_ref)},
                              replace = {GNTTABOP_unmap_and_replace, sizeof(struct gnttab_unmap_and_replace)},
                              copy = {GNTTABOP_copy, sizeof(struct gnttab_copy)};

    return op == OP_GNTTABOP_map_grant_ref       ? &map
           : op == OP_GNTTABOP_unmap_grant_ref   ? &unmap
           : op == OP_GNTTABOP_unmap_and_replace ? &replace
                                                 : &copy;
}

static int16_t do_element(struct domain *d, enum operation op, union element *e)
{
    switch (op) {
    case OP_GNTTABOP_map_grant_ref:
        grant_map(d, &e->map);
        return e->map.status;
    case OP_GNTTABOP_unmap_grant_ref:
        grant_unmap(d, &e->unmap);
        return e->unmap.status;
    case OP_GNTTABOP_unmap_and_replace:
        grant_unmap_and_replace(d, &e->replace);
        return e->replace.status;
    default:
        grant_copy(d, &e->copy);
        return e->copy.status;
    }
}

/* Batches are restarted with what is left of them. */
static long op_batch(enum operation op, gva_t arg, uint64_t count)
{
    const struct batch *b = batch_of(op);
    union element e;

    if (!guest_range_ok(arg, count, b->size)) return -XEN_EFAULT;
    for (uint64_t i = 0; i < count; i++) {
        if (i && hypercall_preempt()) return hypercall_again(b->cmd, arg + i * b->size, count - i, 0, 0);
        if (copy_from_guest(&e, arg + i * b->size, b->size)) return -XEN_EFAULT;
        int rc = ask_first(op, i);
        if (rc) return rc;
        ask_done(op, do_element(current->domain, op, &e));
        if (copy_to_guest(arg + i * b->size, &e, b->size)) return -XEN_EFAULT;
    }
    return 0;
}

static const struct {
    long (*fn)(enum operation op, gva_t arg, uint64_t count);
    enum operation op;
} ops[] = {GRANT_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_grant_table_op(uint64_t cmd, uint64_t arg, uint64_t count, uint64_t a4, uint64_t a5)
{
    if ((uint32_t)count != count || (int32_t)count < 0) return -XEN_EINVAL;
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[cmd].op, count);
    return rc ? rc : ops[cmd].fn(ops[cmd].op, arg, count);
}
