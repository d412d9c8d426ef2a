/* SPDX-License-Identifier: MIT */
/* System time: nanoseconds since start, from the invariant TSC; pvclock for guests; wall clock.
 *
 * The hypervisor computes time with the very formula and constants that guests get (xen.h, vcpu_time_info), from one
 * base for the whole life of the machine. So a guest's clock and ours never drift apart, and its pvclock needs to be
 * written once, not at each switch. */
#ifndef HV_CLOCK_H
#define HV_CLOCK_H

#include "types.h"

void clock_init(void); /* calibrates TSC and LAPIC timer (against ACPI PM timer or PIT), reads the RTC */
ns_t now_ns(void);
/* Whether `limit` has passed at `now`; no where `since` is later, as it may be by another CPU's clock. */
static inline bool clock_past(ns_t since, ns_t now, ns_t limit)
{
    return now > since && now - since >= limit;
}
uint64_t clock_tsc_khz(void);
uint64_t clock_lapic_hz(void); /* of the local APIC's timer, divider 1 */
void clock_check_cpu(void);    /* on each CPU, once: warns where its TSC is off; no stable bit for guests then */
struct vcpu;
struct domain;
/* v is current: writes info->time and the registered area, where that is not done yet (sched.time_fresh). */
void clock_update_vcpu(struct vcpu *v);
void clock_update_wallclock(struct domain *d);                          /* writes shared_info's wc_* fields */
int clock_set_wallclock(uint64_t sec, uint32_t nsec, ns_t system_time); /* XENPF_settime by dom0 */

/* --- Pure parts ---------------------------------------------------------------------------- */

/* ns = ((ticks << shift) * mul) >> 32; a negative shift goes right. */
struct clock_scale {
    uint32_t mul;
    int8_t shift;
};
struct clock_scale clock_scale_of(uint64_t hz); /* hz >= 1000 */
static inline uint64_t clock_scaled(struct clock_scale s, uint64_t ticks)
{
    ticks = s.shift < 0 ? ticks >> -s.shift : ticks << s.shift;
    return (uint64_t)((unsigned __int128)ticks * s.mul >> 32);
}

/* Registers 0, 2, 4, 7, 8, 9, century and B of the CMOS clock to seconds since 1970; 0 where they make no date. */
struct rtc_raw {
    uint8_t second, minute, hour, day, month, year, century, status_b;
};
uint64_t rtc_seconds(const struct rtc_raw *raw);
uint64_t rtc_read(void); /* seconds since 1970, 0 where there is no clock */

#endif
