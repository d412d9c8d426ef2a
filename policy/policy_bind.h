/* SPDX-License-Identifier: MIT */
/* Rules (policy_rules.h) on the types of a policy (policy_flatten.h): into the sections of the file. */
#ifndef BULKHEAD_POLICY_BIND_H
#define BULKHEAD_POLICY_BIND_H

#include "policy_flatten.h"

/* 0, or -EINVAL with e->text: "FILE:LINE: ..." (a type that the policy does not have, lines that contradict each other,
 * too many). */
int policy_bind(const char *file, const struct policy_rules *rules, struct policy_flat *flat, struct policy_error *e);

#endif
