/* SPDX-License-Identifier: MIT */
/* Page-table entries: what they may say, which references they hold, and the one function that changes a live one.
 * All with d->mm.lock held and d's address space loaded. */
#ifndef HV_ENTRY_H
#define HV_ENTRY_H

#include "types.h"
#include "mm/table.h"

/* Checks a present or empty entry for a table of this level, makes it canonical in place (cache bits on RAM, global
 * and user bits), and takes its references. -EINVAL, -EBUSY, -EPERM: not allowed; -EAGAIN: allowance used up. */
int entry_get(struct domain *d, unsigned int level, uint64_t *entry, struct allowance *a);
void entry_put(struct domain *d, unsigned int level, uint64_t entry);

/* Writes entry i of the validated table `mfn`. preserve: keep accessed and dirty as they are. On an error nothing
 * has changed. */
int pte_commit(struct domain *d, mfn_t mfn, unsigned int i, uint64_t entry, bool preserve, struct allowance *a);
/* The same for an instruction that read `old` there: -EAGAIN when that is not there any more, because a CPU's page walk
 * has set accessed or dirty meanwhile (the guest would lose it). */
int pte_commit_exact(struct domain *d, mfn_t mfn, unsigned int i, uint64_t old, uint64_t entry, struct allowance *a);

extern uint64_t entry_address_limit; /* set at boot from CPUID */

#define PTE_GRANT (1ul << 52) /* software bit of the hypervisor: the reference belongs to a grant handle */

#endif
