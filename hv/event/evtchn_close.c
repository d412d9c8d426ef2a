/* SPDX-License-Identifier: MIT */
/* The end of ports: close, and all of a domain's at its end. */
#include "hv.h"
#include "event/evtchn.h"
#include "device/pirq.h"
#include <xen/event_channel.h>

/* d's lock held. All but interdomain. */
static void close_local(struct domain *d, uint32_t port, struct evtchn *e)
{
    switch (e->state) {
    case EVTCHNSTAT_virq: {
        struct vcpu *v = d->vcpu[evtchn_virq_is_global(e->virq) ? 0 : e->notify_vcpu];
        WRITE_ONCE(v->evt.virq_port[e->virq], 0);
        break;
    }
    case EVTCHNSTAT_pirq:
        WRITE_ONCE(d->evtchn.pirq_port[e->pirq], 0);
        pirq_guest_unbind(d, e->pirq);
        break;
    default:
        break;
    }
    evtchn_port_free(d, port);
}

/* Both locks held. The other end waits for a new connection, from this domain only. */
static void close_interdomain(struct domain *d, uint32_t port, struct evtchn *e)
{
    struct domain *remote = e->remote;
    struct evtchn *r = evtchn_port(remote, e->remote_port);

    evtchn_port_free(d, port);
    r->state = EVTCHNSTAT_unbound;
    r->binder = 0;
    r->remote_port = 0;
    r->remote_domid = d->domid;
}

/* With d's lock held, and the other domain's where a connection needs it. *remote: which, with a reference, where
 * it is not `held`. -EAGAIN: that lock is missing. */
static int close_step(struct domain *d, uint32_t port, struct domain *held, struct domain **remote)
{
    struct evtchn *e = evtchn_port(d, port);

    if (!e) return -XEN_EINVAL;
    if (e->state != EVTCHNSTAT_interdomain) {
        close_local(d, port, e);
        return 0;
    }
    if (e->remote != d && e->remote != held) {
        *remote = e->remote;
        __atomic_fetch_add(&e->remote->refs, 1, __ATOMIC_SEQ_CST); /* alive: the connection stands under our lock */
        return -XEN_EAGAIN;
    }
    close_interdomain(d, port, e);
    return 0;
}

int evtchn_close(struct domain *d, uint32_t port)
{
    struct domain *remote = NULL, *other;

    spin_lock(&d->evtchn.lock);
    int rc = close_step(d, port, NULL, &remote);
    spin_unlock(&d->evtchn.lock);
    /* The port may have changed hands while no lock was held, if the guest uses it on another vCPU: then look again.
     * Three times is more than any honest use, and a bound for the others. */
    for (int tries = 0; rc == -XEN_EAGAIN && tries < 3; tries++) {
        struct domain *held = remote;
        other = NULL;
        evtchn_lock_pair(d, held);
        rc = close_step(d, port, held, &other);
        evtchn_unlock_pair(d, held);
        domain_put(held);
        remote = other;
    }
    if (rc == -XEN_EAGAIN) {
        domain_put(remote);
        return -XEN_EBUSY;
    }
    return rc;
}

void evtchn_domain_destroy(struct domain *d)
{
    spin_lock(&d->evtchn.lock);
    d->evtchn.closing = true;
    uint32_t ports = d->evtchn.ports;
    spin_unlock(&d->evtchn.lock);
    /* No vCPU of d runs and none of its ports can connect anew (closing), so each close succeeds at once. */
    for (uint32_t port = 1; port < ports; port++)
        evtchn_close(d, port);
    spin_lock(&d->evtchn.lock);
    d->evtchn.ports = 0;
    for (unsigned int i = 0; i < EVTCHN_PAGES; i++) {
        if (d->evtchn.page[i]) heap_free_pages(d->evtchn.page[i], 1);
        d->evtchn.page[i] = NULL;
    }
    spin_unlock(&d->evtchn.lock);
}
