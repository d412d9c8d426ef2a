/* SPDX-License-Identifier: MIT */
/* event_channel_op: a row of the table below for each command; each handler decodes, asks the monitor, performs.
 * The FIFO ABI (init_control, expand_array, set_priority) is refused, so guests stay with the 2-level one. */
#include "event/evtchn.h"
#include "device/pirq.h"
#include "domain/domain.h"
#include "cpu/percpu.h"
#include "hypercall/hypercall.h"
#include "mm/access.h"
#include "monitor/monitor.h"
#include "lib.h"
#include <xen/event_channel.h>

#define AGAIN 1 /* a handler that is to go on when the guest repeats the call */

union evtchn_arg {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
};

static struct vcpu *vcpu_of(struct domain *d, uint32_t id)
{
    return id < d->nr_vcpus && id < BH_VCPUS_MAX ? d->vcpu[id] : NULL;
}

static long op_alloc_unbound(struct domain *d, union evtchn_arg *a)
{
    struct evtchn_alloc_unbound *op = &a->alloc_unbound;

    if (op->dom != DOMID_SELF && op->dom != d->domid)
        return -XEN_EPERM; /* for another domain only the builder makes ports */
    struct domain *remote = domain_get(op->remote_dom);
    if (!remote)
        return -XEN_ESRCH;
    uint32_t remote_domid = remote->domid;
    long rc = monitor_check(d, remote, PERM_event_alloc, remote_domid);
    domain_put(remote);
    if (rc)
        return rc;
    spin_lock(&d->evtchn.lock);
    rc = evtchn_port_alloc(d, EVTCHNSTAT_unbound);
    if (rc > 0) {
        evtchn_port(d, (uint32_t)rc)->remote_domid = remote_domid;
        op->port = (uint32_t)rc;
        rc = 0;
    }
    spin_unlock(&d->evtchn.lock);
    return rc;
}

/* Both locks held. */
static long bind_interdomain(struct domain *d, struct domain *remote, struct evtchn_bind_interdomain *op)
{
    uint32_t rport = op->remote_port;
    struct evtchn *r = evtchn_port(remote, rport);
    enum bh_perm perm = PERM_event_bind;

    if (r && r->preset && rport == remote->console_port)
        perm = PERM_event_bind_console;
    else if (r && r->preset && rport == remote->store_port)
        perm = PERM_event_bind_store;
    long rc = monitor_check(d, remote, perm, rport);
    if (rc)
        return rc;
    if (!r || r->state != EVTCHNSTAT_unbound || r->remote_domid != d->domid || remote->evtchn.closing)
        return -XEN_EINVAL;
    int port = evtchn_port_alloc(d, EVTCHNSTAT_interdomain);
    if (port < 0)
        return port;
    struct evtchn *e = evtchn_port(d, (uint32_t)port);
    e->remote = remote;
    e->remote_port = rport;
    r->state = EVTCHNSTAT_interdomain;
    r->remote = d;
    r->remote_port = (uint32_t)port;
    op->local_port = (uint32_t)port;
    evtchn_raise(d, (uint32_t)port, 0); /* the peer may have sent before: the ABI wants it pending */
    return 0;
}

static long op_bind_interdomain(struct domain *d, union evtchn_arg *a)
{
    struct domain *remote = domain_get(a->bind_interdomain.remote_dom);

    if (!remote)
        return -XEN_ESRCH;
    evtchn_lock_pair(d, remote);
    long rc = bind_interdomain(d, remote, &a->bind_interdomain);
    evtchn_unlock_pair(d, remote);
    domain_put(remote);
    return rc;
}

/* Lock held. A port of one vCPU's own: virq or ipi. */
static long bind_local(struct domain *d, uint8_t state, uint32_t vcpu, uint32_t virq)
{
    int port = evtchn_port_alloc(d, state);

    if (port > 0) {
        struct evtchn *e = evtchn_port(d, (uint32_t)port);
        e->notify_vcpu = (uint16_t)vcpu;
        e->virq = virq;
    }
    return port;
}

static long op_bind_virq(struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_virq *op = &a->bind_virq;

    if (op->virq >= NR_VIRQS)
        return -XEN_EINVAL;
    bool global = evtchn_virq_is_global(op->virq);
    if (global && op->vcpu != 0)
        return -XEN_EINVAL;
    struct vcpu *v = vcpu_of(d, op->vcpu);
    if (!v)
        return -XEN_ENOENT;
    long rc = global ? monitor_check(d, NULL, PERM_event_virq_global, op->virq)
                     : monitor_check(d, d, PERM_event_virq, op->virq);
    if (rc)
        return rc;
    spin_lock(&d->evtchn.lock);
    rc = v->evt.virq_port[op->virq] ? -XEN_EEXIST : bind_local(d, EVTCHNSTAT_virq, op->vcpu, op->virq);
    if (rc > 0) {
        op->port = (uint32_t)rc;
        WRITE_ONCE(v->evt.virq_port[op->virq], (uint16_t)rc);
        rc = 0;
    }
    spin_unlock(&d->evtchn.lock);
    return rc;
}

