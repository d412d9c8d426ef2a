/* SPDX-License-Identifier: MIT */
#ifndef HV_SCHED_TYPES_H
#define HV_SCHED_TYPES_H

#include "types.h"

/* The scheduler engineer's to extend. */
struct sched_vcpu {
    uint32_t running_on; /* CPU + 1 while a CPU has it loaded, 0 else (set by sched_next, cleared by sched_vcpu_saved) */
};
struct domain_sched {
    uint32_t weight, cap;
};

#endif
