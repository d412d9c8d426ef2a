/* SPDX-License-Identifier: MIT */
/* event_channel_op: each handler decodes, asks the monitor (where its row says LATER), performs.
 * The FIFO ABI (init_control, expand_array, set_priority) is refused, so guests stay with the 2-level one. */
#include "hypercall/handler.h"
#include "event/evtchn.h"
#include "device/pirq.h"
#include "monitor/sharing.h"
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

static long op_alloc_unbound(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct evtchn_alloc_unbound *u = &a->alloc_unbound;

    if (u->dom != DOMID_SELF && u->dom != d->domid)
        return -XEN_EPERM; /* for another domain only the builder makes ports */
    struct domain *remote = domain_get(u->remote_dom);
    if (!remote) return -XEN_ESRCH;
    uint32_t remote_domid = remote->domid;
    long rc = ask_about(op, remote, remote_domid);
    domain_put(remote);
    if (rc) return rc;
    spin_lock(&d->evtchn.lock);
    rc = evtchn_port_alloc(d, EVTCHNSTAT_unbound);
    if (rc > 0) {
        evtchn_port(d, (uint32_t)rc)->remote_domid = remote_domid;
        u->port = (uint32_t)rc;
        rc = 0;
    }
    spin_unlock(&d->evtchn.lock);
    return rc;
}

enum operation evtchn_bind_row(const struct domain *remote, uint32_t rport, const struct evtchn *r)
{
    if (r && r->preset && rport == remote->console_port) return OP_EVTCHNOP_bind_interdomain_console;
    if (r && r->preset && rport == remote->store_port) return OP_EVTCHNOP_bind_interdomain_store;
    return OP_EVTCHNOP_bind_interdomain;
}

/* Both locks held. */
static long bind_interdomain(enum operation op, struct domain *d, struct domain *remote,
                             struct evtchn_bind_interdomain *b)
{
    uint32_t rport = b->remote_port;
    struct evtchn *r = evtchn_port(remote, rport);

    op = evtchn_bind_row(remote, rport, r);
    long rc = ask_about(op, remote, rport);
    if (rc) return rc;
    if (!r || r->state != EVTCHNSTAT_unbound || r->remote_domid != d->domid || remote->evtchn.closing)
        return -XEN_EINVAL;
    /* The port may have been opened under another policy, or be left over from a binding. */
    if (!r->preset && monitor_check(remote, d, operations[OP_EVTCHNOP_alloc_unbound].perm, rport)) return -XEN_EPERM;
    int port = evtchn_port_alloc(d, EVTCHNSTAT_interdomain);
    if (port < 0) return port;
    struct evtchn *e = evtchn_port(d, (uint32_t)port);
    e->binder = 1;
    e->remote = remote;
    e->remote_port = rport;
    r->state = EVTCHNSTAT_interdomain;
    r->remote = d;
    r->remote_port = (uint32_t)port;
    sharing_made(d, remote, op);
    if (!r->preset) sharing_made(remote, d, OP_EVTCHNOP_alloc_unbound);
    b->local_port = (uint32_t)port;
    evtchn_raise(d, (uint32_t)port, 0); /* the peer may have sent before: the ABI wants it pending */
    return 0;
}