static long op_bind_ipi(struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_ipi *op = &a->bind_ipi;

    if (!vcpu_of(d, op->vcpu))
        return -XEN_ENOENT;
    long rc = monitor_check(d, d, PERM_event_ipi, op->vcpu);
    if (rc)
        return rc;
    spin_lock(&d->evtchn.lock);
    rc = bind_local(d, EVTCHNSTAT_ipi, op->vcpu, 0);
    spin_unlock(&d->evtchn.lock);
    if (rc < 0)
        return rc;
    op->port = (uint32_t)rc;
    return 0;
}

/* Lock held. The port stands before the line is opened: an interrupt may come on another CPU at once. */
static long bind_pirq(struct domain *d, uint32_t pirq, bool share)
{
    if (!d->evtchn.pirq_port) {
        uint16_t *ports = heap_alloc(PIRQS_MAX * sizeof(uint16_t));
        if (!ports)
            return -XEN_ENOMEM;
        __atomic_store_n(&d->evtchn.pirq_port, ports, __ATOMIC_RELEASE);
    }
    if (d->evtchn.pirq_port[pirq])
        return -XEN_EEXIST;
    int port = evtchn_port_alloc(d, EVTCHNSTAT_pirq);
    if (port < 0)
        return port;
    evtchn_port(d, (uint32_t)port)->pirq = pirq;
    WRITE_ONCE(d->evtchn.pirq_port[pirq], (uint16_t)port);
    int rc = pirq_guest_bind(d, pirq, share);
    if (rc) {
        WRITE_ONCE(d->evtchn.pirq_port[pirq], 0);
        evtchn_port_free(d, (uint32_t)port);
        return rc;
    }
    return port;
}

