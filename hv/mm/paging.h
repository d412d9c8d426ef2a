/* SPDX-License-Identifier: MIT */
/* The hypervisor's own page tables. */
#ifndef HV_PAGING_H
#define HV_PAGING_H

#include "types.h"

struct domain;

/* Boot only: physical pages from the pool, reached through the boot identity map. */
maddr_t early_alloc(size_t pages);
/* Chooses the pool, builds the global tables and the frame table, loads the idle L4 (the identity map stays
 * until paging_end_boot). Panics when memory is too small. */
void paging_init(void);
void paging_end_boot(void);
extern uint64_t *idle_l4; /* heap address */
extern maddr_t idle_l4_maddr;
extern uint64_t max_maddr; /* end of RAM */
extern uint64_t total_ram, pool_bytes;
extern uint64_t *m2p; /* the hypervisor's own machine-to-physical table */
#define INVALID_M2P (~0ul)
extern maddr_t m2p_maddr;

void load_cr3(maddr_t l4); /* and notes it in cpu_info */
static inline void invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}
/* A PTE of slot 261, for windows, descriptors and stubs. */
uint64_t *percpu_pte(uint64_t va);

/* A domain's own part of the address space. */
int aspace_create(struct domain *d);
void aspace_destroy(struct domain *d);
int aspace_add_chunk(struct domain *d, uint32_t chunk); /* direct map and M2P view; -ENOMEM */
void aspace_remove_chunk(struct domain *d, uint32_t chunk);
/* Loads d's address space without any guest half; returns what to hand to aspace_leave. */
maddr_t aspace_enter(struct domain *d);
void aspace_leave(maddr_t previous);
void set_m2p(mfn_t mfn, uint64_t pfn);

#endif
