/* SPDX-License-Identifier: MIT */
/* One-shot timers, a queue for each CPU, on the LAPIC timer. */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include "types.h"

struct timer {
    void (*fn)(void *arg); /* runs on the timer's CPU from the timer interrupt, no locks held */
    void *arg;
    ns_t deadline;
    uint32_t cpu;          /* whose queue */
    int32_t index;         /* place in the queue's heap, -1: not armed */
};

void timer_init_cpu(void);                       /* on each CPU, once */
void timer_init(struct timer *t, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, ns_t deadline);  /* (re)arms on this CPU; past deadlines fire at once */
void timer_stop(struct timer *t);                /* after it returns fn neither runs nor will run (unless called from fn) */
void timer_interrupt(void);                      /* VECTOR_TIMER handler, EOI done by the caller */

#endif
