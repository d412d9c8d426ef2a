/* SPDX-License-Identifier: MIT */
/* The three ways by which the hypervisor reaches memory that is not its own. */
#ifndef HV_ACCESS_H
#define HV_ACCESS_H

#include "types.h"

/* 1. Guest-virtual, in the current vCPU's address space, with faults caught. Refuses the hypervisor's range and
 * non-canonical ends. 0 or -EFAULT (then dst of copy_from_guest is zeroed). Read each datum once (D6). */
int copy_from_guest(void *dst, gva_t src, size_t n);
int copy_to_guest(gva_t dst, const void *src, size_t n);
/* Whether [p, p + count * size) lies outside the hypervisor's range; no overflow. Does not touch memory. */
bool guest_range_ok(gva_t p, uint64_t count, uint64_t size);

/* 2. A frame of the domain whose address space is loaded (the current one, mostly). */
#define DIRECT_BASE 0xffff830000000000ul
static inline void *own_frame(mfn_t mfn)
{
    return (void *)(DIRECT_BASE + (mfn << PAGE_SHIFT));
}

/* 3. Any frame, through a slot of this CPU; a few at a time, unmapped in reverse order, before returning to a guest. */
void *window_map(mfn_t mfn);
void window_unmap(void *hva);

/* Hypervisor heap pages (no secrets): zeroed; NULL when there are none. mapped for good. */
void *heap_alloc_pages(size_t n);
void heap_free_pages(void *p, size_t n);
mfn_t heap_mfn(const void *p); /* machine frame of a heap page */
/* Small objects from the heap (16-byte aligned, zeroed). */
void *heap_alloc(size_t size);
void heap_free(void *p);

/* 4. Device memory for the hypervisor itself (uncached), at start only. */
void *map_mmio(maddr_t base, size_t size);

/* Flushes d's translations on all CPUs that run it. d->mm.lock need not be held. */
struct domain;
void tlb_flush_domain(struct domain *d);

#endif
