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
    uint16_t epoch;       /* of the policy in force when these numbers were made */
    uint32_t clearance;   /* where in the running policy's file the bits of its clearance are, 0: it has none. It
                             follows from type and compartment */
};

#endif
