/* SPDX-License-Identifier: MIT */
/* What of chance the CPU has to offer. */
#ifndef HV_ENTROPY_H
#define HV_ENTROPY_H

#include "types.h"

struct entropy {
    uint64_t random[8];  /* RDRAND; zeros where there is none */
    uint64_t jitter[64]; /* how long small things took, in TSC ticks */
};

/* Whether RDRAND answered. */
bool entropy_collect(struct entropy *e);

#endif
