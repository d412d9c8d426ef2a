/* SPDX-License-Identifier: MIT */
/* What reference values and evidence say, for people and as JSON. */
#ifndef VERIFY_EXPLAIN_H
#define VERIFY_EXPLAIN_H

#include "../verify/refvalues.h"

/* Each digest of the reference set, and what it is made of. */
void verify_explain_refs(const struct refvalues *refs);

/* The evidence's contents, unverified: 0, or 1 when it does not parse. */
int verify_explain_evidence(struct bytes input, bool json);

#endif
