/* SPDX-License-Identifier: MIT */
/* One-shot timers, a queue for each CPU, on the LAPIC timer. */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include "types.h"

struct timer {
    void (*fn)(void *arg); /* runs on the timer's CPU from the timer interrupt, no locks held */
    void *arg;
    ns_t deadline;
    uint32_t cpu;     /* whose queue; changes under that queue's lock */
    uint32_t running; /* atomic: CPU + 1 that is in fn now */
    uint8_t armed;
    struct timer *parent, *left, *right; /* place in the queue's heap */
};

void timer_init_cpu(void); /* on each CPU, once */
void timer_init(struct timer *t, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, ns_t deadline); /* (re)arms on this CPU; past deadlines fire at once */
/* After it returns fn neither runs nor will run (unless called from fn). It waits for a fn that runs on another CPU: no
 * lock that fn takes may be held (scheduler's and event channels' for the vCPUs' timers). */
void timer_stop(struct timer *t);
void timer_interrupt(void); /* VECTOR_TIMER handler, EOI done by the caller */

#endif
