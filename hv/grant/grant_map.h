/* SPDX-License-Identifier: MIT */
#ifndef HV_GRANT_MAP_H
#define HV_GRANT_MAP_H

#include "types.h"
#include "hypercall/operations.h"
#include <xen/grant_table.h>

struct domain;

/* One element of each operation, in the current domain d; fill in status and the other results. */
void grant_map(struct domain *d, struct gnttab_map_grant_ref *op);
void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op);
void grant_unmap_and_replace(struct domain *d, struct gnttab_unmap_and_replace *op);
/* d is dead and nothing runs in its address space: gives back some of what it mapped. true when nothing is left. */
bool grant_map_drop(struct domain *d);

void grant_copy(struct domain *d, struct gnttab_copy *op);

/* --- For grant_revoke.c. --- */
struct grant_map;
/* The row that is asked for a mapping of that reference with those GNTMAP_* flags. */
enum operation grant_map_row(uint32_t ref, uint32_t flags);
/* Takes both locks for a handle of d's; NULL, nothing locked: there is no such handle. */
struct grant_map *grant_lock_handle(struct domain *d, uint32_t handle, struct domain **granter);
/* Drops what the handle holds if it is marked; its entries are cleared and flushed. */
void grant_drop_revoked(struct domain *d, uint32_t handle);

#endif
