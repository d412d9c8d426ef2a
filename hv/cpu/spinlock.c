/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "cpu/io.h"
#include "mm/tlb.h"

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock)SPINLOCK(rank);
}

static void note_taken(struct spinlock *l, bool nested)
{
    struct cpu_info *c = this_cpu();

    if (HV_DEBUG && l->rank && l->rank != RANK_CONSOLE && (c->held_ranks >> l->rank) > (nested ? 1u : 0u))
        panic("lock rank %u taken while ranks %x are held", l->rank, c->held_ranks);
    c->held_ranks |= 1u << l->rank;
    l->cpu = (uint16_t)(c->cpu + 1);
}

static void take(struct spinlock *l, bool nested)
{
    uint32_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket) {
        tlb_answer();
        cpu_relax();
    }
    note_taken(l, nested);
}

void spin_lock(struct spinlock *l)
{
    take(l, false);
}

void spin_lock_nested(struct spinlock *l)
{
    take(l, true);
}

bool spin_trylock(struct spinlock *l)
{
    uint32_t serving = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);

    if (!__atomic_compare_exchange_n(&l->next, &(uint32_t){serving}, serving + 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    l->cpu = (uint16_t)(this_cpu()->cpu + 1);
    this_cpu()->held_ranks |= 1u << l->rank;
    return true;
}

/* With two locks of a rank held, the bit goes with the first release: the checks only get weaker by that. */
void spin_unlock(struct spinlock *l)
{
    this_cpu()->held_ranks &= ~(1u << l->rank);
    l->cpu = 0;
    __atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}

bool spin_is_held(const struct spinlock *l)
{
    return l->cpu == this_cpu()->cpu + 1;
}
