/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/walk.h"
#include "mm/pte.h"
#include "mm/entry.h"
#include "mm/layout.h"
#include "mm/tlb.h"

static bool canonical(gva_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

/* Tables are validated, so each present entry names a table of the domain's own. */
int walk_l1(struct vcpu *v, gva_t va, mfn_t *table, unsigned int *index)
{
    mfn_t t = v->guest_kernel ? v->kernel_l4 : v->user_l4;

    if (!canonical(va) || (va >= HV_VIRT_START && va < HV_VIRT_END) || t == INVALID_MFN) return -XEN_EINVAL;
    for (int level = 4; level > 1; level--) {
        uint64_t e = ((uint64_t *)own_frame(t))[(va >> (12 + 9 * (level - 1))) & 511];
        if (!(e & PTE_P)) return -XEN_EINVAL;
        t = (e & PTE_ADDR) >> PAGE_SHIFT;
    }
    *table = t;
    *index = (va >> PAGE_SHIFT) & 511;
    return 0;
}

int pte_find_by_gva(gva_t va, uint64_t **pte)
{
    mfn_t table;
    unsigned int i;
    int rc = walk_l1(current, va, &table, &i);

    if (!rc) *pte = (uint64_t *)own_frame(table) + i;
    return rc;
}

int pte_find_by_maddr(maddr_t entry, uint64_t **pte)
{
    mfn_t mfn = entry >> PAGE_SHIFT;

    if ((entry & 7) || !mfn_valid(mfn)) return -XEN_EINVAL;
    struct frame *f = frame_of(mfn);
    if (f->owner != current->domain->domid || f->type != FT_L1 || f->progress != 512 || !f->typeref) return -XEN_EINVAL;
    *pte = (uint64_t *)own_frame(mfn) + (entry & ~PAGE_MASK) / 8;
    return 0;
}

int pte_set_grant(uint64_t *pte, mfn_t mfn, uint64_t flags)
{
    struct domain *d = current->domain;
    uint64_t old = *pte;
    const uint64_t allowed = PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX | 0xe00ul;

    if (old & PTE_GRANT) return -XEN_EBUSY;
    WRITE_ONCE(*pte, (mfn << PAGE_SHIFT) | (flags & allowed) | PTE_P | PTE_U | PTE_GRANT);
    entry_put(d, 1, old);
    if (old & PTE_P) tlb_flush_mask(tlb_cpus(d));
    return 0;
}

int pte_clear_grant(uint64_t *pte, mfn_t mfn, uint64_t new_pte)
{
    uint64_t old = *pte;

    if (!(old & PTE_GRANT) || (old & PTE_ADDR) >> PAGE_SHIFT != mfn) return -XEN_EINVAL;
    WRITE_ONCE(*pte, new_pte);
    tlb_flush_domain(current->domain);
    return 0;
}
