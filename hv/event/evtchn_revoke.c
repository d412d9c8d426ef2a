/* SPDX-License-Identifier: MIT */
#include "event/evtchn_revoke.h"

#include "domain/domain.h"
#include "event/evtchn.h"
#include "monitor/sharing.h"
#include "bulkhead.h"
#include <xen/event_channel.h>

#define PORTS_PER_STEP 256u

/* A lock of the connection is held. e is d's. */
static bool forbidden(struct domain *d, const struct evtchn *e)
{
    if (e->state != EVTCHNSTAT_interdomain || !e->binder) return false;
    const struct evtchn *r = evtchn_port(e->remote, e->remote_port);
    return !sharing_allowed(d, e->remote, evtchn_bind_row(e->remote, e->remote_port, r)) ||
           (!r->preset && !sharing_allowed(e->remote, d, OP_EVTCHNOP_alloc_unbound));
}

/* The next forbidden port from *at on, below `end`; 0: none. The lock is held. */
static uint32_t next_forbidden(struct domain *d, uint32_t *at, uint32_t end)
{
    while (*at < end) {
        uint32_t port = (*at)++;
        const struct evtchn *e = evtchn_port(d, port);
        if (e && forbidden(d, e)) return port;
    }
    return 0;
}

bool evtchn_revoke_find(struct domain *d, uint32_t *at)
{
    spin_lock(&d->evtchn.lock);
    uint32_t end = MIN(d->evtchn.ports, *at + PORTS_PER_STEP), port;
    while ((port = next_forbidden(d, at, end)))
        sharing_forbidden(d, evtchn_port(d, port)->remote, BH_CONFLICT_EVENT, port);
    bool all = *at >= d->evtchn.ports;
    spin_unlock(&d->evtchn.lock);
    return all;
}

static void unbind(struct evtchn *e, uint32_t remote_domid)
{
    e->state = EVTCHNSTAT_unbound;
    e->binder = 0;
    e->remote_port = 0;
    e->remote_domid = remote_domid;
}

/* Both locks are taken anew, so it is looked at again. Either side may bind again as far as the policy lets it. */
static void disconnect(struct domain *d, uint32_t port, struct domain *remote)
{
    evtchn_lock_pair(d, remote);
    struct evtchn *e = evtchn_port(d, port);
    if (e && e->state == EVTCHNSTAT_interdomain && e->remote == remote && forbidden(d, e)) {
        unbind(evtchn_port(remote, e->remote_port), d->domid);
        unbind(e, remote->domid);
    }
    evtchn_unlock_pair(d, remote);
}

bool evtchn_revoke_step(struct domain *d, uint32_t *at)
{
    struct domain *remote = NULL;

    spin_lock(&d->evtchn.lock);
    uint32_t ports = d->evtchn.ports, port = next_forbidden(d, at, MIN(ports, *at + PORTS_PER_STEP));
    if (port) {
        remote = evtchn_port(d, port)->remote;
        __atomic_fetch_add(&remote->refs, 1, __ATOMIC_SEQ_CST); /* alive: connected under our lock */
    }
    spin_unlock(&d->evtchn.lock);
    if (!port) return *at >= ports;
    disconnect(d, port, remote);
    domain_put(remote);
    return false;
}
