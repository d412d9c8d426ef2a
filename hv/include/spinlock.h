/* SPDX-License-Identifier: MIT */
/* Ticket spinlocks with ranks. Interrupts are always off in the hypervisor, so no irqsave forms.
 *
 * Order: a CPU takes locks in rising rank; two locks of one rank only where noted (domain locks in
 * rising domain id, by spin_lock_nested). Debug builds stop on an inversion. While it waits, a CPU
 * answers TLB-flush requests: a holder may wait for all CPUs to flush. */
#ifndef HV_SPINLOCK_H
#define HV_SPINLOCK_H

#include "types.h"

enum lock_rank {
    RANK_POLICY = 1,   /* a policy that is being loaded; by spin_trylock() only (cpu/rendezvous.h) */
    RANK_DOMAIN_BUILD, /* a domain's building state, and its end */
    RANK_DOMLIST,      /* list of domains */
    RANK_MM,           /* a domain's frames, tables and grants (two: by domain id) */
    RANK_GRANT,
    RANK_EVENT,   /* a domain's event channels (two: by domain id) */
    RANK_CHUNK,   /* free chunks */
    RANK_DEVICE,  /* IO-APIC, PCI, pirqs */
    RANK_SCHED,   /* a CPU's run queue (two: by CPU number) */
    RANK_MEASURE, /* TPM, event log, keys */
    RANK_TIMER,
    RANK_AUDIT,
    RANK_HEAP,
    RANK_FLUSH,
    RANK_CONSOLE,
};

struct spinlock {
    uint32_t next;
    uint32_t serving;
    uint16_t rank;
    uint16_t cpu; /* holder + 1, for debugging */
};

#define SPINLOCK(r)                                                                                                    \
    {                                                                                                                  \
        .rank = (r)                                                                                                    \
    }
void spin_init(struct spinlock *l, enum lock_rank rank);
void spin_lock(struct spinlock *l);
void spin_lock_nested(struct spinlock *l); /* a second lock of the same rank, order kept by the caller */
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
bool spin_is_held(const struct spinlock *l); /* by this CPU */

#endif
