/* SPDX-License-Identifier: MIT */
/* mmuext_op (xen/xen.h): pins, base pointers, flushes, LDT. */
#include "hypercall/handler.h"
#include "mm/mmuext.h"
#include "mm/entry.h"
#include "mm/paging.h"
#include "mm/tlb.h"
#include "cpu/desc.h"

uint64_t vcpus_to_cpus(struct domain *d, uint64_t vcpus)
{
    uint64_t cpus = 0;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* as in tlb_cpus() */
    for (unsigned int i = 0; i < d->nr_vcpus; i++) {
        uint32_t on = READ_ONCE(d->vcpu[i]->sched.running_on);
        if ((vcpus >> i & 1) && on) cpus |= 1ul << (on - 1);
    }
    return cpus;
}

static int pin(struct domain *d, mfn_t mfn, unsigned int level, struct allowance *a)
{
    int rc = table_get(d, mfn, level, a);

    if (rc) return rc;
    if (frame_of(mfn)->flags & FF_PINNED) {
        table_put(d, mfn);
        return -XEN_EINVAL;
    }
    frame_of(mfn)->flags |= FF_PINNED;
    return 0;
}

static int unpin(struct domain *d, mfn_t mfn)
{
    if (!mfn_valid(mfn) || frame_of(mfn)->owner != d->domid || !(frame_of(mfn)->flags & FF_PINNED)) return -XEN_EINVAL;
    frame_of(mfn)->flags &= (uint8_t)~FF_PINNED;
    table_put(d, mfn);
    return 0;
}

int mmuext_new_base(struct vcpu *v, mfn_t mfn, bool user, struct allowance *a)
{
    mfn_t *slot = user ? &v->user_l4 : &v->kernel_l4, old = *slot;

    if (user && mfn == 0) {
        mfn = INVALID_MFN;
    } else {
        int rc = table_get(v->domain, mfn, 4, a);
        if (rc) return rc;
    }
    *slot = mfn;
    if (v == current && !user) load_cr3(mfn << PAGE_SHIFT);
    if (old != INVALID_MFN) table_put(v->domain, old);
    return 0;
}

static int clear_or_copy(struct domain *d, const struct mmuext_op *op)
{
    mfn_t mfn = op->arg1.mfn, src = op->arg2.src_mfn;
    int rc = frame_get_type(d, mfn, FT_WRITABLE);

    if (rc) return rc;
    if (!(frame_of(mfn)->flags & FF_ALLOC)) {
        rc = -XEN_EINVAL;
    } else if (op->cmd == MMUEXT_CLEAR_PAGE) {
        memset(own_frame(mfn), 0, PAGE_SIZE);
    } else if (!(rc = frame_get(d, src))) {
        if (frame_of(src)->flags & FF_ALLOC)
            memcpy(own_frame(mfn), own_frame(src), PAGE_SIZE);
        else
            rc = -XEN_EINVAL;
        frame_put(d, src);
    }
    frame_put_type(d, mfn);
    return rc;
}

static int flush_op(struct domain *d, const struct mmuext_op *op, struct allowance *a, bool *drained)
{
    uint64_t vcpus, all = tlb_cpus(d);

    switch (op->cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL:
        tlb_flush_local();
        return 0;
    case MMUEXT_INVLPG_LOCAL:
        if (guest_range_ok(op->arg1.linear_addr, 1, 1)) invlpg(op->arg1.linear_addr);
        return 0;
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL:
        tlb_flush_mask(all);
        return 0;
    default:
        if (copy_from_guest(&vcpus, (gva_t)op->arg2.vcpumask.p, sizeof(vcpus))) return -XEN_EFAULT;
        tlb_flush_mask(vcpus_to_cpus(d, vcpus));
        return 0;
    }
}

static int table_op(struct domain *d, const struct mmuext_op *op, struct allowance *a)
{
    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return pin(d, op->arg1.mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1, a);
    case MMUEXT_UNPIN_TABLE:
        return unpin(d, op->arg1.mfn);
    case MMUEXT_NEW_BASEPTR:
        return mmuext_new_base(current, op->arg1.mfn, false, a);
    case MMUEXT_NEW_USER_BASEPTR:
        return mmuext_new_base(current, op->arg1.mfn, true, a);
    case MMUEXT_SET_LDT:
        return desc_set_ldt(current, op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_CLEAR_PAGE:
    case MMUEXT_COPY_PAGE:
        return clear_or_copy(d, op);
    default:
        return -XEN_ENOSYS;
    }
}

static int locked_op(struct domain *d, const struct mmuext_op *op, struct allowance *a, bool *drained)
{
    spin_lock(&d->mm.lock);
    int rc = table_op(d, op, a);
    *drained = d->mm.release_head == FRAME_NONE || table_drain(d, a);
    spin_unlock(&d->mm.lock);
    return rc;
}

/* RAM is always write-back here: nothing to do. */
static int cache_op(struct domain *d, const struct mmuext_op *op, struct allowance *a, bool *drained)
{
    return d->is_control ? 0 : -XEN_EPERM;
}

static const struct {
    int (*fn)(struct domain *d, const struct mmuext_op *op, struct allowance *a, bool *drained);
    enum operation op;
} ops[] = {MMUEXT_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

static int one_op(struct domain *d, const struct mmuext_op *op, struct allowance *a, bool *drained)
{
    if (op->cmd >= ARRAY_SIZE(ops) || !ops[op->cmd].fn) return -XEN_ENOSYS;
    int rc = ask_first(ops[op->cmd].op, op->arg1.mfn);
    return rc ? rc : ops[op->cmd].fn(d, op, a, drained);
}

long do_mmuext_op(uint64_t uops, uint64_t count, uint64_t pdone, uint64_t foreign, uint64_t done_before)
{
    struct domain *d = current->domain;
    struct allowance a = {ALLOWANCE_TABLES};
    uint32_t todo = (uint32_t)count & ~MMU_UPDATE_PREEMPTED, i = 0;
    uint32_t before = (uint32_t)count & MMU_UPDATE_PREEMPTED ? (uint32_t)done_before : 0;
    uint32_t owner = foreign & 0xffff;
    int rc = owner == DOMID_SELF || owner == d->domid ? 0 : -XEN_EPERM;
    bool drained;

    if (!rc && !guest_range_ok(uops, todo, sizeof(struct mmuext_op))) rc = -XEN_EFAULT;
    if (rc) return rc;
    spin_lock(&d->mm.lock);
    drained = table_drain(d, &a);
    spin_unlock(&d->mm.lock);
    for (; i < todo && drained && !rc; i++) {
        struct mmuext_op op;
        if (i && hypercall_preempt()) break;
        rc = copy_from_guest(&op, uops + i * sizeof(op), sizeof(op));
        if (!rc) rc = one_op(d, &op, &a, &drained);
        if (rc) break;
    }
    if (rc == -XEN_EAGAIN || (!rc && (i < todo || !drained)))
        return hypercall_again(uops + i * sizeof(struct mmuext_op), (todo - i) | MMU_UPDATE_PREEMPTED, pdone, foreign,
                               before + i);
    if (pdone) {
        uint32_t total = before + i;
        if (copy_to_guest(pdone, &total, sizeof(total)) && !rc) rc = -XEN_EFAULT;
    }
    return mm_guest_error(rc);
}
