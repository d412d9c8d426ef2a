/* SPDX-License-Identifier: MIT */
/*
 * What the policy's rules say about domains to be: compartments that a creator may give, ceilings, conflict sets,
 * launches. (Whether the creator may create that type at all is a permission, monitor.h.) Every refusal is -EACCES and
 * has a record in the audit ring.
 */
#ifndef BULKHEAD_ADMIT_H
#define BULKHEAD_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead.h>

#include "label.h"
#include "permissions.h"
#include "policy_format.h"

struct domain;

/* May the creator give that label and those resources? 0 or -EACCES ("compartment", "ceiling memory", ...). */
int admit_create(struct domain *creator, const struct bh_dom_create *c, const struct label *label);

/* May the domain live beside those in the list (by ->next), and after those that were? 0 or -EACCES ("conflict NAME",
 * recorded for `creator`; the boot domain has none and is not asked). Then it counts as having lived in this boot. The
 * list's lock is held. */
int admit_enlist(struct domain *creator, const struct domain *d, const struct domain *list);

/* May the domain start with what was measured? 0 or -EACCES ("launch"; "signature": somebody vouched for it wrongly).
 */
int admit_launch(struct domain *builder, const struct domain *d, bool wrong_signature);

/* May the domain be given that share of the CPUs? 0 or -EACCES ("ceiling weight", "ceiling cap"). */
int admit_share(struct domain *subject, const struct domain *d, uint32_t weight, uint32_t cap);

/* May somebody with that label have `wanted` of it? 0 or -EACCES ("ceiling ..."), recorded under the permission that
 * gives it. */
int admit_within(struct domain *subject, const struct label *label, uint32_t target_id, enum policy_limit limit,
                 uint64_t wanted);

/* Does the policy tie this label to launches? */
bool admit_launch_bound(const struct label *label);

/* Another policy is in force; all other CPUs are stopped. */
void admit_adopted(void);

#endif
