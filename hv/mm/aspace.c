/* SPDX-License-Identifier: MIT */
/* A domain's own part of the address space: a direct map of its chunks (2 MiB entries, supervisor only) and its view of
 * the machine-to-physical table (one 4 KiB page for each chunk; all else reads as invalid). */
#include "hv.h"
#include "mm/paging.h"
#include "mm/layout.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/pte.h"

#define TABLE      (PTE_P | PTE_W | PTE_A | PTE_D)
#define TABLE_U    (TABLE | PTE_U)
#define CHUNKS_GIB 512u /* chunks in a GiB: entries of one table in either map */

/* Shared by all domains: an L1 whose every entry is a page of "invalid". */
static uint64_t *invalid_l1;
static uint64_t *invalid_page;

static uint64_t *table_at(uint64_t entry)
{
    return (uint64_t *)(HEAP_BASE + (entry & PTE_ADDR));
}

static maddr_t maddr_of(const void *heap)
{
    return (uint64_t)heap - HEAP_BASE;
}

static int make_invalid(void)
{
    if (invalid_l1) return 0;
    invalid_page = heap_alloc_pages(1);
    uint64_t *l1 = heap_alloc_pages(1);
    if (!invalid_page || !l1) return -XEN_ENOMEM;
    memset(invalid_page, 0xff, PAGE_SIZE);
    for (unsigned int i = 0; i < 512; i++)
        l1[i] = maddr_of(invalid_page) | PTE_P | PTE_U | PTE_A | PTE_NX;
    invalid_l1 = l1;
    return 0;
}

int aspace_create(struct domain *d)
{
    uint64_t *l4, *m2p_l2, gib = (frame_count + CHUNKS_GIB * CHUNK_FRAMES - 1) / (CHUNKS_GIB * CHUNK_FRAMES);

    if (make_invalid()) return -XEN_ENOMEM;
    l4 = heap_alloc_pages(1);
    d->mm.m2p_l3 = heap_alloc_pages(1);
    d->mm.direct_l3 = heap_alloc_pages(1);
    m2p_l2 = heap_alloc_pages(1);
    if (!l4 || !d->mm.m2p_l3 || !d->mm.direct_l3 || !m2p_l2)
        return -XEN_ENOMEM; /* aspace_destroy frees what there is */
    d->mm.m2p_l3[0] = maddr_of(m2p_l2) | TABLE_U;
    for (uint64_t g = 0; g < MIN(gib, 512ul); g++)
        m2p_l2[g] = maddr_of(invalid_l1) | TABLE_U;
    memcpy(&l4[HV_SLOT_FIRST], &idle_l4[HV_SLOT_FIRST], (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * 8);
    l4[256] = maddr_of(d->mm.m2p_l3) | TABLE_U;
    l4[262] = maddr_of(d->mm.direct_l3) | TABLE;
    d->mm.hv_l4 = heap_mfn(l4);
    d->mm.hv_l4_slots = &l4[HV_SLOT_FIRST];
    return 0;
}

void aspace_destroy(struct domain *d)
{
    if (d->mm.m2p_l3 && d->mm.m2p_l3[0]) {
        uint64_t *l2 = table_at(d->mm.m2p_l3[0]);
        for (unsigned int g = 0; g < 512; g++)
            if (l2[g] && table_at(l2[g]) != invalid_l1) heap_free_pages(table_at(l2[g]), 1);
        heap_free_pages(l2, 1);
    }
    if (d->mm.direct_l3)
        for (unsigned int g = 0; g < 512; g++)
            if (d->mm.direct_l3[g]) heap_free_pages(table_at(d->mm.direct_l3[g]), 1);
    heap_free_pages(d->mm.m2p_l3, 1);
    heap_free_pages(d->mm.direct_l3, 1);
    if (d->mm.hv_l4_slots) heap_free_pages(d->mm.hv_l4_slots - HV_SLOT_FIRST, 1);
    d->mm.m2p_l3 = d->mm.direct_l3 = d->mm.hv_l4_slots = NULL;
}

static maddr_t m2p_page(uint32_t chunk)
{
    return m2p_maddr + (maddr_t)chunk * PAGE_SIZE;
}

int aspace_add_chunk(struct domain *d, uint32_t chunk)
{
    uint32_t gib = chunk / CHUNKS_GIB, i = chunk % CHUNKS_GIB;
    uint64_t *l2 = table_at(d->mm.m2p_l3[0]), *l1 = table_at(l2[gib]);

    if (!d->mm.direct_l3[gib]) {
        uint64_t *t = heap_alloc_pages(1);
        if (!t) return -XEN_ENOMEM;
        d->mm.direct_l3[gib] = maddr_of(t) | TABLE;
    }
    if (l1 == invalid_l1) {
        l1 = heap_alloc_pages(1);
        if (!l1) return -XEN_ENOMEM;
        memcpy(l1, invalid_l1, PAGE_SIZE);
        WRITE_ONCE(l2[gib], maddr_of(l1) | TABLE_U);
    }
    memset(&m2p[(uint64_t)chunk * CHUNK_FRAMES], 0xff, CHUNK_FRAMES * 8);
    table_at(d->mm.direct_l3[gib])[i] = (maddr_t)chunk << CHUNK_SHIFT | TABLE | PTE_PSE | PTE_NX;
    l1[i] = m2p_page(chunk) | PTE_P | PTE_U | PTE_A | PTE_NX;
    return 0;
}

void aspace_remove_chunk(struct domain *d, uint32_t chunk)
{
    uint32_t gib = chunk / CHUNKS_GIB, i = chunk % CHUNKS_GIB;
    uint64_t *l1 = table_at(table_at(d->mm.m2p_l3[0])[gib]);

    table_at(d->mm.direct_l3[gib])[i] = 0;
    l1[i] = invalid_l1[0];
    memset(&m2p[(uint64_t)chunk * CHUNK_FRAMES], 0xff, CHUNK_FRAMES * 8);
}

maddr_t aspace_enter(struct domain *d)
{
    maddr_t previous = this_cpu()->cr3;

    load_cr3(d->mm.hv_l4 << PAGE_SHIFT);
    return previous;
}

void aspace_leave(maddr_t previous)
{
    load_cr3(previous);
}

void set_m2p(mfn_t mfn, uint64_t pfn)
{
    m2p[mfn] = pfn;
}
