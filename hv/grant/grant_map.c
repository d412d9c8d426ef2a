/* SPDX-License-Identifier: MIT */
/* Mapping others' grants. Accounting: a handle holds one use of the granter's entry, with a reference to the frame,
 * for each of host and device mapping; the page-table entry holds none (PTE_GRANT marks it). So references go only with
 * the handle, after the entry was taken out and translations were flushed, whatever the mapper does to its own tables.
 */
#include "grant/grant_map.h"

#include "domain/domain.h"
#include "grant/grant_pin.h"
#include "hypercall/ask.h"
#include "grant/maptrack.h"
#include "mm/entry.h"
#include "mm/frame.h"
#include "mm/pte.h"
#include "monitor/sharing.h"

#define DROP_BATCH 128u

static unsigned int kinds(uint32_t flags)
{
    return !!(flags & GNTMAP_host_map) + !!(flags & GNTMAP_device_map);
}

enum operation grant_map_row(uint32_t ref, uint32_t flags)
{
    if (ref == GNTTAB_RESERVED_CONSOLE) return OP_GNTTABOP_map_grant_ref_console;
    if (ref == GNTTAB_RESERVED_XENSTORE) return OP_GNTTABOP_map_grant_ref_store;
    return flags & GNTMAP_readonly ? OP_GNTTABOP_map_grant_ref_readonly : OP_GNTTABOP_map_grant_ref;
}

static int find_pte(uint64_t host_addr, uint32_t flags, uint64_t **pte)
{
    return flags & GNTMAP_contains_pte ? pte_find_by_maddr(host_addr, pte) : pte_find_by_gva(host_addr, pte);
}

/* Both locks held. */
static int16_t map_locked(struct domain *d, struct domain *granter, struct gnttab_map_grant_ref *op)
{
    bool write = !(op->flags & GNTMAP_readonly);
    uint64_t *pte = NULL;
    uint32_t frame;

    if (d->grant.revoking) /* a moment (grant_revoke.c) */
        return GNTST_eagain;
    if (op->flags & GNTMAP_host_map) {
        if (find_pte(op->host_addr, op->flags, &pte) || (*pte & PTE_GRANT)) return GNTST_general_error;
    }
    uint32_t handle = maptrack_alloc(&d->grant);
    if (handle == MAPTRACK_NONE) return GNTST_no_space;
    int16_t status = grant_pin(granter, op->ref, d, write, kinds(op->flags), &frame);
    if (!status && pte && pte_set_grant(pte, frame, PTE_A | PTE_NX | (write ? PTE_W | PTE_D : 0))) {
        for (unsigned int left = kinds(op->flags); left; left--)
            grant_unpin(granter, op->ref, frame, write);
        status = GNTST_general_error;
    }
    if (status) {
        maptrack_free(&d->grant, handle);
        return status;
    }
    struct grant_map *m = &d->grant.map[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
    *m = (struct grant_map){.granter = granter, .ref = op->ref, .frame = frame, .flags = (uint16_t)op->flags};
    sharing_made(d, granter, grant_map_row(op->ref, op->flags));
    op->handle = handle;
    op->dev_bus_addr = op->flags & GNTMAP_device_map ? (uint64_t)frame << PAGE_SHIFT : 0;
    return GNTST_okay;
}

void grant_map(struct domain *d, struct gnttab_map_grant_ref *op)
{
    op->handle = MAPTRACK_NONE;
    op->dev_bus_addr = 0;
    if (!kinds(op->flags)) {
        op->status = GNTST_bad_gntref;
        return;
    }
    /* Bus addresses are for who drives devices. */
    if ((op->flags & GNTMAP_device_map) && !d->is_control) {
        op->status = GNTST_permission_denied;
        return;
    }
    struct domain *granter = op->dom == DOMID_SELF ? NULL : domain_get(op->dom);
    if (!granter) {
        op->status = GNTST_bad_domain;
        return;
    }
    if (granter->state == BH_STATE_DYING) {
        op->status = GNTST_bad_domain;
    } else if (ask_about(grant_map_row(op->ref, op->flags), granter, op->ref)) {
        op->status = GNTST_permission_denied;
    } else {
        grant_lock(d, granter);
        op->status = map_locked(d, granter, op);
        grant_unlock(d, granter);
    }
    if (op->status) /* else the handle keeps the reference */
        domain_put(granter);
}

struct grant_map *grant_lock_handle(struct domain *d, uint32_t handle, struct domain **granter)
{
    spin_lock(&d->mm.lock);
    struct grant_map *m = maptrack_get(&d->grant, handle);
    if (!m) {
        spin_unlock(&d->mm.lock);
        return NULL;
    }
    *granter = m->granter;
    if ((*granter)->domid > d->domid) spin_lock_nested(&(*granter)->mm.lock);
    if ((*granter)->domid >= d->domid) return m;
    /* The granter's lock comes first. Its structure stays while this CPU holds a reference; the handle may not. */
    __atomic_fetch_add(&(*granter)->refs, 1, __ATOMIC_SEQ_CST);
    spin_unlock(&d->mm.lock);
    grant_lock(d, *granter);
    m = maptrack_get(&d->grant, handle);
    bool same = m && m->granter == *granter;
    if (!same) grant_unlock(d, *granter);
    domain_put(*granter); /* never the last: the handle holds one, or somebody who just gave it up cannot wait for us */
    return same ? m : NULL;
}

/* The entry must be one that this handle could have made: same frame, same access. */
static int16_t clear_pte(const struct grant_map *m, uint64_t host_addr, uint64_t **pte)
{
    if (!(m->flags & GNTMAP_host_map) || find_pte(host_addr, m->flags, pte)) return GNTST_general_error;
    uint64_t e = **pte;
    if (!(e & PTE_GRANT) || (e & PTE_ADDR) >> PAGE_SHIFT != m->frame || !(e & PTE_W) != !!(m->flags & GNTMAP_readonly))
        return GNTST_general_error;
    return GNTST_okay;
}

/* Gives up one kind of mapping; after the last one the handle is free and its reference to the granter the caller's. */
static bool give_up(struct domain *d, struct grant_map *m, uint32_t handle, uint16_t kind)
{
    m->flags &= (uint16_t)~kind;
    grant_unpin(m->granter, m->ref, m->frame, !(m->flags & GNTMAP_readonly));
    bool last = !kinds(m->flags);
    if (last && m->revoked) frame_of(m->frame)->revoked--;
    if (last) maptrack_free(&d->grant, handle);
    return last;
}

void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op)
{
    struct domain *granter;
    struct grant_map *m = grant_lock_handle(d, op->handle, &granter);
    uint64_t *pte = NULL;
    bool gone = false;

    if (!m) {
        op->status = GNTST_bad_handle;
        return;
    }
    op->status = GNTST_okay;
    if (op->dev_bus_addr && !(m->flags & GNTMAP_device_map))
        op->status = GNTST_general_error;
    else if (op->dev_bus_addr && op->dev_bus_addr >> PAGE_SHIFT != m->frame)
        op->status = GNTST_bad_dev_addr;
    else if (op->host_addr)
        op->status = clear_pte(m, op->host_addr, &pte);
    if (!op->status && pte && pte_clear_grant(pte, m->frame, 0)) op->status = GNTST_general_error;
    if (!op->status && pte) gone = give_up(d, m, op->handle, GNTMAP_host_map);
    if (!op->status && op->dev_bus_addr) gone = give_up(d, m, op->handle, GNTMAP_device_map);
    grant_unlock(d, granter);
    if (gone) domain_put(granter);
}

