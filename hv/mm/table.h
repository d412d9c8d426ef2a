/* SPDX-License-Identifier: MIT */
/* Page-table validation. All with d->mm.lock held and d's address space loaded.
 *
 * Invariants
 *  1. A table frame (FT_L1..FT_L4) holds one reference for each of its entries [0, progress) and none for the others.
 *  2. While progress > 0 no writable mapping of the frame exists (its type is not FT_WRITABLE), so its contents
 *     change only through pte_commit().
 *  3. typeref > 0 implies progress == 512, except inside table_validate() itself.
 *  4. When typeref of a table falls to 0 and progress > 0, it is on the release queue; queued tables give back
 *     their references one table at a time (table_drain), so no operation recurses or runs long.
 *  5. A frame changes type only with typeref 0 and progress 0, and after a flush of the domain's translations when
 *     the last use of the old type ended after the last complete flush (stamp).
 * Validation that runs out of allowance keeps its progress and continues when the call is restarted. */
#ifndef HV_TABLE_H
#define HV_TABLE_H

#include "types.h"
#include "mm/frame.h"

struct domain;

/* Tables that one restartable operation may still work on (a table is 512 entries). */
struct allowance {
    int tables;
};
#define ALLOWANCE_TABLES 48

/* A reference to mfn as an L1..L4 (level), validated if it is not yet. 0; -EINVAL if it is not valid, not d's;
 * -EBUSY if it is in use as another type; -EAGAIN when the allowance is used up: nothing held, restart. */
int table_get(struct domain *d, mfn_t mfn, unsigned int level, struct allowance *a);
void table_put(struct domain *d, mfn_t mfn);

/* Works on the release queue. true when it is empty. */
bool table_drain(struct domain *d, struct allowance *a);
/* Puts a table without users on the release queue, if it still holds references. */
void table_queue_release(struct domain *d, mfn_t mfn);

/* Drops what one table without users holds. */
void table_release_one(struct domain *d, mfn_t mfn, struct allowance *a);

/* Makes the frame's type `type`: typeref must be 0. One table's references are dropped if it held some. */
void frame_retype(struct domain *d, struct frame *f, mfn_t mfn, enum frame_type type);

static inline bool frame_is_table(const struct frame *f)
{
    return f->type >= FT_L1 && f->type <= FT_L4;
}

#endif
