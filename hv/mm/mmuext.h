/* SPDX-License-Identifier: MIT */
#ifndef HV_MMUEXT_H
#define HV_MMUEXT_H

#include "types.h"

/* Set in a restarted call's count: the fifth argument then holds what was done before. */
#define MMU_UPDATE_PREEMPTED 0x80000000u

struct domain;
struct vcpu;
/* CPUs on which these vCPUs run now. */
uint64_t vcpus_to_cpus(struct domain *d, uint64_t vcpus);
/* What guests see of an internal error: a frame in use as another type is an invalid argument to them. */
int mm_guest_error(int rc);
/* Takes a base pointer's reference and puts the old one; d->mm.lock held. */
struct allowance;
int mmuext_new_base(struct vcpu *v, mfn_t mfn, bool user, struct allowance *a);

#endif