/* new_addr's entry moves: its references go along, so it must not be a grant mapping, whose handle knows its place. */
static int16_t replace(const struct grant_map *m, struct gnttab_unmap_and_replace *op)
{
    uint64_t *pte, *from = NULL, entry = 0;
    int16_t status = clear_pte(m, op->host_addr, &pte);

    if (status) return status;
    if (op->new_addr) {
        if (pte_find_by_gva(op->new_addr, &from) || from == pte || (*from & PTE_GRANT)) return GNTST_general_error;
        entry = __atomic_exchange_n(from, 0, __ATOMIC_SEQ_CST);
    }
    pte_clear_grant(pte, m->frame, entry); /* flushes for both entries */
    return GNTST_okay;
}

void grant_unmap_and_replace(struct domain *d, struct gnttab_unmap_and_replace *op)
{
    struct domain *granter;
    struct grant_map *m = grant_lock_handle(d, op->handle, &granter);
    bool gone = false;

    if (!m) {
        op->status = GNTST_bad_handle;
        return;
    }
    op->status = m->flags & GNTMAP_contains_pte ? GNTST_general_error : replace(m, op);
    if (!op->status) gone = give_up(d, m, op->handle, GNTMAP_host_map);
    grant_unlock(d, granter);
    if (gone) domain_put(granter);
}

/* What a handle holds goes; no entry may map its frame for it any more. */
static void drop(struct domain *d, uint32_t handle, bool only_revoked)
{
    struct domain *granter;
    struct grant_map *m = grant_lock_handle(d, handle, &granter);
    bool gone = false, wanted = m && (m->revoked || !only_revoked);

    if (!m) return;
    if (wanted && (m->flags & GNTMAP_host_map)) gone = give_up(d, m, handle, GNTMAP_host_map);
    if (wanted && !gone) gone = give_up(d, m, handle, GNTMAP_device_map);
    grant_unlock(d, granter);
    if (gone) domain_put(granter);
}

void grant_drop_revoked(struct domain *d, uint32_t handle)
{
    drop(d, handle, true);
}

bool grant_map_drop(struct domain *d)
{
    struct domain_grant *g = &d->grant;
    uint32_t end = g->map_pages * MAPTRACK_PER_PAGE;

    for (uint32_t n = 0; n < DROP_BATCH && g->map_used && g->destroy_at < end; n++)
        drop(d, g->destroy_at++, false);
    return !g->map_used;
}
