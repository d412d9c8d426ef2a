/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level ABI (xen/event_channel.h): 4096 ports for a 64-bit domain.
 *
 * shared_info is a hypervisor heap page, so a sender sets the pending bit there directly. A vCPU's
 * vcpu_info may lie in its own frames: a sender only sets evt.pending_sel and VCPU_WORK_EVENT and wakes or kicks the
 * vCPU; evtchn_deliver() merges them in the vCPU's own address space. */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include "types.h"

struct vcpu;
struct domain;

int evtchn_domain_init(struct domain *d);    /* shared_info is there already */
void evtchn_domain_destroy(struct domain *d);/* closes all; bounded: 4096 ports */
/* For the builder: a port of d, unbound, for remote. Port number or negative errno. */
int evtchn_alloc_unbound(struct domain *d, struct domain *remote);
void evtchn_send_virq(struct vcpu *v, uint32_t virq);         /* per-vCPU: VIRQ_TIMER, VIRQ_DEBUG */
void evtchn_send_global_virq(struct domain *d, uint32_t virq);/* VIRQ_CONSOLE, VIRQ_DOM_EXC, VIRQ_CON_RING ... */
/* Bound pirqs: raises the guest's port; false if none is bound. */
bool evtchn_send_pirq(struct domain *d, uint32_t pirq);
void evtchn_deliver(struct vcpu *v);         /* v is current: merges pending_sel into info, sets evtchn_upcall_pending */
bool evtchn_upcall_wanted(struct vcpu *v);   /* v is current: pending and not masked */

#endif
