/* SPDX-License-Identifier: MIT */
/*
 * A label: what the policy knows of a domain. Two domains with the same label are the same to the
 * reference monitor. Given at creation, never changed; only the numbers by which it is known change
 * with a new policy (monitor_adopt()).
 */
#ifndef BULKHEAD_LABEL_H
#define BULKHEAD_LABEL_H

#include <stdint.h>

struct label {
    uint16_t type;        /* index into the running policy's type names */
    uint16_t compartment; /* 0..BH_COMPARTMENT_MAX: category cN of the policy */
    uint16_t clearance;   /* number + 1 of its struct policy_clearance in the running policy, 0: none.
                             It follows from the other two */
    uint16_t epoch;       /* of the policy in force when these numbers were made */
};

#endif
