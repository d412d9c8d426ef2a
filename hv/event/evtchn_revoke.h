/* SPDX-License-Identifier: MIT */
/* Event channels between domains that a new policy forbids: finding them and taking them down. policy_lock is held by
 * the caller. A binding is looked at from the end that did the binding; the other end opened the port for it. */
#ifndef HV_EVTCHN_REVOKE_H
#define HV_EVTCHN_REVOKE_H

#include "types.h"

struct domain;

/* Looks at some of d's ports from *at on, and says which are forbidden (sharing.h). true: all were looked at. */
bool evtchn_revoke_find(struct domain *d, uint32_t *at);
/* The same, and disconnects them: both ends are unbound ports then, which their domains close when they like. */
bool evtchn_revoke_step(struct domain *d, uint32_t *at);

#endif
