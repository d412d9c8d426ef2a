/* SPDX-License-Identifier: MIT */
#include "hypercall/ask.h"

int ask_refused(enum operation op, uint64_t id)
{
    const struct operation_row *o = &operations[op];
    struct domain *d = current->domain;

    return monitor_check(d, o->object == BH_OBJECT_SELF ? d : NULL, (enum bh_perm)o->perm, id);
}

int ask_about(enum operation op, const struct domain *object, uint64_t id)
{
    this_cpu()->asked = operations[op].of;
    return op == OP_NONE ? -XEN_EPERM : monitor_check(current->domain, object, (enum bh_perm)operations[op].perm, id);
}

int ask_hardware(enum operation op, uint64_t first, uint64_t last)
{
    this_cpu()->asked = operations[op].of;
    return monitor_check_hardware(current->domain, operations[op].perm, first, last);
}

int ask_label(enum operation op, const struct label *object)
{
    this_cpu()->asked = operations[op].of;
    return monitor_check_label(current->domain, object, 0, (enum bh_perm)operations[op].perm, 0);
}

enum operation ask_case(enum operation op, enum bh_perm perm)
{
    for (unsigned int i = op; i < OPERATION_COUNT && operations[i].of == op; i++)
        if (operations[i].perm == (uint8_t)perm) return (enum operation)i;
    return OP_NONE;
}
