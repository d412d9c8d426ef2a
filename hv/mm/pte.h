/* SPDX-License-Identifier: MIT */
/* The calls by which grants put entries into a mapper's tables: the same commit function as every other path. */
#ifndef HV_PTE_H
#define HV_PTE_H

#include "types.h"

#define PTE_P    0x001ul
#define PTE_W    0x002ul
#define PTE_U    0x004ul
#define PTE_PWT  0x008ul
#define PTE_PCD  0x010ul
#define PTE_A    0x020ul
#define PTE_D    0x040ul
#define PTE_PSE  0x080ul /* PAT in an L1 entry */
#define PTE_G    0x100ul
#define PTE_NX   (1ul << 63)
#define PTE_ADDR 0x000ffffffffff000ul

struct domain;
struct vcpu;
/* All: current domain's mm.lock held, current address space loaded.
 * An L1 entry named by machine address of the entry (8-byte aligned, in a validated L1 frame of the current domain) or
 * by a guest-virtual address whose L1 exists. Finds it; -EINVAL otherwise. */
int pte_find_by_maddr(maddr_t entry, uint64_t **pte);
int pte_find_by_gva(gva_t va, uint64_t **pte);
/* Replaces an entry that holds no grant mapping by one that maps frame mfn (references already taken by the grant code,
 * for a frame of another domain or the own); returns the old entry's references. The entry is marked as a grant mapping
 * (PTE_GRANT, a software bit): only pte_clear_grant takes it out; a guest's own write of such an entry drops the mark's
 * mapping safely. */
int pte_set_grant(uint64_t *pte, mfn_t mfn, uint64_t flags);
/* Takes the entry out again: -EINVAL if the entry does not map mfn by grant. Flushes the domain. new_pte: 0, or for
 * unmap_and_replace an entry moved from elsewhere, whose references move along. */
int pte_clear_grant(uint64_t *pte, mfn_t mfn, uint64_t new_pte);

#endif
