/* SPDX-License-Identifier: MIT */
#ifndef HV_CONTEXT_H
#define HV_CONTEXT_H

#include "domain/domain.h"

struct vcpu_guest_context;
/* VCPUOP_initialise: validates a context of the current domain's for v, which is offline and has none yet, and takes
 * the references of its page-table base and GDT. c is a copy in hypervisor memory. -EAGAIN: restart. d->mm.lock is not
 * held. */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
/* Sanitises registers for ring 3. */
void vcpu_sanitise(struct cpu_regs *r);

#endif
