/* SPDX-License-Identifier: MIT */
/* The mappings that a domain holds of others' grants, by handle. The mapper's mm.lock is held. */
#ifndef HV_MAPTRACK_H
#define HV_MAPTRACK_H

#include "types.h"
#include "grant/grant_types.h"

#define MAPTRACK_NONE     0xffffffffu
#define MAPTRACK_PER_PAGE 170u

struct grant_map {
    struct domain *granter; /* a reference is held; NULL: the handle is free */
    uint32_t ref;
    uint32_t frame;
    uint32_t next;    /* free handles: the next one */
    uint16_t flags;   /* GNTMAP_host_map, GNTMAP_device_map: what is still mapped; GNTMAP_readonly, _contains_pte */
    uint16_t revoked; /* marked by grant_revoke.c */
};
_Static_assert(sizeof(struct grant_map) * MAPTRACK_PER_PAGE <= PAGE_SIZE, "handles of one page");

/* A free handle, MAPTRACK_NONE when the domain has all it may have or memory is short. It is taken by setting its
 * granter, given back by maptrack_free(). */
uint32_t maptrack_alloc(struct domain_grant *g);
void maptrack_free(struct domain_grant *g, uint32_t handle);
/* NULL: no such handle in use. */
struct grant_map *maptrack_get(struct domain_grant *g, uint32_t handle);
/* Every handle is free. */
void maptrack_destroy(struct domain_grant *g);

#endif
