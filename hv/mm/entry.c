/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/entry.h"
#include "mm/pte.h"
#include "mm/paging.h"
#include "mm/layout.h"
#include "device/device.h"

#define PTE_AVAIL                                                                                                      \
    (0xe00ul | 0x07c0000000000000ul) /* bits 9-11 and 54-58: the guest's own (Linux: soft dirty, devmap) */
#define L1_ALLOWED                                                                                                     \
    (PTE_P | PTE_W | PTE_U | PTE_PWT | PTE_PCD | PTE_A | PTE_D | PTE_PSE | PTE_G | PTE_NX | PTE_ADDR | PTE_AVAIL)
/* In upper levels bit 7 would be a superpage: refused. Bit 8 is ignored by hardware, stripped. */
#define LN_ALLOWED (PTE_P | PTE_W | PTE_U | PTE_PWT | PTE_PCD | PTE_A | PTE_D | PTE_G | PTE_NX | PTE_ADDR | PTE_AVAIL)
#define CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PSE)

static mfn_t entry_mfn(uint64_t e)
{
    return (e & PTE_ADDR) >> PAGE_SHIFT;
}

/* A not-present entry is data of the guest's, but its address bits must not name memory: a CPU with the L1 terminal
 * fault would load from there speculatively. Linux inverts them for the same reason. */
static int check_not_present(uint64_t e)
{
    return (e & PTE_ADDR) && entry_mfn(e) < frame_count ? -XEN_EINVAL : 0;
}

/* Device memory: which, and how, the device code decides. Not counted. */
static int get_l1_mmio(struct domain *d, uint64_t *entry)
{
    uint64_t mfn = entry_mfn(*entry);
    bool readonly = false;

    if (!iomem_resolve(d, &mfn, &readonly)) return -XEN_EPERM;
    *entry = (*entry & ~(PTE_ADDR | PTE_PSE | PTE_G)) | PTE_U | mfn << PAGE_SHIFT;
    if (readonly) *entry &= ~PTE_W;
    return 0;
}

static bool is_device(mfn_t mfn)
{
    return !mfn_valid(mfn) || (frame_of(mfn)->owner == DOMID_HV && (frame_of(mfn)->flags & FF_MMIO));
}

/* Bits above the CPU's physical address width are reserved in hardware. */
uint64_t entry_address_limit = 1ul << 36;

static int get_l1(struct domain *d, uint64_t *entry)
{
    uint64_t e = *entry;
    mfn_t mfn = entry_mfn(e);

    if ((e & ~L1_ALLOWED) || (e & PTE_ADDR) >= entry_address_limit) return -XEN_EINVAL;
    if (unlikely(is_device(mfn))) return get_l1_mmio(d, entry);
    *entry = (e & ~(CACHE_BITS | PTE_G)) | PTE_U;
    return e & PTE_W ? frame_get_type(d, mfn, FT_WRITABLE) : frame_get(d, mfn);
}

int entry_get(struct domain *d, unsigned int level, uint64_t *entry, struct allowance *a)
{
    uint64_t e = *entry;

    if (!(e & PTE_P)) return check_not_present(e);
    if (level == 1) return get_l1(d, entry);
    if (e & ~LN_ALLOWED) return -XEN_EINVAL;
    *entry = (e & ~(PTE_PWT | PTE_PCD | PTE_G)) | PTE_U;
    return table_get(d, entry_mfn(e), level - 1, a);
}

void entry_put(struct domain *d, unsigned int level, uint64_t e)
{
    mfn_t mfn = entry_mfn(e);

    if (!(e & PTE_P)) return;
    if (level > 1)
        table_put(d, mfn);
    else if ((e & PTE_GRANT) || is_device(mfn))
        return; /* held by the grant handle; devices are not counted */
    else if (e & PTE_W)
        frame_put_type(d, mfn);
    else
        frame_put(d, mfn);
}

enum store_how { REPLACE, KEEP_AD, EXACT };

/* Another CPU's page walk may set accessed or dirty at any moment. false: EXACT, and `old` is not there any more. */
static bool store(uint64_t *p, uint64_t old, uint64_t entry, enum store_how how)
{
    if (how == REPLACE) {
        WRITE_ONCE(*p, entry);
        return true;
    }
    while (!__atomic_compare_exchange_n(p, &old, how == KEEP_AD ? entry | (old & (PTE_A | PTE_D)) : entry, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        if (how == EXACT) return false;
    return true;
}

/* Same frame, same rights: only flags change, no reference does. */
static bool same_reference(uint64_t old, uint64_t entry, unsigned int level)
{
    return (old & PTE_P) && (entry & PTE_P) && !((old ^ entry) & (PTE_ADDR | (level == 1 ? PTE_W : 0)));
}

static int commit_flags(unsigned int level, uint64_t *p, uint64_t old, uint64_t entry, enum store_how how)
{
    if (entry & ~((level == 1 ? L1_ALLOWED : LN_ALLOWED) | (old & PTE_GRANT))) return -XEN_EINVAL;
    if (!is_device(entry_mfn(entry)))
        entry &= ~(level == 1 ? CACHE_BITS : PTE_PWT | PTE_PCD);
    else
        entry &= ~PTE_PSE;
    return store(p, old, (entry & ~PTE_G) | PTE_U | (old & PTE_GRANT), how) ? 0 : -XEN_EAGAIN;
}

static int commit(struct domain *d, mfn_t mfn, unsigned int i, uint64_t old, uint64_t entry, enum store_how how,
                  struct allowance *a)
{
    unsigned int level = frame_of(mfn)->type - FT_L1 + 1;
    uint64_t *p = (uint64_t *)own_frame(mfn) + i;

    if (level == 4 && i >= HV_SLOT_FIRST && i <= HV_SLOT_LAST) return -XEN_EINVAL;
    if (same_reference(old, entry, level)) return commit_flags(level, p, old, entry, how);
    if (entry) {
        int rc = entry_get(d, level, &entry, a);
        if (rc) return rc;
    }
    if (how == KEEP_AD && !(entry & PTE_P)) how = REPLACE;
    bool stored = store(p, old, entry, how);
    entry_put(d, level, stored ? old : entry);
    return stored ? 0 : -XEN_EAGAIN;
}

int pte_commit(struct domain *d, mfn_t mfn, unsigned int i, uint64_t entry, bool preserve, struct allowance *a)
{
    return commit(d, mfn, i, READ_ONCE(((uint64_t *)own_frame(mfn))[i]), entry, preserve ? KEEP_AD : REPLACE, a);
}

int pte_commit_exact(struct domain *d, mfn_t mfn, unsigned int i, uint64_t old, uint64_t entry, struct allowance *a)
{
    return commit(d, mfn, i, old, entry, EXACT, a);
}
