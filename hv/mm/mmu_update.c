/* SPDX-License-Identifier: MIT */
/* mmu_update and update_va_mapping (xen/xen.h): batches of page-table writes. */
#include "hypercall/handler.h"
#include "mm/entry.h"
#include "mm/walk.h"
#include "mm/paging.h"
#include "mm/tlb.h"
#include "mm/mmuext.h"

#define BATCH 16

/* Only own tables and own frames; the control domain may say DOMID_IO for device frames. */
static int check_foreign(struct domain *d, uint64_t foreign)
{
    uint32_t pg_owner = foreign & 0xffff, pt_owner = (foreign >> 16) & 0xffff;

    if (pt_owner && pt_owner - 1 != d->domid) return -XEN_EPERM;
    if (pg_owner == DOMID_SELF || pg_owner == d->domid || (pg_owner == DOMID_IO && d->is_control)) return 0;
    return -XEN_EPERM;
}

/* A frame that is no table now: an ordinary write, as if through a writable mapping. */
static int write_plain(struct domain *d, mfn_t mfn, uint64_t ptr, uint64_t val)
{
    int rc = frame_get_type(d, mfn, FT_WRITABLE);

    if (rc) return rc;
    if (frame_of(mfn)->flags & FF_ALLOC)
        WRITE_ONCE(((uint64_t *)own_frame(mfn))[(ptr & ~PAGE_MASK) / 8], val);
    else
        rc = -XEN_EINVAL;
    frame_put_type(d, mfn);
    return rc;
}

static int update_entry(struct domain *d, uint64_t ptr, uint64_t val, bool preserve, struct allowance *a)
{
    mfn_t mfn = ptr >> PAGE_SHIFT;

    if (!mfn_valid(mfn)) return -XEN_EINVAL;
    struct frame *f = frame_of(mfn);
    if (f->owner != d->domid || !(f->flags & FF_ALLOC)) return -XEN_EPERM;
    if (frame_is_table(f) && f->progress == 512) return pte_commit(d, mfn, (ptr & ~PAGE_MASK) / 8, val, preserve, a);
    return write_plain(d, mfn, ptr, val);
}

static int update_normal(struct domain *d, uint64_t ptr, uint64_t val, struct allowance *a)
{
    return ptr & 4 ? -XEN_EINVAL : update_entry(d, ptr, val, false, a);
}

static int update_preserve_ad(struct domain *d, uint64_t ptr, uint64_t val, struct allowance *a)
{
    return ptr & 4 ? -XEN_EINVAL : update_entry(d, ptr, val, true, a);
}

static int update_machphys(struct domain *d, uint64_t ptr, uint64_t val, struct allowance *a)
{
    mfn_t mfn = ptr >> PAGE_SHIFT;

    if (!mfn_valid(mfn) || frame_of(mfn)->owner != d->domid || !(frame_of(mfn)->flags & FF_ALLOC)) return -XEN_EINVAL;
    set_m2p(mfn, val);
    return 0;
}

static const struct {
    int (*fn)(struct domain *d, uint64_t ptr, uint64_t val, struct allowance *a);
    enum operation op;
} kinds[] = {MMU_UPDATE_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

static int update_one(struct domain *d, const struct mmu_update *u, struct allowance *a)
{
    unsigned int kind = u->ptr & 3;

    if (kind >= ARRAY_SIZE(kinds) || !kinds[kind].fn) return -XEN_ENOSYS;
    int rc = ask_first(kinds[kind].op, u->ptr);
    return rc ? rc : kinds[kind].fn(d, u->ptr & ~3ul, u->val, a);
}

int mm_guest_error(int rc)
{
    return rc == -XEN_EBUSY ? -XEN_EINVAL : rc;
}

/* The caller's count may carry MMU_UPDATE_PREEMPTED from a restart; `done` counts what earlier rounds did. */
long do_mmu_update(uint64_t ureqs, uint64_t count, uint64_t pdone, uint64_t foreign, uint64_t done_before)
{
    struct domain *d = current->domain;
    struct mmu_update batch[BATCH];
    struct allowance a = {ALLOWANCE_TABLES};
    uint32_t todo = (uint32_t)count & ~MMU_UPDATE_PREEMPTED;
    uint32_t before = (uint32_t)count & MMU_UPDATE_PREEMPTED ? (uint32_t)done_before : 0, i = 0;
    int rc = check_foreign(d, foreign);

    if (!rc && !guest_range_ok(ureqs, todo, sizeof(batch[0]))) rc = -XEN_EFAULT;
    if (rc) todo = 0;
    spin_lock(&d->mm.lock);
    bool again = !table_drain(d, &a);
    for (; i < todo && !rc && !again; i++) {
        if (i % BATCH == 0) {
            again = i && hypercall_preempt();
            if (again) break;
            rc =
                copy_from_guest(batch, ureqs + i * sizeof(batch[0]), MIN(todo - i, (uint32_t)BATCH) * sizeof(batch[0]));
            if (rc) break;
        }
        rc = update_one(d, &batch[i % BATCH], &a);
        if (rc) break;
        again = d->mm.release_head != FRAME_NONE && !table_drain(d, &a);
    }
    if (rc == -XEN_EAGAIN)
        again = true;
    else if (!again && d->mm.release_head != FRAME_NONE)
        again = !table_drain(d, &a);
    spin_unlock(&d->mm.lock);
    if (again && (i < todo || !rc))
        return hypercall_again(ureqs + i * sizeof(batch[0]), (todo - i) | MMU_UPDATE_PREEMPTED, pdone, foreign,
                               before + i);
    if (pdone) {
        uint32_t total = before + i;
        if (copy_to_guest(pdone, &total, sizeof(total)) && !rc) rc = -XEN_EFAULT;
    }
    return mm_guest_error(rc);
}

static int flush_after_va_update(struct domain *d, uint64_t va, uint64_t flags)
{
    uint64_t target = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK, type = flags & UVMF_FLUSHTYPE_MASK;

    if (type == UVMF_NONE) return 0;
    if (type == UVMF_INVLPG && target == UVMF_LOCAL) {
        if (guest_range_ok(va, 1, 1)) invlpg(va);
        return 0;
    }
    if (target == UVMF_LOCAL) {
        tlb_flush_local();
    } else if (target == UVMF_ALL) {
        tlb_flush_mask(tlb_cpus(d));
    } else {
        uint64_t vcpus;
        if (copy_from_guest(&vcpus, target, sizeof(vcpus))) return -XEN_EFAULT;
        tlb_flush_mask(vcpus_to_cpus(d, vcpus));
    }
    return 0;
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags, uint64_t a4, uint64_t a5)
{
    struct domain *d = current->domain;
    struct allowance a = {ALLOWANCE_TABLES};
    mfn_t table;
    unsigned int index;

    spin_lock(&d->mm.lock);
    if (d->mm.release_head != FRAME_NONE && !table_drain(d, &a)) {
        spin_unlock(&d->mm.lock);
        return hypercall_again(va, val, flags, 0, 0);
    }
    int rc = walk_l1(current, va, &table, &index);
    if (!rc) rc = pte_commit(d, table, index, val, false, &a);
    spin_unlock(&d->mm.lock);
    if (rc == -XEN_EAGAIN) return hypercall_again(va, val, flags, 0, 0);
    int flushed = flush_after_va_update(d, va, flags);
    return mm_guest_error(rc ? rc : flushed);
}
