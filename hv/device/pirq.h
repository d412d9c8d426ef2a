/* SPDX-License-Identifier: MIT */
/* Physical interrupts as a guest sees them: pirq numbers of the control domain, each backed by a line (GSI) or an MSI.
 *
 * A pirq is mapped (physdev_op map_pirq), then bound to an event channel (event code), then delivered:
 * device_interrupt() finds the pirq of the vector and calls evtchn_send_pirq(). A level-triggered line is masked at the
 * IO-APIC until the guest's PHYSDEVOP_eoi; edges and MSIs need no such answer.
 * None of these is called with RANK_DEVICE or a higher rank held; RANK_EVENT may be held. */
#ifndef HV_PIRQ_H
#define HV_PIRQ_H

#include "types.h"

#define PIRQS_MAX 256u /* pirq numbers are [0, PIRQS_MAX); lines first, MSIs after them */

struct domain;
struct vcpu;

/* event_channel_op bind_pirq: opens the line or message for delivery to v's domain, aimed at the CPU where v runs.
 * The monitor was asked already (hw irq and event pirq). `share`: BIND_PIRQ__WILL_SHARE, accepted and ignored.
 * 0, -EINVAL (out of range), -ENOENT (not mapped), -EEXIST (bound already). */
int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share);
/* close: masks it; no evtchn_send_pirq() for it starts after this returns (one may be running on another CPU and must
 * find the port closed). Unbound or out-of-range numbers are ignored. */
void pirq_guest_unbind(struct domain *d, uint32_t pirq);
/* event_channel_op unmask of a pirq's port needs nothing of us; the guest's PHYSDEVOP_eoi comes here. */
int pirq_guest_eoi(struct domain *d, uint32_t pirq);

/* Called by device.c for an arrived vector; true if it was a mapped pirq. */
bool pirq_interrupt(uint32_t vector);

#endif
