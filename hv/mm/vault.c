/* SPDX-License-Identifier: MIT */
/* The vault: pages that no address space maps but its own, which no guest ever runs in. They come from a chunk, not
 * from the heap, which is always mapped. */
#include "hv.h"
#include "mm/vault.h"
#include "mm/chunk.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/pte.h"
#include "mm/frame.h"
#include "measure/measure.h"

#define TABLE (PTE_P | PTE_W | PTE_A | PTE_D)

/* Not DOMID_HV: when start-up ends, paging_end_boot() frees such chunks where they hold none of the hypervisor itself.
 */
#define DOMID_VAULT 0xfffdu

static maddr_t vault_l4;
static uint32_t vault_chunk;

void vault_init(void)
{
    static struct domain owner = {.domid = DOMID_VAULT};
    uint32_t chunk = chunk_take(&owner);
    uint64_t *l4 = heap_alloc_pages(1), *l3 = heap_alloc_pages(1), *l2 = heap_alloc_pages(1);

    if (chunk == CHUNK_NONE || !l4 || !l3 || !l2) panic("no memory for the vault");
    memcpy(&l4[HV_SLOT_FIRST], &idle_l4[HV_SLOT_FIRST], (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * 8);
    l4[263] = (maddr_t)heap_mfn(l3) << PAGE_SHIFT | TABLE;
    l3[0] = (maddr_t)heap_mfn(l2) << PAGE_SHIFT | TABLE;
    l2[0] = (maddr_t)chunk << CHUNK_SHIFT | TABLE | PTE_PSE | PTE_NX;
    vault_l4 = (maddr_t)heap_mfn(l4) << PAGE_SHIFT;
    vault_chunk = chunk;
    memset((void *)((maddr_t)chunk << CHUNK_SHIFT), 0, CHUNK_SIZE);
}

static maddr_t came_from[CPUS_MAX];

void *vault_enter(void)
{
    ASSERT(chunk_info[vault_chunk].owner == DOMID_VAULT);
    came_from[current_cpu()] = this_cpu()->cr3;
    load_cr3(vault_l4);
    return (void *)VAULT_BASE;
}

/* What the arithmetic left on the stack below this frame is wiped. */
void vault_leave(void)
{
    char *low = (char *)((uint64_t)this_cpu() & ~(STACK_BLOCK - 1)) + STACK_MAIN;
    char *here = __builtin_frame_address(0);

    memset(low, 0, (size_t)(here - 256 - low));
    load_cr3(came_from[current_cpu()]);
}
