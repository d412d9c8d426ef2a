/* SPDX-License-Identifier: MIT */
#include "hypercall/ask.h"

int ask_about(enum operation op, const struct domain *object, uint64_t id)
{
    this_cpu()->asked = operations[op].of;
    return op == OP_NONE ? -XEN_EPERM : monitor_check(current->domain, object, operations[op].perm, id);
}

int ask_label(enum operation op, const struct label *object)
{
    this_cpu()->asked = operations[op].of;
    return monitor_check_label(current->domain, object, 0, operations[op].perm, 0);
}

enum operation ask_case(enum operation op, enum bh_perm perm)
{
    for (unsigned int i = op; i < OPERATION_COUNT && operations[i].of == op; i++)
        if (operations[i].perm == perm)
            return (enum operation)i;
    return OP_NONE;
}
