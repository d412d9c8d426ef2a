/* SPDX-License-Identifier: MIT */
/* What the hypervisor's event, scheduling and time code stands on, faked: CPUs, clock, local APIC timers, locks that
 * fail the test when misused, memory, the monitor, domains. */
#ifndef HV_FAKES_H
#define HV_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "types.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "monitor/permissions.h"

extern ns_t fake_now;
extern ns_t fake_lapic[CPUS_MAX]; /* when the timer of that CPU fires, ~0: not armed */
extern unsigned int fake_kicks[CPUS_MAX];
extern unsigned int fake_shutdowns; /* domain_shutdown() calls */
extern uint32_t fake_ceiling;       /* the most that monitor_within() lets pass; 0: any */
extern int fake_monitor_rc;         /* what monitor_check() says */
extern enum bh_perm fake_last_perm;
extern const struct domain *fake_last_object;
extern unsigned int fake_pages; /* heap pages that are out */
extern bool fake_preempt;       /* what hypercall_preempt() says */
extern bool fake_again;         /* hypercall_again() was called */

void fakes_reset(unsigned int cpus);
struct domain *fake_domain(uint32_t vcpus);
void fake_domain_free(struct domain *d);
void fake_run(struct vcpu *v); /* makes it current on the running CPU */

#endif