static long op_bind_interdomain(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct domain *remote = domain_get(a->bind_interdomain.remote_dom);

    if (!remote) return -XEN_ESRCH;
    evtchn_lock_pair(d, remote);
    long rc = bind_interdomain(op, d, remote, &a->bind_interdomain);
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

static long op_bind_virq(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_virq *b = &a->bind_virq;

    if (b->virq >= NR_VIRQS) return -XEN_EINVAL;
    bool global = evtchn_virq_is_global(b->virq);
    if (global && b->vcpu != 0) return -XEN_EINVAL;
    struct vcpu *v = vcpu_of(d, b->vcpu);
    if (!v) return -XEN_ENOENT;
    long rc = ask_own(global ? OP_EVTCHNOP_bind_virq_global : op, b->virq);
    if (rc) return rc;
    spin_lock(&d->evtchn.lock);
    rc = v->evt.virq_port[b->virq] ? -XEN_EEXIST : bind_local(d, EVTCHNSTAT_virq, b->vcpu, b->virq);
    if (rc > 0) {
        b->port = (uint32_t)rc;
        WRITE_ONCE(v->evt.virq_port[b->virq], (uint16_t)rc);
        rc = 0;
    }
    spin_unlock(&d->evtchn.lock);
    return rc;
}

static long op_bind_ipi(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_ipi *b = &a->bind_ipi;

    if (!vcpu_of(d, b->vcpu)) return -XEN_ENOENT;
    spin_lock(&d->evtchn.lock);
    long rc = bind_local(d, EVTCHNSTAT_ipi, b->vcpu, 0);
    spin_unlock(&d->evtchn.lock);
    if (rc < 0) return rc;
    b->port = (uint32_t)rc;
    return 0;
}

/* Lock held. The port stands before the line is opened: an interrupt may come on another CPU at once. */
static long bind_pirq(struct domain *d, uint32_t pirq, bool share)
{
    if (!d->evtchn.pirq_port) {
        uint16_t *ports = heap_alloc(PIRQS_MAX * sizeof(uint16_t));
        if (!ports) return -XEN_ENOMEM;
        __atomic_store_n(&d->evtchn.pirq_port, ports, __ATOMIC_RELEASE);
    }
    if (d->evtchn.pirq_port[pirq]) return -XEN_EEXIST;
    int port = evtchn_port_alloc(d, EVTCHNSTAT_pirq);
    if (port < 0) return port;
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

static long op_bind_pirq(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_pirq *b = &a->bind_pirq;
    long rc = ask_about(op, NULL, b->pirq);

    if (rc) return rc;
    /* Pending bits for pirqs find their port without the lock, which holds only where ports are never freed. */
    if (!d->is_control) return -XEN_EPERM;
    if (b->pirq >= PIRQS_MAX) return -XEN_EINVAL;
    spin_lock(&d->evtchn.lock);
    rc = bind_pirq(d, b->pirq, b->flags & BIND_PIRQ__WILL_SHARE);
    spin_unlock(&d->evtchn.lock);
    if (rc < 0) return rc;
    b->port = (uint32_t)rc;
    return 0;
}

static long op_close(enum operation op, struct domain *d, union evtchn_arg *a)
{
    return evtchn_close(d, a->close.port);
}

/* Lock held, which keeps the other end of a connection where it is. */
static long send_locked(enum operation op, struct domain *d, uint32_t port)
{
    struct evtchn *e = evtchn_port(d, port);

    if (unlikely(!e)) return -XEN_EINVAL;
    bool connected = likely(e->state == EVTCHNSTAT_interdomain);
    struct domain *to = connected ? e->remote : d;
    if (!connected && e->state != EVTCHNSTAT_ipi && e->state != EVTCHNSTAT_unbound) return -XEN_EINVAL;
    long rc = ask_about(op, to, port);
    if (unlikely(rc)) return rc;
    if (connected)
        evtchn_raise(to, e->remote_port, READ_ONCE(evtchn_port(to, e->remote_port)->notify_vcpu));
    else if (e->state == EVTCHNSTAT_ipi)
        evtchn_raise(d, port, e->notify_vcpu);
    return 0; /* unbound: nobody there yet, the event is lost, as the ABI says */
}

static long op_send(enum operation op, struct domain *d, union evtchn_arg *a)
{
    spin_lock(&d->evtchn.lock);
    long rc = send_locked(op, d, a->send.port);
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

static long op_status(enum operation op, struct domain *caller, union evtchn_arg *a)
{
    struct evtchn_status *s = &a->status;
    struct domain *d = domain_get(s->dom);
    uint32_t port = s->port;

    if (!d) return -XEN_ESRCH;
    long rc = ask_about(op, d, port);
    if (!rc) {
        spin_lock(&d->evtchn.lock);
        struct evtchn *e = evtchn_port(d, port);
        domid_t dom = s->dom;
        memset(s, 0, sizeof(*s)); /* padding and the unused part of the union go out as zeros */
        s->dom = dom;
        s->port = port;
        if (e)
            fill_status(e, s);
        else if (port >= MAX(d->evtchn.ports, 1u))
            rc = -XEN_EINVAL;
        spin_unlock(&d->evtchn.lock);
    }
    domain_put(d);
    return rc;
}

static long op_bind_vcpu(enum operation op, struct domain *d, union evtchn_arg *a)
{
    struct evtchn_bind_vcpu *b = &a->bind_vcpu;
    long rc = 0;

    if (!vcpu_of(d, b->vcpu)) return -XEN_ENOENT;
    spin_lock(&d->evtchn.lock);
    struct evtchn *e = evtchn_port(d, b->port);
    if (!e || e->state == EVTCHNSTAT_ipi || (e->state == EVTCHNSTAT_virq && !evtchn_virq_is_global(e->virq)))
        rc = -XEN_EINVAL;
    else
        WRITE_ONCE(e->notify_vcpu, (uint16_t)b->vcpu);
    spin_unlock(&d->evtchn.lock);
    return rc;
}

static long op_unmask(enum operation op, struct domain *d, union evtchn_arg *a)
{
    uint32_t port = a->unmask.port;

    spin_lock(&d->evtchn.lock);
    struct evtchn *e = evtchn_port(d, port);
    if (e) evtchn_unmask(d, port, e->notify_vcpu);
    spin_unlock(&d->evtchn.lock);
    return e ? 0 : -XEN_EINVAL;
}

/* Closed ports are skipped when the call starts over, so it makes progress. */
static long op_reset(enum operation op, struct domain *caller, union evtchn_arg *a)
{
    struct domain *d = domain_get(a->reset.dom);

    if (!d) return -XEN_ESRCH;
    long rc = ask_about(op, d, d->domid);
    uint32_t ports = rc ? 0 : READ_ONCE(d->evtchn.ports);
    for (uint32_t port = 1; port < ports; port++) {
        if (evtchn_close(d, port) == -XEN_EINVAL) continue;
        if (hypercall_preempt()) {
            rc = AGAIN;
            break;
        }
    }
    domain_put(d);
    return rc;
}

static const struct {
    long (*fn)(enum operation op, struct domain *d, union evtchn_arg *a);
    enum operation op;
} ops[] = {EVENT_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

#define SIZE(name) [EVTCHNOP_##name] = sizeof(struct evtchn_##name)
static const uint8_t sizes[ARRAY_SIZE(ops)] = {
    SIZE(bind_interdomain), SIZE(bind_virq), SIZE(bind_pirq), SIZE(close),  SIZE(send),  SIZE(status),
    SIZE(alloc_unbound),    SIZE(bind_ipi),  SIZE(bind_vcpu), SIZE(unmask), SIZE(reset),
};

/* Those that answer in the guest's structure. */
static const uint32_t answers = 1u << EVTCHNOP_bind_interdomain | 1u << EVTCHNOP_bind_virq | 1u << EVTCHNOP_bind_pirq |
                                1u << EVTCHNOP_status | 1u << EVTCHNOP_alloc_unbound | 1u << EVTCHNOP_bind_ipi;

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    union evtchn_arg a;
    uint32_t n = (uint32_t)cmd;

    if (n >= ARRAY_SIZE(ops) || !ops[n].fn) return -XEN_ENOSYS;
    if (n != EVTCHNOP_send) /* the frequent one */
        memset(&a, 0, sizeof(a));
    if (unlikely(copy_from_guest(&a, arg, sizes[n]))) return -XEN_EFAULT;
    long rc = ask_first(ops[n].op, a.close.port); /* or whatever comes first in the structure */
    if (!rc) rc = ask_done(ops[n].op, ops[n].fn(ops[n].op, current->domain, &a));
    if (rc == AGAIN) return hypercall_again(cmd, arg, a3, a4, a5);
    /* What was bound stays bound if the result cannot be written: the guest's own loss. */
    if (!rc && (answers >> n & 1) && copy_to_guest(arg, &a, sizes[n])) return -XEN_EFAULT;
    return rc;
}
