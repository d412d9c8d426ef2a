/* SPDX-License-Identifier: MIT */
/* Simulated CPUs in simulated time, for the scheduler, the timers and the event channels together. */
#ifndef SCHED_SIM_H
#define SCHED_SIM_H

#include "hv_fakes.h"
#include "event/evtchn.h"
#include "hypercall/hypercall.h"
#include "lib.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "time/timer.h"
#include <xen/sched.h>
#include <xen/vcpu.h>

#define US   1000ul
#define MS   1000000ul
#define STEP (50 * US)

/* What a simulated guest does: runs for `run`, then sleeps for `sleep` (0: never sleeps). */
struct load {
    ns_t run, sleep, left, ran;
    ns_t woken_at, worst_latency;
    struct timer alarm;
};

extern ns_t idle_while_others_wait; /* of the last simulate() */

void setup_cpus(unsigned int n);
int clean_up(void **state); /* teardown of each test */
struct domain *domain_with(uint32_t vcpus, uint32_t weight, uint32_t cap);
struct load *load_of(struct vcpu *v);
void start(struct domain *d, ns_t run, ns_t sleep);
void simulate(ns_t length, struct domain **ds, size_t n);
void exit_path(void); /* as the way back to a guest does it, on the running CPU */

#endif
