/* SPDX-License-Identifier: MIT */
/* Steps, for one mapper at a time:
 *   MARK   the handles that are forbidden, then (SAME) those that map a frame of a marked one. A frame counts its
 * marks. WALK   the mapper's L1 tables: entries made by a grant (PTE_GRANT) that name a frame with marks are cleared
 *   DROP   after a flush on all CPUs that may have one of them: the marked handles and their references go
 * Why nothing slips through: new mappings are refused while a mapper is `revoking` (GNTST_eagain), a guest cannot make,
 * copy or move an entry with PTE_GRANT, and a table that waits for its release keeps its entries where the walk finds
 * them. The mapper may unmap meanwhile: its entry, flush and reference go in the usual order, the mark with the handle.
 */
#include "grant/grant_revoke.h"

#include "domain/domain.h"
#include "grant/grant_map.h"
#include "grant/grant_pin.h"
#include "grant/maptrack.h"
#include "mm/access.h"
#include "mm/chunk.h"
#include "mm/entry.h"
#include "mm/frame.h"
#include "mm/pte.h"
#include "monitor/sharing.h"
#include "bulkhead.h"

#define HANDLES_PER_STEP 128u
#define WALK_PER_STEP    16384u /* entries; a look at a frame or a chunk counts as one */

static struct {
    uint32_t domid;
    enum { NONE, MARK, SAME, WALK, DROP } phase;
    uint32_t at; /* handle */
    mfn_t mfn;
    uint32_t marked;
} revoke;

static uint32_t handles(const struct domain *d)
{
    return d->grant.map_pages * MAPTRACK_PER_PAGE;
}

static bool forbidden(struct domain *d, const struct grant_map *m)
{
    return !sharing_allowed(d, m->granter, grant_map_row(m->ref, m->flags));
}

bool grant_revoke_find(struct domain *d, uint32_t *at)
{
    spin_lock(&d->mm.lock);
    uint32_t end = MIN(handles(d), *at + HANDLES_PER_STEP);
    for (; *at < end; (*at)++) {
        const struct grant_map *m = maptrack_get(&d->grant, *at);
        if (m && forbidden(d, m)) sharing_forbidden(d, m->granter, BH_CONFLICT_GRANT, m->ref);
    }
    bool all = *at >= handles(d);
    spin_unlock(&d->mm.lock);
    return all;
}

static void mark(struct domain *d, uint32_t handle)
{
    struct domain *granter;
    struct grant_map *m = grant_lock_handle(d, handle, &granter);

    if (!m) return;
    struct frame *f = frame_of(m->frame);
    if (!m->revoked && (revoke.phase == MARK ? forbidden(d, m) : f->revoked > 0)) {
        m->revoked = 1;
        f->revoked++;
        revoke.marked++;
    }
    grant_unlock(d, granter);
}

/* fn for some handles from revoke.at on; true when it was called for all. */
static bool each_handle(struct domain *d, void (*fn)(struct domain *d, uint32_t handle))
{
    uint32_t end = MIN(handles(d), revoke.at + HANDLES_PER_STEP);

    while (revoke.at < end)
        fn(d, revoke.at++);
    if (revoke.at < handles(d)) return false;
    revoke.at = 0;
    return true;
}

/* Entries looked at. The table may be in use, wait for its release, or be half validated: what counts is `progress`. */
static uint32_t walk_table(mfn_t mfn, uint32_t n)
{
    uint64_t *t = window_map(mfn);

    for (uint32_t i = 0; i < n; i++) {
        uint64_t e = READ_ONCE(t[i]);
        if ((e & (PTE_P | PTE_GRANT)) == (PTE_P | PTE_GRANT) && frame_of((e & PTE_ADDR) >> PAGE_SHIFT)->revoked)
            WRITE_ONCE(t[i], 0);
    }
    window_unmap(t);
    return n;
}

static bool walk(struct domain *d)
{
    uint32_t work = 0;

    spin_lock(&d->mm.lock);
    for (; revoke.mfn < frame_count && work < WALK_PER_STEP; work++) {
        const struct frame *f = frame_of(revoke.mfn);
        if (chunk_info[revoke.mfn / CHUNK_FRAMES].owner != d->domid) {
            revoke.mfn = ROUND_DOWN(revoke.mfn, CHUNK_FRAMES) + CHUNK_FRAMES;
            continue;
        }
        if (f->owner == d->domid && f->type == FT_L1 && f->progress) work += walk_table(revoke.mfn, f->progress);
        revoke.mfn++;
    }
    spin_unlock(&d->mm.lock);
    return revoke.mfn >= frame_count;
}

static void set_revoking(struct domain *d, bool on)
{
    spin_lock(&d->mm.lock);
    d->grant.revoking = on;
    spin_unlock(&d->mm.lock);
}

static bool done(struct domain *d)
{
    set_revoking(d, false);
    revoke.phase = NONE;
    return true;
}

bool grant_revoke_step(struct domain *d)
{
    if (revoke.phase == NONE || revoke.domid != d->domid) {
        revoke.domid = d->domid;
        revoke.phase = MARK;
        revoke.at = revoke.marked = 0;
        set_revoking(d, true);
    }
    switch (revoke.phase) {
    case MARK:
    case SAME:
        if (!each_handle(d, mark)) return false;
        if (!revoke.marked) return done(d);
        revoke.phase = revoke.phase == MARK ? SAME : WALK;
        revoke.mfn = 0;
        return false;
    case WALK:
        if (walk(d)) {
            tlb_flush_domain(d);
            revoke.phase = DROP;
        }
        return false;
    default:
        return each_handle(d, grant_drop_revoked) && done(d);
    }
}
