/* SPDX-License-Identifier: MIT */
#include "cpu/rendezvous.h"
#include "cpu/io.h"
#include "cpu/percpu.h"
#include "mm/tlb.h"

static uint32_t stopping, stopped; /* atomic: a stop is wanted; CPUs that stand */

/* A CPU clears need_resched before it looks at `stopping`, so it either sees the stop or passes here again. */
void rendezvous_begin(void)
{
    __atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
    for (unsigned int cpu = 0; cpu < cpus_online; cpu++) {
        if (cpu == current_cpu()) continue;
        __atomic_store_n(&cpu_infos[cpu]->need_resched, 1, __ATOMIC_SEQ_CST);
        cpu_kick(cpu);
    }
    while (__atomic_load_n(&stopped, __ATOMIC_SEQ_CST) != cpus_online - 1) {
        tlb_answer();
        cpu_relax();
    }
}

/* Waits until all have left, so that the next stop counts anew. */
void rendezvous_end(void)
{
    __atomic_store_n(&stopping, 0, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&stopped, __ATOMIC_SEQ_CST))
        cpu_relax();
}

void rendezvous_join(void)
{
    if (likely(!__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))) return;
    __atomic_fetch_add(&stopped, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST)) {
        tlb_answer();
        cpu_relax();
    }
    __atomic_fetch_sub(&stopped, 1, __ATOMIC_SEQ_CST);
}
