/* SPDX-License-Identifier: MIT */
/* For the page-table audit: which references to a domain's frames are held by grant handles. */
#include "grant/grant.h"
#include "grant/maptrack.h"
#include "domain/domain.h"
#include "domain/lifecycle.h"
#include <xen/grant_table.h>

static void each_of_mapper(struct domain *mapper, struct domain *granter,
                           void (*fn)(void *ctx, uint64_t mfn, bool writable), void *ctx)
{
    for (uint32_t h = 0; h < mapper->grant.map_pages * MAPTRACK_PER_PAGE; h++) {
        struct grant_map *m = maptrack_get(&mapper->grant, h);
        if (!m || m->granter != granter) continue;
        if (m->flags & GNTMAP_host_map) fn(ctx, m->frame, !(m->flags & GNTMAP_readonly));
        if (m->flags & GNTMAP_device_map) fn(ctx, m->frame, !(m->flags & GNTMAP_readonly));
    }
}

void grant_each_mapping_of(struct domain *granter, void (*fn)(void *ctx, uint64_t mfn, bool writable), void *ctx)
{
    struct domain *d;

    for (uint32_t id = 0; (d = domain_first_from(id)); id = d->domid + 1) {
        spin_lock(&d->mm.lock);
        each_of_mapper(d, granter, fn, ctx);
        spin_unlock(&d->mm.lock);
        domain_put(d);
    }
}
