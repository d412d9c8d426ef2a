/* SPDX-License-Identifier: MIT */
/* One entry of a grant table: the word that its owner shares with the hypervisor, and the hypervisor's own count of its
 * uses. The owner may change the word at any moment; what is in use is what the count says. Pure but for atomics.
 *
 * From the first use to the last an entry keeps GTF_reading (and GTF_writing while there is a writer): its owner sees
 * that and must not take the grant back; frame and grantee are fixed for that time by the count's own copy. */
#ifndef HV_GRANT_ENTRY_H
#define HV_GRANT_ENTRY_H

#include "types.h"
#include <xen/grant_table.h>

struct grant_active {
    uint32_t frame;
    uint32_t readers, writers; /* uses of either kind; each holds a reference to the frame */
    uint16_t grantee;
    uint16_t pad;
};

/* Counts `uses` (1 or 2) of the entry by `grantee`, at its frame, *frame. GNTST_okay; GNTST_general_error: no such
 * grant (type, domain, access), or its owner keeps changing it. */
int16_t grant_entry_pin(struct grant_entry_v1 *e, struct grant_active *a, uint16_t grantee, bool write,
                        unsigned int uses, uint32_t *frame);
/* One use less. */
void grant_entry_unpin(struct grant_entry_v1 *e, struct grant_active *a, bool write);

#endif
