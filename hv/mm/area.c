/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "mm/area.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/pte.h"
#include "mm/tlb.h"

#define TABLE (PTE_P | PTE_W | PTE_A | PTE_D)

static uint64_t *area_l2; /* the first GiB of slot 264; area n from entry n * AREA_CHUNKS on */
static uint32_t area_chunks[AREAS];

#define AREA_CHUNKS (AREA_SIZE >> CHUNK_SHIFT)

void area_init(void)
{
    uint64_t *l3 = heap_alloc_pages(1);

    area_l2 = heap_alloc_pages(1);
    if (!l3 || !area_l2) panic("no memory for the policy areas' tables");
    l3[0] = (maddr_t)heap_mfn(area_l2) << PAGE_SHIFT | TABLE;
    idle_l4[264] = (maddr_t)heap_mfn(l3) << PAGE_SHIFT | TABLE;
}

void *area_base(unsigned int n)
{
    return (void *)(AREA_BASE + n * AREA_SIZE);
}

size_t area_size(unsigned int n)
{
    return area_chunks[n] << CHUNK_SHIFT;
}

int area_grow(unsigned int n)
{
    static struct domain owner = {.domid = DOMID_HV};
    uint32_t chunk = area_chunks[n] < AREA_CHUNKS ? chunk_take(&owner) : CHUNK_NONE;

    if (chunk == CHUNK_NONE) return -XEN_ENOMEM;
    WRITE_ONCE(area_l2[n * AREA_CHUNKS + area_chunks[n]++],
               (maddr_t)chunk << CHUNK_SHIFT | TABLE | PTE_PSE | PTE_NX); /* not global: a flush takes it */
    return 0;
}

bool area_shrink(unsigned int n)
{
    if (!area_chunks[n]) return true;
    uint64_t *entry = &area_l2[n * AREA_CHUNKS + --area_chunks[n]];
    uint32_t chunk = (uint32_t)((*entry & PTE_ADDR) >> CHUNK_SHIFT);
    memset((char *)area_base(n) + ((size_t)area_chunks[n] << CHUNK_SHIFT), 0, CHUNK_SIZE);
    WRITE_ONCE(*entry, 0);
    tlb_flush_mask(cpus_online == CPUS_MAX ? ~0ul : (1ul << cpus_online) - 1);
    chunk_release(chunk);
    return !area_chunks[n];
}
