/* SPDX-License-Identifier: MIT */
/* The oracle of the page-table rules: walks all tables of a domain, counts what the counts should be, and compares.
 * There is room for the counts of a window of frames only: one walk for each window in which the domain has chunks. */
#include "hv.h"
#include "mm/audit_mm.h"
#include "mm/chunk.h"
#include "mm/entry.h"
#include "mm/frame.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/pte.h"
#include "mm/table.h"
#include "mm/tlb.h"
#include "grant/grant.h"

struct counted {
    uint32_t ref, typeref;
};
#define WINDOW (CHUNK_FRAMES * 128u) /* frames; less where the heap has no room */
struct audit {
    struct domain *d;
    struct counted *at; /* one for each frame of the window */
    mfn_t first;
    uint64_t size;
    uint64_t frames, tables;
    long wrong;
};

static struct counted *counted(struct audit *a, mfn_t mfn)
{
    return mfn >= a->first && mfn - a->first < a->size ? &a->at[mfn - a->first] : NULL;
}

static void complain(struct audit *a, mfn_t mfn, const char *what)
{
    const struct frame *f = frame_of(mfn);
    const struct counted *c = counted(a, mfn), none = {0};

    if (a->wrong++ < 8)
        printk(
            "audit: domain %u frame %lx: %s (type %u typeref %u counted %u, ref %u counted %u, flags %x progress %u)",
            a->d->domid, mfn, what, f->type, f->typeref, (c ?: &none)->typeref, f->ref, (c ?: &none)->ref, f->flags,
            f->progress);
}

static void count(struct audit *a, mfn_t mfn, bool typed)
{
    struct counted *c = counted(a, mfn);

    if (!c || !mfn_valid(mfn) || frame_of(mfn)->owner != a->d->domid) return;
    c->ref++;
    c->typeref += typed;
}

static void check_entry(struct audit *a, mfn_t table, unsigned int level, uint64_t e)
{
    mfn_t mfn = (e & PTE_ADDR) >> PAGE_SHIFT;

    if (mfn_valid(mfn) && frame_of(mfn)->owner == a->d->domid) {
        const struct frame *f = frame_of(mfn);
        if (level > 1 && (f->type != FT_L1 + level - 2 || f->progress != 512))
            complain(a, mfn, "named by a table but no valid table of the next level");
        if (level == 1 && (e & PTE_W) && f->type != FT_WRITABLE)
            complain(a, mfn, "mapped writable but its type is not writable");
    } else if (mfn_valid(mfn) && frame_of(mfn)->owner != DOMID_HV) {
        complain(a, table, "maps a frame of another domain without a grant");
    } else if (!a->d->is_control) {
        complain(a, table, "maps a frame that is no RAM of its own");
    }
}

/* Once for each table, in the window that it lies in, it is looked at; in all it is counted. */
static void walk_table(struct audit *a, mfn_t mfn)
{
    const struct frame *f = frame_of(mfn);
    const uint64_t *t = own_frame(mfn);
    unsigned int level = f->type - FT_L1 + 1;

    bool here = counted(a, mfn);

    a->tables += here;
    for (unsigned int i = 0; i < f->progress; i++) {
        if (level == 4 && i >= HV_SLOT_FIRST && i <= HV_SLOT_LAST) {
            if (here && t[i] != a->d->mm.hv_l4_slots[i - HV_SLOT_FIRST])
                complain(a, mfn, "has a changed hypervisor slot");
        } else if ((t[i] & PTE_P) && !(t[i] & PTE_GRANT)) {
            if (here) check_entry(a, mfn, level, t[i]);
            count(a, (t[i] & PTE_ADDR) >> PAGE_SHIFT, level > 1 || (t[i] & PTE_W));
        }
    }
}

static void count_vcpus(struct audit *a)
{
    for (unsigned int i = 0; i < a->d->nr_vcpus; i++) {
        const struct vcpu *v = a->d->vcpu[i];
        if (v->kernel_l4 != INVALID_MFN) count(a, v->kernel_l4, true);
        if (v->user_l4 != INVALID_MFN) count(a, v->user_l4, true);
        if (v->info_mfn != INVALID_MFN) count(a, v->info_mfn, true);
        for (unsigned int k = 0; k < 16; k++) {
            if (v->gdt_frames[k]) count(a, v->gdt_frames[k], true);
            if (v->ldt_frames[k]) count(a, v->ldt_frames[k], true);
        }
    }
}

static void each_chunk(struct audit *a, void (*fn)(struct audit *, mfn_t), bool here)
{
    for (uint32_t c = a->d->mm.first_chunk; c != CHUNK_NONE; c = chunk_info[c].next)
        for (mfn_t m = (mfn_t)c * CHUNK_FRAMES; m < ((mfn_t)c + 1) * CHUNK_FRAMES; m++)
            if (!here || counted(a, m)) fn(a, m);
}

static void count_frame(struct audit *a, mfn_t m)
{
    const struct frame *f = frame_of(m);

    if (frame_is_table(f)) walk_table(a, m);
    if (f->flags & FF_PINNED) count(a, m, true);
}

static void grant_mapped(void *ctx, mfn_t mfn, bool writable)
{
    count(ctx, mfn, writable);
}

static void compare_frame(struct audit *a, mfn_t m)
{
    const struct frame *f = frame_of(m);
    const struct counted *c = counted(a, m);

    a->frames++;
    if (f->owner != a->d->domid) complain(a, m, "is in a chunk of the domain but not owned by it");
    if (f->ref != c->ref) complain(a, m, "reference count differs");
    if (f->typeref != c->typeref) complain(a, m, "type count differs");
    if (f->typeref && frame_is_table(f) && f->progress != 512) complain(a, m, "in use as a table but not validated");
    if (!(f->flags & FF_ALLOC) && (f->ref || f->progress)) complain(a, m, "not the guest's but referenced");
}

static bool has_chunks_here(struct audit *a)
{
    for (uint32_t c = a->d->mm.first_chunk; c != CHUNK_NONE; c = chunk_info[c].next)
        if (counted(a, (mfn_t)c * CHUNK_FRAMES)) return true;
    return false;
}

static void audit_window(struct audit *a)
{
    struct domain *d = a->d;

    memset(a->at, 0, a->size * sizeof(*a->at));
    grant_each_mapping_of(d, grant_mapped, a);
    spin_lock(&d->mm.lock);
    maddr_t previous = aspace_enter(d);
    count_vcpus(a);
    each_chunk(a, count_frame, false);
    each_chunk(a, compare_frame, true);
    aspace_leave(previous);
    spin_unlock(&d->mm.lock);
}

long mm_audit_domain(struct domain *d, uint64_t *frames, uint64_t *tables)
{
    struct audit a = {.d = d, .size = WINDOW};

    if (!HV_DEBUG) return -XEN_ENOSYS;
    while (!(a.at = heap_alloc_pages(a.size * sizeof(*a.at) / PAGE_SIZE)))
        if ((a.size /= 2) < CHUNK_FRAMES) return -XEN_ENOMEM;
    spin_lock(&d->build_lock); /* its end takes chunks away */
    for (; a.first < frame_count; a.first += a.size)
        if (has_chunks_here(&a)) audit_window(&a);
    spin_unlock(&d->build_lock);
    heap_free_pages(a.at, a.size * sizeof(*a.at) / PAGE_SIZE);
    *frames = a.frames;
    *tables = a.tables;
    return a.wrong;
}
