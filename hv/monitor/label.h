/* SPDX-License-Identifier: MIT */
/*
 * A label: what the policy knows of a domain. Two domains with the same label are the same to the
 * reference monitor. Given at creation, never changed.
 */
#ifndef BULKHEAD_LABEL_H
#define BULKHEAD_LABEL_H

#include <stdint.h>

struct label {
    uint16_t type;        /* index into the running policy's type names */
    uint16_t compartment; /* 0..BH_COMPARTMENT_MAX: category cN of the policy */
};

#endif
