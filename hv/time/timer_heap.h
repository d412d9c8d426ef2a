/* SPDX-License-Identifier: MIT */
/* A binary heap of timers by deadline, linked through the timers themselves: it needs no memory, so arming a timer
 * cannot fail, and every operation takes at most log2(count) steps, whatever deadlines guests choose.
 * The tree is complete: node n (from 1) is reached from the root by the bits of n after the first. */
#ifndef HV_TIMER_HEAP_H
#define HV_TIMER_HEAP_H

#include "time/timer.h"

struct timer_heap {
    struct timer *root; /* earliest; NULL when empty */
    uint32_t count;
};

void timer_heap_insert(struct timer_heap *h, struct timer *t);
void timer_heap_remove(struct timer_heap *h, struct timer *t); /* it is in h */

#endif
