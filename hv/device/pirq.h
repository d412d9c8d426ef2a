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
struct msi_source;

/* event_channel_op bind_pirq: opens the line or message for delivery to d.
 * The monitor was asked already (hw irq and event pirq). `share`: BIND_PIRQ__WILL_SHARE, accepted and ignored.
 * 0, -EINVAL (out of range), -ENOENT (not mapped), -EEXIST (bound already), -EPERM (not the control domain). */
int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share);
/* close: masks it; no evtchn_send_pirq() for it starts after this returns (one may be running on another CPU and must
 * find the port closed). Unbound or out-of-range numbers are ignored. */
void pirq_guest_unbind(struct domain *d, uint32_t pirq);
/* event_channel_op unmask of a pirq's port needs nothing of us; the guest's PHYSDEVOP_eoi comes here.
 * 0; -EINVAL: no such pirq. */
int pirq_guest_eoi(struct domain *d, uint32_t pirq);

/* Called by device.c for an arrived vector, does the EOI; false if it was nobody's. */
bool pirq_interrupt(uint32_t vector);

/* For physdev_op. Line: the pirq has the line's number; it may be mapped already. */
int pirq_map_line(uint32_t gsi);
/* A free number above the lines; -EEXIST: that source is mapped; -ENOSPC: no number or vector left. */
int pirq_map_msi(const struct msi_source *s);
int pirq_get_free(void); /* a number that pirq_map_msi() would use, or -ENOSPC */
/* -EINVAL: not mapped; -EBUSY: bound. Lines stay mapped. */
int pirq_unmap(uint32_t pirq);
bool pirq_needs_eoi(uint32_t pirq);
/* Vector of a mapped pirq, 0 where there is none. */
uint32_t pirq_vector(uint32_t pirq);
/* -EEXIST: another mode is in use. */
int pirq_set_line_mode(uint32_t gsi, bool level, bool low);
/* Writes the messages of a function again (it was reset); how many. */
unsigned int pirq_restore_msi(uint32_t bdf);
/* The control domain is gone: masks and forgets all. */
void pirq_reset(void);

#endif
