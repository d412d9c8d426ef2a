/* SPDX-License-Identifier: MIT */
/*
 * Memory. All memory of the domain appears at base + (pfn << 12), base being the kernel's virtual base
 * (0 or a high address): the hypervisor maps the first part so, this code extends it on demand.
 */
#ifndef RT_MM_H
#define RT_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_hyper.h"

#define RT_P   0x001ull
#define RT_W   0x002ull
#define RT_U   0x004ull
#define RT_PWT 0x008ull
#define RT_PCD 0x010ull
#define RT_A   0x020ull
#define RT_D   0x040ull
#define RT_PSE 0x080ull
#define RT_G   0x100ull
#define RT_NX  (1ull << 63)
/* The guest's kernel runs in ring 3 too, so all its pages are user pages to the CPU. */
#define RT_RO    (RT_P | RT_U | RT_A)
#define RT_RW    (RT_RO | RT_W | RT_D)
#define RT_TABLE (RT_RW)

#define RT_MFN_MASK 0x000ffffffffff000ull
/* What the hypervisor must keep of an entry; it may add the user and global bits. */
#define RT_PTE_KEPT     (~(RT_U | RT_G))
#define RT_MFN_INVALID  (~0ul)
#define rt_pte_mfn(pte) (((pte)&RT_MFN_MASK) >> 12)

void rt_mm_init(void);

/* Frame numbers. A pfn out of range, or without a frame, gives RT_MFN_INVALID. */
unsigned long rt_mm_pages(void);
uint64_t rt_mm_mfn(unsigned long pfn);
void rt_mm_set_mfn(unsigned long pfn, uint64_t mfn);
unsigned long rt_mm_m2p(uint64_t mfn);
void *rt_mm_va(unsigned long pfn);
unsigned long rt_mm_pfn(const void *va);
uint64_t rt_mm_va_mfn(const void *va);

/* A zeroed page, mapped writable in the linear map; null when there is no more. */
void *rt_page_alloc(void);
void rt_page_free(void *page);

/* A pfn that has a frame but is in no mapping of ours: free for balloon and exchange tests. 0 when none. */
unsigned long rt_mm_take_unmapped(void);

/* Tables of the current address space (level 1 to 4). rt_mm_entry gives the linear-map address of the
 * entry that translates va at the level, or null when an upper one is absent. */
uint64_t *rt_mm_entry(uint64_t va, unsigned level);
uint64_t rt_mm_entry_ma(uint64_t va, unsigned level); /* its machine address, 0 when absent */
uint64_t *rt_mm_l4(void);

/* Writes one page-table entry by mmu_update; ma is its machine address. 0 or -errno. */
long rt_mm_write(uint64_t ma, uint64_t entry);

/* Maps va to the entry given (frame and flags), making the tables on the way. 0 or -errno. */
long rt_mm_map(uint64_t va, uint64_t entry);
long rt_mm_unmap(uint64_t va);

/* Changes the linear-map entry of a page and flushes it: RT_RO, RT_RW, or 0 for no mapping. */
long rt_mm_protect(const void *page, uint64_t flags);

/* mmuext_op with one operation: pins a frame at a level, unpins, ... */
long rt_mm_pin(unsigned level, uint64_t mfn);
long rt_mm_unpin(uint64_t mfn);
long rt_mm_ext(unsigned cmd, uint64_t mfn_or_va, uint64_t arg2);

/* True when a byte at va can be read (written) without a fault. */
bool rt_mm_can_read(const void *va);
bool rt_mm_can_write(void *va);

#endif
