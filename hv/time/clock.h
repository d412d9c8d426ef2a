/* SPDX-License-Identifier: MIT */
/* System time: nanoseconds since start, from the invariant TSC; pvclock for guests; wall clock. */
#ifndef HV_CLOCK_H
#define HV_CLOCK_H

#include "types.h"

void clock_init(void);              /* calibrates TSC and LAPIC timer (against PIT or ACPI PM timer), reads the RTC */
ns_t now_ns(void);
uint64_t clock_tsc_khz(void);
struct vcpu;
struct domain;
void clock_update_vcpu(struct vcpu *v);    /* writes info->time (and the registered area); v is current */
void clock_update_wallclock(struct domain *d); /* writes shared_info's wc_* fields */
int clock_set_wallclock(uint64_t sec, uint32_t nsec, ns_t system_time); /* XENPF_settime by dom0 */

#endif
