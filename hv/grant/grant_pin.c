/* SPDX-License-Identifier: MIT */
#include "grant/grant_pin.h"

#include "cpu/percpu.h"
#include "domain/domain.h"
#include "mm/frame.h"

void grant_lock(struct domain *a, struct domain *b)
{
    struct domain *first = a->domid <= b->domid ? a : b, *second = first == a ? b : a;

    spin_lock(&first->mm.lock);
    if (second != first) spin_lock_nested(&second->mm.lock);
}

void grant_unlock(struct domain *a, struct domain *b)
{
    if (a != b) spin_unlock(&a->mm.lock);
    spin_unlock(&b->mm.lock);
}

/* A table that waits for the release of its entries can change its type only in its owner's address space. */
static bool needs_release(const struct domain *owner, const struct frame *f)
{
    return owner != current->domain && f->type >= FT_L1 && f->type <= FT_L4 && f->progress && !f->typeref;
}

int16_t grant_frame_get(struct domain *owner, mfn_t mfn, bool write)
{
    if (!mfn_valid(mfn)) return GNTST_general_error;
    struct frame *f = frame_of(mfn);
    if (f->owner != owner->domid || !(f->flags & FF_ALLOC) || (f->flags & (FF_STATE | FF_SHARED)))
        return GNTST_general_error;
    if (write && needs_release(owner, f)) return GNTST_general_error;
    int rc = write ? frame_get_type(owner, mfn, FT_WRITABLE) : frame_get(owner, mfn);
    return rc ? GNTST_general_error : GNTST_okay;
}

void grant_frame_put(struct domain *owner, mfn_t mfn, bool write)
{
    if (write)
        frame_put_type(owner, mfn);
    else
        frame_put(owner, mfn);
}

static struct grant_entry_v1 *entry_of(struct domain *d, uint32_t ref, struct grant_active **a)
{
    uint32_t page = ref / GRANT_ENTRIES_PER_PAGE, i = ref % GRANT_ENTRIES_PER_PAGE;

    if (page >= d->grant.frames) return NULL;
    *a = &d->grant.active[page][i];
    return &d->grant.table[page][i];
}

int16_t grant_pin(struct domain *granter, uint32_t ref, struct domain *grantee, bool write, unsigned int uses,
                  uint32_t *frame)
{
    struct grant_active *a = NULL;
    struct grant_entry_v1 *e = entry_of(granter, ref, &a);

    if (!e) return GNTST_bad_gntref;
    int16_t status = grant_entry_pin(e, a, (uint16_t)grantee->domid, write, uses, frame);
    if (status) return status;
    for (unsigned int i = 0; i < uses; i++) {
        status = grant_frame_get(granter, *frame, write);
        if (!status) continue;
        for (unsigned int k = 0; k < uses; k++) {
            if (k < i) grant_frame_put(granter, *frame, write);
            grant_entry_unpin(e, a, write);
        }
        return status;
    }
    granter->grant.pins += uses;
    return GNTST_okay;
}

void grant_unpin(struct domain *granter, uint32_t ref, uint32_t frame, bool write)
{
    struct grant_active *a = NULL;
    struct grant_entry_v1 *e = entry_of(granter, ref, &a);

    grant_frame_put(granter, frame, write);
    grant_entry_unpin(e, a, write);
    granter->grant.pins--;
}
