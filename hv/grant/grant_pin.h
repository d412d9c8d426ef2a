/* SPDX-License-Identifier: MIT */
/* A pin: one use of a grant (or of a domain's own frame) that keeps its frame where and what it is. */
#ifndef HV_GRANT_PIN_H
#define HV_GRANT_PIN_H

#include "types.h"
#include "grant/grant_entry.h"

struct domain;

/* Both mm.locks, in the order of ids; a and b may be the same domain. */
void grant_lock(struct domain *a, struct domain *b);
void grant_unlock(struct domain *a, struct domain *b);

/* With owner->mm.lock held. A frame of owner's RAM, writable where `write`: a reference. GNTST_okay or
 * GNTST_general_error. */
int16_t grant_frame_get(struct domain *owner, mfn_t mfn, bool write);
void grant_frame_put(struct domain *owner, mfn_t mfn, bool write);

/* With granter->mm.lock held: `uses` of the entry, with a reference to its frame each. GNTST_bad_gntref: no such entry.
 */
int16_t grant_pin(struct domain *granter, uint32_t ref, struct domain *grantee, bool write, unsigned int uses,
                  uint32_t *frame);
/* Gives back one use. */
void grant_unpin(struct domain *granter, uint32_t ref, uint32_t frame, bool write);

#endif
