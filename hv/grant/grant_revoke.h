/* SPDX-License-Identifier: MIT */
/* Grant mappings that a new policy forbids: finding them and taking them from their mapper. policy_lock is held by the
 * caller, who asks for one domain after the other; both work in bounded steps. */
#ifndef HV_GRANT_REVOKE_H
#define HV_GRANT_REVOKE_H

#include "types.h"

struct domain;

/* Looks at some of d's mappings from *at on, and says which are forbidden (sharing.h). true: all were looked at. */
bool grant_revoke_find(struct domain *d, uint32_t *at);
/* Takes down what is forbidden of d's mappings. A frame that one of them maps loses all mappings that d has of it: a
 * page-table entry does not say which handle it came from. true: none is left. */
bool grant_revoke_step(struct domain *d);

#endif
