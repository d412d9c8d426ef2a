/* SPDX-License-Identifier: MIT */
/* What a policy that is being loaded says about sharing between domains; between policy_load.c and the folders that
 * know the mappings (grant/grant_revoke.c) and bindings (event/evtchn_revoke.c). */
#ifndef HV_SHARING_H
#define HV_SHARING_H

#include "types.h"
#include "hypercall/operations.h"

struct domain;

/* For whoever holds policy_lock: does the policy that is being loaded (after the swap: the one in force) let `subject`
 * do that to `object`? */
bool sharing_allowed(struct domain *subject, struct domain *object, enum operation op);
/* One more mapping (a reference of `object`) or binding (a port of `subject`) that it forbids, for the list. */
void sharing_forbidden(const struct domain *subject, const struct domain *object, uint32_t kind, uint32_t number);

/* To be called where something has just been shared, before the lock of the subject's mappings or bindings is let go:
 * while a load looks for what its policy forbids, what comes behind its back has to make it look again. */
extern uint32_t sharing_watched;
void sharing_note(const struct domain *subject, const struct domain *object, enum operation op);
static inline void sharing_made(const struct domain *subject, const struct domain *object, enum operation op)
{
    if (unlikely(READ_ONCE(sharing_watched))) sharing_note(subject, object, op);
}

#endif
