/* SPDX-License-Identifier: MIT */
/* TLB flushes across CPUs. A domain's translations live only on CPUs that have its address space loaded now
 * (running_cpus): loading another one drops them, no guest entry is global. */
#include "hv.h"
#include "mm/tlb.h"
#include "mm/paging.h"
#include "cpu/io.h"
#include "cpu/lapic.h"

void tlb_flush_local(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
}

void tlb_answer(void)
{
    struct cpu_info *c = this_cpu();
    uint32_t request = __atomic_load_n(&c->flush_request, __ATOMIC_SEQ_CST);

    if (request != c->flush_done) {
        tlb_flush_local();
        __atomic_store_n(&c->flush_done, request, __ATOMIC_RELEASE);
    }
}

/* Waits for all: each of them answers from the kick, from its way back to a guest, or while it waits for a lock. */
void tlb_flush_mask(uint64_t mask)
{
    uint64_t others = mask & ~(1ul << current_cpu());
    uint32_t request[CPUS_MAX];

    for (uint64_t m = others; m; m &= m - 1) {
        unsigned int cpu = (unsigned int)__builtin_ctzl(m);
        request[cpu] = __atomic_add_fetch(&cpu_infos[cpu]->flush_request, 1, __ATOMIC_SEQ_CST);
        cpu_kick(cpu);
    }
    if (mask & (1ul << current_cpu())) tlb_flush_local();
    for (uint64_t m = others; m; m &= m - 1) {
        unsigned int cpu = (unsigned int)__builtin_ctzl(m);
        while ((int32_t)(__atomic_load_n(&cpu_infos[cpu]->flush_done, __ATOMIC_ACQUIRE) - request[cpu]) < 0) {
            tlb_answer();
            cpu_relax();
        }
    }
}

/* A CPU that is not in the mask loads d's tables after this, and so sees what was written to them before: the fence
 * keeps those stores from waiting behind the load. */
uint64_t tlb_cpus(const struct domain *d)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&d->running_cpus, __ATOMIC_SEQ_CST);
}

void tlb_flush_domain(struct domain *d)
{
    __atomic_fetch_add(&d->mm.tlb_clock, 1, __ATOMIC_SEQ_CST);
    tlb_flush_mask(tlb_cpus(d));
}
