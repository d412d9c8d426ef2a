/* SPDX-License-Identifier: MIT */
/* Per-CPU windows: the only way to a frame of a domain that is not loaded. Mapped for the moment of one operation. */
#include "hv.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/pte.h"

void *window_map(mfn_t mfn)
{
    struct cpu_info *c = this_cpu();
    unsigned int slot = (unsigned int)__builtin_ctzl(~c->window_used);
    uint64_t va = WINDOW_BASE + (c->cpu * WINDOWS + slot) * PAGE_SIZE;

    ASSERT(slot < WINDOWS);
    c->window_used |= 1ul << slot;
    *percpu_pte(va) = (mfn << PAGE_SHIFT) | PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX;
    return (void *)va;
}

void window_unmap(void *hva)
{
    struct cpu_info *c = this_cpu();
    uint64_t va = (uint64_t)hva & PAGE_MASK;
    unsigned int slot = (unsigned int)((va - WINDOW_BASE) / PAGE_SIZE % WINDOWS);

    *percpu_pte(va) = 0;
    invlpg(va);
    c->window_used &= ~(1ul << slot);
}
