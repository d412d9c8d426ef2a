/* SPDX-License-Identifier: MIT */
/* Taking a staged policy into force while domains run (BH_POLICY_COMMIT).
 *
 * Steps, each bounded, one a restart of the call: parse, verify, label (each living domain's label in the new policy),
 * look for grant mappings and event bindings that it forbids; then, with all other CPUs at a stop outside of any
 * hypercall (cpu/rendezvous.h), measure and swap; then take down what is forbidden; then give back memory.
 *
 * Up to the swap a commit may be given up at any point, and one that is not continued for a second is. From the swap on
 * it goes on by itself: the CPUs' scheduling carries it, whether its caller comes back or not, and until all is taken
 * down no report is begun. */
#ifndef HV_POLICY_LOAD_H
#define HV_POLICY_LOAD_H

#include "types.h"
#include "hypercall/operations.h"

struct domain;

long policy_commit_op(enum operation op, uint64_t arg);
/* A restart. It asks nothing: the policy that was allowed to come may not allow the call that brings it. */
long policy_commit_goes_on(uint64_t arg, uint64_t ticket);

/* Something is left to take down or to give back. guest_exit() does a step of it whenever it schedules. */
extern bool policy_work_left;
void policy_load_work(void);
/* The policy in force forbids sharing that still stands: no report is begun. */
extern bool policy_taking_down;

/* policy_lock held: a commit is under way, so nothing may be staged. One that was given up ends here. */
bool policy_load_active(void);

#endif
