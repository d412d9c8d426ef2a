/* SPDX-License-Identifier: MIT */
#include "grant/maptrack.h"

#include "mm/access.h"

static struct grant_map *at(struct domain_grant *g, uint32_t handle)
{
    return &g->map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}

static bool add_page(struct domain_grant *g)
{
    struct grant_map *page = g->map_pages < GRANT_MAP_PAGES_MAX ? heap_alloc_pages(1) : NULL;
    uint32_t first = g->map_pages * MAPTRACK_PER_PAGE;

    if (!page) return false;
    for (uint32_t i = 0; i < MAPTRACK_PER_PAGE; i++)
        page[i].next = i + 1 < MAPTRACK_PER_PAGE ? first + i + 1 : MAPTRACK_NONE;
    g->map[g->map_pages++] = page;
    g->map_free = first;
    return true;
}

uint32_t maptrack_alloc(struct domain_grant *g)
{
    if (!g->map_pages || g->map_free == MAPTRACK_NONE)
        if (!add_page(g)) return MAPTRACK_NONE;
    uint32_t handle = g->map_free;
    g->map_free = at(g, handle)->next;
    g->map_used++;
    return handle;
}

void maptrack_free(struct domain_grant *g, uint32_t handle)
{
    *at(g, handle) = (struct grant_map){.next = g->map_free};
    g->map_free = handle;
    g->map_used--;
}

struct grant_map *maptrack_get(struct domain_grant *g, uint32_t handle)
{
    if (handle >= g->map_pages * MAPTRACK_PER_PAGE) return NULL;
    struct grant_map *m = at(g, handle);
    return m->granter ? m : NULL;
}

void maptrack_destroy(struct domain_grant *g)
{
    for (uint32_t i = 0; i < g->map_pages; i++)
        heap_free_pages(g->map[i], 1);
    g->map_pages = 0;
    g->map_free = MAPTRACK_NONE;
}
