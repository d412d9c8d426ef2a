/* SPDX-License-Identifier: MIT */
/* Writes to page-table entries that fault, because table frames are read-only to their guest: a table of exact
 * instruction forms, each of which ends in pte_commit(). Intel SDM volume 2 for the encodings. */
#include "hypercall/handler.h"
#include "mm/ptwr.h"
#include "mm/entry.h"
#include "mm/walk.h"
#include "mm/pte.h"
#include "cpu/decode.h"

/* The new value of the aligned entry when the instruction writes part of it. */
static uint64_t merge(uint64_t old, uint64_t value, unsigned int offset, unsigned int size)
{
    uint64_t mask = size == 8 ? ~0ul : ((1ul << (size * 8)) - 1) << (offset * 8);

    return (old & ~mask) | ((value << (offset * 8)) & mask);
}

static uint64_t extract(uint64_t old, unsigned int offset, unsigned int size)
{
    return size == 8 ? old : (old >> (offset * 8)) & ((1ul << (size * 8)) - 1);
}

/* Computes what the instruction stores and what it leaves in registers and flags. false: stores nothing. */
static bool compute(const struct decoded *in, struct cpu_regs *r, uint64_t old, uint64_t *value, uint64_t *reg_out)
{
    uint64_t src = in->has_imm ? in->imm : decode_reg_read(r, in->reg, in->size);

    *reg_out = 0;
    switch (in->op) {
    case DECODE_MOV:
        *value = src;
        return true;
    case DECODE_XCHG:
        *value = src;
        *reg_out = old;
        return true;
    case DECODE_AND:
        *value = old & src;
        break;
    case DECODE_OR:
        *value = old | src;
        break;
    case DECODE_BTR:
    case DECODE_BTS: {
        uint64_t bit = 1ul << (src & (in->size * 8 - 1));
        r->rflags = (r->rflags & ~1ul) | !!(old & bit);
        *value = in->op == DECODE_BTR ? old & ~bit : old | bit;
        return true;
    }
    case DECODE_CMPXCHG: {
        uint64_t expect = decode_reg_read(r, 0, in->size);
        if (expect != old) {
            decode_reg_write(r, 0, in->size, old);
            r->rflags &= ~0x40ul;
            return false;
        }
        r->rflags |= 0x40;
        *value = src;
        return true;
    }
    default:
        return false;
    }
    decode_logic_flags(r, *value, in->size);
    return true;
}

/* d->mm.lock held. Whether va lies in a validated table of d, mapped read-only. */
static bool find_table_entry(struct vcpu *v, gva_t va, mfn_t *mfn)
{
    mfn_t l1;
    unsigned int i;

    if (walk_l1(v, va, &l1, &i)) return false;
    uint64_t e = ((uint64_t *)own_frame(l1))[i];
    *mfn = (e & PTE_ADDR) >> PAGE_SHIFT;
    if (!(e & PTE_P) || (e & PTE_W) || !mfn_valid(*mfn)) return false;
    struct frame *f = frame_of(*mfn);
    return f->owner == v->domain->domid && (f->flags & FF_ALLOC) && frame_is_table(f) && f->progress == 512;
}

static int commit(struct vcpu *v, struct cpu_regs *r, const struct decoded *in, mfn_t mfn, gva_t va)
{
    struct allowance a = {ALLOWANCE_TABLES};
    unsigned int i = (va & ~PAGE_MASK) / 8, offset = va & 7;
    uint64_t *p = (uint64_t *)own_frame(mfn) + i, old = READ_ONCE(*p), value, reg_out;

    if (offset + in->size > 8 || (va & (in->size - 1))) return -XEN_EINVAL;
    if (compute(in, r, extract(old, offset, in->size), &value, &reg_out)) {
        int rc = pte_commit_exact(v->domain, mfn, i, old, merge(old, value, offset, in->size), &a);
        if (rc) return rc;
    }
    if (in->op == DECODE_XCHG) decode_reg_write(r, in->reg, in->size, reg_out);
    return 0;
}

/* true: done, or to be tried again by running the instruction once more. false: not ours, the guest gets the fault. */
bool ptwr_fault(struct vcpu *v, struct cpu_regs *r, gva_t va)
{
    struct domain *d = v->domain;
    struct allowance a = {ALLOWANCE_TABLES};
    struct cpu_regs after = *r;
    struct decoded in;
    uint8_t code[15];
    size_t n;
    mfn_t mfn;

    spin_lock(&d->mm.lock);
    bool ours = find_table_entry(v, va, &mfn);
    spin_unlock(&d->mm.lock);
    if (!ours || ask_own(OP_page_table_write, va)) return false;
    n = decode_fetch(r->rip, code);
    if (decode(code, n, &in) || in.kind != DECODE_MEMORY_WRITE || decode_address(&in, r) != va) return false;
    spin_lock(&d->mm.lock);
    int rc = -XEN_EINVAL;
    if (!table_drain(d, &a))
        rc = -XEN_EAGAIN;
    else if (find_table_entry(v, va, &mfn))
        rc = commit(v, &after, &in, mfn, va);
    table_drain(d, &a);
    spin_unlock(&d->mm.lock);
    if (rc == -XEN_EAGAIN) return true;
    if (rc) return false;
    *r = after;
    r->rip += in.length;
    return true;
}