static long op_bind_pirq(struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_pirq *op = &a->bind_pirq;
    long rc = monitor_check(d, NULL, PERM_event_pirq, op->pirq);

    if (rc)
        return rc;
    /* Pending bits for pirqs find their port without the lock, which holds only where ports are never freed. */
    if (!d->is_control)
        return -XEN_EPERM;
    if (op->pirq >= PIRQS_MAX)
        return -XEN_EINVAL;
    spin_lock(&d->evtchn.lock);
    rc = bind_pirq(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
    spin_unlock(&d->evtchn.lock);
    if (rc < 0)
        return rc;
    op->port = (uint32_t)rc;
    return 0;
}

static long op_close(struct domain *d, union evtchn_arg *a)
{
    long rc = monitor_check(d, d, PERM_event_close, a->close.port);

    return rc ? rc : evtchn_close(d, a->close.port);
}

/* Lock held, which keeps the other end of a connection where it is. */
static long send_locked(struct domain *d, uint32_t port)
{
    struct evtchn *e = evtchn_port(d, port);

    if (unlikely(!e))
        return -XEN_EINVAL;
    if (likely(e->state == EVTCHNSTAT_interdomain)) {
        struct domain *remote = e->remote;
        long rc = monitor_check(d, remote, PERM_event_send, port);
        if (likely(!rc)) {
            struct evtchn *r = evtchn_port(remote, e->remote_port);
            evtchn_raise(remote, e->remote_port, READ_ONCE(r->notify_vcpu));
        }
        return rc;
    }
    if (e->state == EVTCHNSTAT_ipi) {
        long rc = monitor_check(d, d, PERM_event_send, port);
        if (likely(!rc))
            evtchn_raise(d, port, e->notify_vcpu);
        return rc;
    }
    return e->state == EVTCHNSTAT_unbound ? 0 : -XEN_EINVAL; /* nobody there yet: the event is lost, as the ABI says */
}

static long op_send(struct domain *d, union evtchn_arg *a)
{
    spin_lock(&d->evtchn.lock);
    long rc = send_locked(d, a->send.port);
    spin_unlock(&d->evtchn.lock);
    return rc;
}

static void fill_status(const struct evtchn *e, struct evtchn_status *op)
{
    op->status = e->state;
    op->vcpu = e->notify_vcpu;
    switch (e->state) {
    case EVTCHNSTAT_unbound:
        op->u.unbound.dom = (domid_t)e->remote_domid;
        break;
    case EVTCHNSTAT_interdomain:
        op->u.interdomain.dom = (domid_t)e->remote->domid;
        op->u.interdomain.port = e->remote_port;
        break;
    case EVTCHNSTAT_pirq:
        op->u.pirq = e->pirq;
        break;
    case EVTCHNSTAT_virq:
        op->u.virq = e->virq;
        break;
    default:
        break;
    }
}

static long op_status(struct domain *caller, union evtchn_arg *a)
{
    struct evtchn_status *op = &a->status;
    struct domain *d = domain_get(op->dom);
    uint32_t port = op->port;

    if (!d)
        return -XEN_ESRCH;
    long rc = monitor_check(caller, d, PERM_event_status, port);
    if (!rc) {
        spin_lock(&d->evtchn.lock);
        struct evtchn *e = evtchn_port(d, port);
        domid_t dom = op->dom;
        memset(op, 0, sizeof(*op)); /* padding and the unused part of the union go out as zeros */
        op->dom = dom;
        op->port = port;
        if (e)
            fill_status(e, op);
        else if (port >= MAX(d->evtchn.ports, 1u))
            rc = -XEN_EINVAL;
        spin_unlock(&d->evtchn.lock);
    }
    domain_put(d);
    return rc;
}

static long op_bind_vcpu(struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_vcpu *op = &a->bind_vcpu;
    long rc = monitor_check(d, d, PERM_event_control, op->port);

    if (rc)
        return rc;
    if (!vcpu_of(d, op->vcpu))
        return -XEN_ENOENT;
    spin_lock(&d->evtchn.lock);
    struct evtchn *e = evtchn_port(d, op->port);
    if (!e || e->state == EVTCHNSTAT_ipi || (e->state == EVTCHNSTAT_virq && !evtchn_virq_is_global(e->virq)))
        rc = -XEN_EINVAL;
    else
        WRITE_ONCE(e->notify_vcpu, (uint16_t)op->vcpu);
    spin_unlock(&d->evtchn.lock);
    return rc;
}

static long op_unmask(struct domain *d, union evtchn_arg *a)
{
    uint32_t port = a->unmask.port;
    long rc = monitor_check(d, d, PERM_event_control, port);

    if (rc)
        return rc;
    spin_lock(&d->evtchn.lock);
    struct evtchn *e = evtchn_port(d, port);
    if (e)
        evtchn_unmask(d, port, e->notify_vcpu);
    spin_unlock(&d->evtchn.lock);
    return e ? 0 : -XEN_EINVAL;
}

/* Closed ports are skipped when the call starts over, so it makes progress. */
static long op_reset(struct domain *caller, union evtchn_arg *a)
{
    struct domain *d = domain_get(a->reset.dom);

    if (!d)
        return -XEN_ESRCH;
    long rc = monitor_check(caller, d, PERM_event_reset, d->domid);
    uint32_t ports = rc ? 0 : READ_ONCE(d->evtchn.ports);
    for (uint32_t port = 1; port < ports; port++) {
        if (evtchn_close(d, port) == -XEN_EINVAL)
            continue;
        if (hypercall_preempt()) {
            rc = AGAIN;
            break;
        }
    }
    domain_put(d);
    return rc;
}

static const struct {
    long (*fn)(struct domain *d, union evtchn_arg *a);
    uint8_t size;
    bool out;
} ops[] = {
    [EVTCHNOP_bind_interdomain] = {op_bind_interdomain, sizeof(struct evtchn_bind_interdomain), true},
    [EVTCHNOP_bind_virq] = {op_bind_virq, sizeof(struct evtchn_bind_virq), true},
    [EVTCHNOP_bind_pirq] = {op_bind_pirq, sizeof(struct evtchn_bind_pirq), true},
    [EVTCHNOP_close] = {op_close, sizeof(struct evtchn_close), false},
    [EVTCHNOP_send] = {op_send, sizeof(struct evtchn_send), false},
    [EVTCHNOP_status] = {op_status, sizeof(struct evtchn_status), true},
    [EVTCHNOP_alloc_unbound] = {op_alloc_unbound, sizeof(struct evtchn_alloc_unbound), true},
    [EVTCHNOP_bind_ipi] = {op_bind_ipi, sizeof(struct evtchn_bind_ipi), true},
    [EVTCHNOP_bind_vcpu] = {op_bind_vcpu, sizeof(struct evtchn_bind_vcpu), false},
    [EVTCHNOP_unmask] = {op_unmask, sizeof(struct evtchn_unmask), false},
    [EVTCHNOP_reset] = {op_reset, sizeof(struct evtchn_reset), false},
};

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    union evtchn_arg a;
    struct domain *d = current->domain;

    if ((uint32_t)cmd == EVTCHNOP_send) { /* the frequent one */
        if (unlikely(copy_from_guest(&a, arg, sizeof(a.send))))
            return -XEN_EFAULT;
        return op_send(d, &a);
    }
    uint32_t n = (uint32_t)cmd;
    if (n >= ARRAY_SIZE(ops) || !ops[n].fn)
        return -XEN_ENOSYS;
    memset(&a, 0, sizeof(a));
    if (copy_from_guest(&a, arg, ops[n].size))
        return -XEN_EFAULT;
    long rc = ops[n].fn(d, &a);
    if (rc == AGAIN)
        return hypercall_again(cmd, arg, a3, a4, a5);
    /* What was bound stays bound if the result cannot be written: the guest's own loss. */
    if (!rc && ops[n].out && copy_to_guest(arg, &a, ops[n].size))
        return -XEN_EFAULT;
    return rc;
}
