/* SPDX-License-Identifier: MIT */
/* Why the policy refused a call of this domain: its newest record in the audit ring. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "hvcall.h"

struct refusal {
    uint64_t newest; /* number of the newest record before the call */
    char text[160];  /* "domain:create on tenant_t:c5: ceiling memory" */
};

/* Before the call. Whoever may not read the ring learns no reasons. */
void refusal_mark(struct hvcall *hv, struct refusal *r);
/* After a call that was refused; r->text, or a sentence that says why there is none. hvcall_buffer() is used. */
const char *refusal_explain(struct hvcall *hv, struct refusal *r);

#endif
