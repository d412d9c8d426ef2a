/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1 (xen/grant_table.h). */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include "types.h"

struct domain;
int grant_domain_init(struct domain *d); /* first table frame; entries 0 and 1 reserved for console and store */
/* Teardown, after which d's address space is never loaded again. Mappings that others hold of d's frames stay (the
 * frames wait for them); those that d holds are dropped; the table's pages go when nobody uses them, d's own page
 * tables included. Restartable: -EAGAIN while there is work, -EBUSY while others use d's grants. No lock held. */
int grant_domain_destroy(struct domain *d);
/* The builder: d grants its frame (a machine frame, as PV entries have it) to domid with full access. */
void grant_preset(struct domain *d, uint32_t ref, uint16_t domid, mfn_t mfn);
/* Calls fn for each reference that some domain's handles hold to granter's frames. No lock held. */
void grant_each_mapping_of(struct domain *granter, void (*fn)(void *ctx, uint64_t mfn, bool writable), void *ctx);
bool grant_frame_is_shared(struct domain *d, mfn_t mfn); /* one of d's grant-table frames */
#endif
