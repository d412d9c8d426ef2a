/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level ABI (xen/event_channel.h): 4096 ports for a 64-bit domain.
 *
 * shared_info is a hypervisor heap page, so a sender sets the pending bit there directly. A vCPU's
 * vcpu_info may lie in its own frames: a sender only sets evt.pending_sel and VCPU_WORK_EVENT and wakes or kicks the
 * vCPU; evtchn_deliver() merges them in the vCPU's own address space.
 *
 * Locks. A domain's evtchn.lock covers its ports. Two are taken in rising domain id (evtchn_lock_pair).
 * Raising a pending bit takes no lock at all, so the timer, device and scheduler code may do it with theirs held
 * (of a rank below RANK_SCHED). */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include "types.h"
#include "domain/domain.h"
#include "hypercall/operations.h"

int evtchn_domain_init(struct domain *d); /* shared_info is there already */
/* Closes all ports (bounded: 4096), frees the tables. shared_info must outlive it; the vCPUs' timers are stopped
 * before. */
void evtchn_domain_destroy(struct domain *d);
/* For the builder: a port of d, unbound, for remote. Port number or negative errno. Such a port keeps the mark that it
 * is the console's or store's (d->console_port, d->store_port) until d closes it. */
int evtchn_alloc_unbound(struct domain *d, struct domain *remote);
void evtchn_send_virq(struct vcpu *v, uint32_t virq);          /* per-vCPU: VIRQ_TIMER, VIRQ_DEBUG */
void evtchn_send_global_virq(struct domain *d, uint32_t virq); /* VIRQ_CONSOLE, VIRQ_DOM_EXC, VIRQ_CON_RING ... */
/* Bound pirqs: raises the guest's port; false if none is bound. Takes no lock. */
bool evtchn_send_pirq(struct domain *d, uint32_t pirq);
/* v is current: merges pending_sel into info, sets evtchn_upcall_pending. Clears VCPU_WORK_EVENT itself, before it
 * looks. */
void evtchn_deliver(struct vcpu *v);
/* v is current: pending and not masked. On every way back to a guest, hence inline. */
static inline bool evtchn_upcall_wanted(const struct vcpu *v)
{
    return READ_ONCE(v->info->evtchn_upcall_pending) && !READ_ONCE(v->info->evtchn_upcall_mask);
}
/* The state of vcpu_info moves to its new place: everything is pending there, to be sure. v is current or down. */
void evtchn_all_pending(struct vcpu *v);

/* Poll: v is current. Says that v waits for port (or EVTCHN_POLL_ANY); whoever raises it afterwards wakes v. */
void evtchn_poll_begin(struct vcpu *v, uint32_t port);
void evtchn_poll_end(struct vcpu *v);
bool evtchn_port_pending(const struct domain *d, uint32_t port); /* false too where there is no such port */
bool evtchn_port_exists(const struct domain *d, uint32_t port);

/* --- Between the files of this folder; the lock of d is held. --- */
struct evtchn *evtchn_port(struct domain *d, uint32_t port); /* NULL: out of range or not in use */
int evtchn_port_alloc(struct domain *d, uint8_t state);      /* -EACCES: ceiling; -ENOSPC, -ENOMEM, -ESRCH: closing */
void evtchn_port_free(struct domain *d, uint32_t port);
void evtchn_raise(struct domain *d, uint32_t port, uint32_t vcpu); /* lock not needed */
void evtchn_unmask(struct domain *d, uint32_t port, uint32_t vcpu);
void evtchn_lock_pair(struct domain *a, struct domain *b); /* neither is held before */
void evtchn_unlock_pair(struct domain *a, struct domain *b);
/* The row that is asked when somebody binds to that port of remote's; r: its entry, or NULL. */
enum operation evtchn_bind_row(const struct domain *remote, uint32_t rport, const struct evtchn *r);
bool evtchn_virq_is_global(uint32_t virq);
/* Lock not held. -EINVAL: no such port. */
int evtchn_close(struct domain *d, uint32_t port);

#endif
