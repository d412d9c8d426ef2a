/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

#define BATCH 16u

void refusal_mark(struct hvcall *hv, struct refusal *r)
{
    struct bh_audit_read op = {.count = 0};

    *r = (struct refusal){.newest = UINT64_MAX};
    if (hvcall_op(hv, BH_AUDIT_READ, &op, sizeof(op)) >= 0) r->newest = op.newest;
}

const char *refusal_explain(struct hvcall *hv, struct refusal *r)
{
    const struct bh_audit_record *record = hvcall_buffer(hv);
    struct bh_audit_read op = {.seq = r->newest + 1, .count = BATCH, .data = (uintptr_t)record};

    while (r->newest != UINT64_MAX && hvcall_op(hv, BH_AUDIT_READ, &op, sizeof(op)) >= 0 && op.count) {
        for (uint32_t i = 0; i < op.count && i < BATCH; i++)
            if (record[i].source == 0 && !record[i].allowed)
                snprintf(r->text, sizeof(r->text), "%.15s:%.23s on %.47s:c%u: %.31s", record[i].class_name,
                         record[i].perm_name, record[i].target_type, record[i].target_compartment, record[i].reason);
        op.seq += op.count;
        op.count = BATCH;
    }
    return r->text[0] ? r->text : "no record says why (see bhctl audit)";
}
