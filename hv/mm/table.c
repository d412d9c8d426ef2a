/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/table.h"
#include "mm/entry.h"
#include "mm/pte.h"
#include "mm/layout.h"

static bool is_hv_slot(unsigned int level, unsigned int i)
{
    return level == 4 && i >= HV_SLOT_FIRST && i <= HV_SLOT_LAST;
}

void table_queue_release(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    if (!f->progress || (f->flags & FF_QUEUED)) return;
    f->flags |= FF_QUEUED;
    f->next = d->mm.release_head;
    d->mm.release_head = (uint32_t)mfn;
}

/* Gives back what a table without users holds. The children's own release is only queued. */
void table_release_one(struct domain *d, mfn_t mfn, struct allowance *a)
{
    struct frame *f = frame_of(mfn);
    uint64_t *t = own_frame(mfn);
    unsigned int level = f->type - FT_L1 + 1;

    a->tables--;
    while (f->progress) {
        unsigned int i = --f->progress;
        if (!is_hv_slot(level, i) && (t[i] & PTE_P)) entry_put(d, level, t[i]);
    }
    if (level == 4) memset(&t[HV_SLOT_FIRST], 0, (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * 8);
}

bool table_drain(struct domain *d, struct allowance *a)
{
    while (d->mm.release_head != FRAME_NONE) {
        if (a->tables <= 0) return false;
        mfn_t mfn = d->mm.release_head;
        struct frame *f = frame_of(mfn);
        d->mm.release_head = f->next;
        f->next = FRAME_NONE;
        f->flags &= (uint8_t)~FF_QUEUED;
        if (f->typeref == 0 && frame_is_table(f) && f->progress) table_release_one(d, mfn, a);
    }
    return true;
}

/* Takes references for entries [progress, 512). */
static int validate(struct domain *d, struct frame *f, mfn_t mfn, unsigned int level, struct allowance *a)
{
    uint64_t *t = own_frame(mfn);

    a->tables--;
    for (unsigned int i = f->progress; i < 512; i++) {
        if (is_hv_slot(level, i)) {
            t[i] = d->mm.hv_l4_slots[i - HV_SLOT_FIRST];
        } else if (t[i]) {
            uint64_t entry = t[i];
            int rc = entry_get(d, level, &entry, a);
            if (rc) return rc;
            t[i] = entry;
        }
        f->progress = (uint16_t)(i + 1);
    }
    return 0;
}

int table_get(struct domain *d, mfn_t mfn, unsigned int level, struct allowance *a)
{
    enum frame_type type = FT_L1 + level - 1;

    if (!mfn_valid(mfn)) return -XEN_EINVAL;
    struct frame *f = frame_of(mfn);
    if (f->owner != d->domid || !(f->flags & FF_ALLOC) || f->ref == UINT32_MAX) return -XEN_EINVAL;
    if (f->type != type) {
        if (f->typeref) return -XEN_EBUSY;
        frame_retype(d, f, mfn, type);
    }
    f->typeref++;
    f->ref++;
    if (f->progress == 512) return 0;
    int rc = a->tables > 0 ? validate(d, f, mfn, level, a) : -XEN_EAGAIN;
    if (rc) {
        f->typeref--;
        f->ref--;
        f->stamp = d->mm.tlb_clock;
        if (rc != -XEN_EAGAIN) table_queue_release(d, mfn);
    }
    return rc;
}

void table_put(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(mfn);

    frame_put_type(d, mfn);
    if (!f->typeref) table_queue_release(d, mfn);
}
