/* SPDX-License-Identifier: MIT */
/* A domain's frames, given back and taken again within its own chunks. */
#ifndef HV_RESERVE_H
#define HV_RESERVE_H

#include "types.h"
#include "hypercall/operations.h"

struct domain;
/* d->mm.lock held, release queue empty, d current. */
int reserve_take(struct domain *d, uint64_t pfn, mfn_t *mfn); /* zeroed; -ENOMEM */
/* -EINVAL: not the guest's; -EBUSY: it has references (mapped, pinned, granted). Scrubbed. */
int reserve_give(struct domain *d, mfn_t mfn);
/* On and off the list of frames that the guest has not; off it they are the guest's. No more than that. */
void reserve_push(struct domain *d, mfn_t mfn);
void reserve_pull(struct domain *d, mfn_t mfn);
long exchange_op(enum operation op, uint64_t cmd, uint64_t arg); /* XENMEM_exchange, exchange.c */

#endif
