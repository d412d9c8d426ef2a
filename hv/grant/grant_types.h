/* SPDX-License-Identifier: MIT */
/* A domain's grants, in both directions. All covered by the domain's mm.lock. */
#ifndef HV_GRANT_TYPES_H
#define HV_GRANT_TYPES_H

#include "types.h"

#define GRANT_FRAMES_MAX       32u /* 16,384 references */
#define GRANT_ENTRIES_PER_PAGE 512u
#define GRANT_MAP_PAGES_MAX    64u /* of the mappings that a domain holds: 10,880 */

struct grant_active;
struct grant_map;
struct grant_entry_v1;

struct domain_grant {
    /* As granter: the table's pages, which the guest maps, and who uses which entry. */
    uint32_t frames;
    uint32_t pins; /* uses of all entries; the pages stay until there is none, grants' references to frames too */
    struct grant_entry_v1 *table[GRANT_FRAMES_MAX];
    struct grant_active *active[GRANT_FRAMES_MAX];
    /* As mapper: a record for each handle. */
    uint32_t map_pages;
    uint32_t map_free; /* first free handle, MAPTRACK_NONE: take another page */
    uint32_t map_used;
    bool revoking;       /* mappings are being taken from it: it gets no new ones */
    uint32_t destroy_at; /* where grant_domain_destroy() goes on */
    struct grant_map *map[GRANT_MAP_PAGES_MAX];
};

#endif
