/* SPDX-License-Identifier: MIT */
/* Start-of-day layout (xen/xen.h): kernel, ramdisk, frame list, start_info, [store and console pages], page tables,
 * stack, padding; ramdisk and frame list lie behind the mapped part where the kernel's notes allow that. */
#include "domain/build.h"
#include "mm/access.h"
#include "lib.h"

#define PADDING      (512ul << 10)
#define REGION_ALIGN (4ul << 20)

static uint64_t pages(uint64_t bytes)
{
    return (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK);
}

/* Tables of one level that cover [from, to): a level-l table spans 2^(12+9l). */
static uint64_t tables_for(uint64_t from, uint64_t to, unsigned int level)
{
    unsigned int shift = 12 + 9 * level;

    return ((to - 1) >> shift) - (from >> shift) + 1;
}

/* The frame list at an address of its own needs L1, L2 and L3 tables there. */
static uint64_t p2m_table_count(uint64_t va, uint64_t bytes)
{
    return tables_for(va, va + bytes, 1) + tables_for(va, va + bytes, 2) + tables_for(va, va + bytes, 3);
}

/* Tables for the mapped part, which ends behind the tables themselves: grows until it fits. false: it does not fit in
 * max pages, or in the address space from virt_base on. */
static bool place_tables(struct build_layout *l, uint64_t max)
{
    for (uint64_t n = 1, need;; n = need) {
        l->stack = l->tables + n;
        uint64_t bytes = ((l->stack + 1) << PAGE_SHIFT) + PADDING;
        if (l->stack >= max || !elf_guest_range(l->virt_base, bytes + REGION_ALIGN)) return false;
        uint64_t end = ROUND_UP(l->virt_base + bytes, REGION_ALIGN);
        l->mapped_end = (end - l->virt_base) >> PAGE_SHIFT;
        l->nr_tables = n;
        need =
            1 + tables_for(l->virt_base, end, 1) + tables_for(l->virt_base, end, 2) + tables_for(l->virt_base, end, 3);
        if (need <= n) return true;
    }
}

int build_layout(struct domain *d, const char **error)
{
    struct domain_build *b = d->build;
    struct build_layout *l = &b->at;
    uint64_t ramdisk = pages(b->part[BH_PART_RAMDISK].size), p2m_bytes = d->mm.frames_max * 8, p2m = pages(p2m_bytes);
    bool own_p2m = b->elf.init_p2m != ELF_UNSET;

    l->virt_base = b->elf.virt_base;
    l->kernel_end = pages(b->elf.vend - b->elf.virt_base);
    uint64_t at = l->kernel_end;
    if (!b->elf.mod_start_pfn) {
        l->ramdisk = at;
        at += ramdisk;
    }
    if (!own_p2m) {
        l->p2m = at;
        l->p2m_frames = p2m;
        at += p2m;
    }
    l->start_info = at++;
    l->store = at++;
    l->console = at++;
    l->tables = at;
    bool fits = place_tables(l, d->mm.frames_max);
    at = l->mapped_end;
    if (own_p2m) {
        l->p2m = at;
        l->p2m_tables = at + p2m;
        l->p2m_frames = p2m + p2m_table_count(b->elf.init_p2m, p2m_bytes);
        at += l->p2m_frames;
    }
    if (b->elf.mod_start_pfn) {
        l->ramdisk = at;
        at += ramdisk;
    }
    l->end = at;
    if (own_p2m && !elf_guest_range(b->elf.init_p2m, p2m_bytes)) {
        *error = "the frame list does not fit in the address space at INIT_P2M";
        return -XEN_EINVAL;
    }
    if (!fits || l->end > d->mm.frames_max) {
        *error = "kernel and ramdisk do not fit in the domain's memory";
        return -XEN_ENOMEM;
    }
    return 0;
}
