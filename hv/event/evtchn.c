/* SPDX-License-Identifier: MIT */
/* Ports, pending bits and their way to the vCPU. The hypercall is evtchn_op.c, the end of a port evtchn_close.c. */
#include "hv.h"
#include "event/evtchn.h"
#include "device/pirq.h"
#include "monitor/monitor.h"
#include "sched/sched.h"
#include <xen/event_channel.h>

BUILD_ASSERT(EVTCHN_PORTS_MAX == EVTCHN_2L_NR_CHANNELS);
BUILD_ASSERT(EVTCHN_VIRQS == NR_VIRQS);
BUILD_ASSERT(EVTCHN_PORTS_PER_PAGE * sizeof(struct evtchn) == PAGE_SIZE);
BUILD_ASSERT(BH_VCPUS_MAX <= 32); /* domain_evtchn.polling */

int evtchn_domain_init(struct domain *d)
{
    memset(&d->evtchn, 0, sizeof(d->evtchn));
    spin_init(&d->evtchn.lock, RANK_EVENT);
    d->evtchn.hint = 1; /* port 0 is never valid */
    return 0;
}

static struct evtchn *entry(struct domain *d, uint32_t port)
{
    return &d->evtchn.page[port / EVTCHN_PORTS_PER_PAGE][port % EVTCHN_PORTS_PER_PAGE];
}

struct evtchn *evtchn_port(struct domain *d, uint32_t port)
{
    if (port >= d->evtchn.ports) return NULL;
    struct evtchn *e = entry(d, port);
    return e->state == EVTCHNSTAT_closed ? NULL : e;
}

static uint32_t find_free(struct domain *d)
{
    for (uint32_t port = d->evtchn.hint; port < d->evtchn.ports; port++)
        if (entry(d, port)->state == EVTCHNSTAT_closed) return port;
    return MAX(d->evtchn.ports, 1u);
}

int evtchn_port_alloc(struct domain *d, uint8_t state)
{
    if (d->evtchn.closing) return -XEN_ESRCH;
    if (monitor_within(d, POLICY_LIMIT_PORTS, d->evtchn.used + 1)) return -XEN_EACCES;
    uint32_t port = find_free(d);
    if (port >= EVTCHN_PORTS_MAX) return -XEN_ENOSPC;
    if (port >= d->evtchn.ports) {
        struct evtchn *page = heap_alloc_pages(1);
        if (!page) return -XEN_ENOMEM;
        d->evtchn.page[d->evtchn.ports / EVTCHN_PORTS_PER_PAGE] = page;
        d->evtchn.ports += EVTCHN_PORTS_PER_PAGE;
    }
    *entry(d, port) = (struct evtchn){.state = state};
    clear_bit(port, d->shared_info->evtchn_pending); /* nothing of an earlier use is left over */
    d->evtchn.hint = port + 1;
    d->evtchn.used++;
    return (int)port;
}

void evtchn_port_free(struct domain *d, uint32_t port)
{
    struct evtchn *e = entry(d, port);

    *e = (struct evtchn){.state = EVTCHNSTAT_closed};
    clear_bit(port, d->shared_info->evtchn_pending);
    d->evtchn.used--;
    d->evtchn.hint = MIN(d->evtchn.hint, port);
}

int evtchn_alloc_unbound(struct domain *d, struct domain *remote)
{
    spin_lock(&d->evtchn.lock);
    int port = evtchn_port_alloc(d, EVTCHNSTAT_unbound);
    if (port > 0) {
        entry(d, (uint32_t)port)->remote_domid = remote->domid;
        entry(d, (uint32_t)port)->preset = 1;
    }
    spin_unlock(&d->evtchn.lock);
    return port;
}

void evtchn_lock_pair(struct domain *a, struct domain *b)
{
    struct domain *low = a->domid < b->domid ? a : b, *high = low == a ? b : a;

    spin_lock(&low->evtchn.lock);
    if (low != high) spin_lock_nested(&high->evtchn.lock);
}

void evtchn_unlock_pair(struct domain *a, struct domain *b)
{
    if (a != b) spin_unlock(a->domid < b->domid ? &b->evtchn.lock : &a->evtchn.lock);
    spin_unlock(a->domid < b->domid ? &a->evtchn.lock : &b->evtchn.lock);
}

/* --- Raising ------------------------------------------------------------------------------- */

/* Who finds the bit set already need not notify: who set it does, and v merges only after that. */
static inline void mark(struct vcpu *v, uint32_t selector)
{
    if (test_and_set_bit(selector, &v->evt.pending_sel)) return;
    __atomic_fetch_or(&v->work, VCPU_WORK_EVENT, __ATOMIC_SEQ_CST);
    sched_notify(v);
}

static void __attribute__((noinline)) wake_pollers(struct domain *d, uint32_t port)
{
    uint32_t waiting = __atomic_load_n(&d->evtchn.polling, __ATOMIC_SEQ_CST);

    for (; waiting; waiting &= waiting - 1) {
        struct vcpu *v = d->vcpu[__builtin_ctz(waiting)];
        uint32_t want = READ_ONCE(v->evt.poll_port);
        if (want == port || want == EVTCHN_POLL_ANY) sched_wake(v);
    }
}

void evtchn_raise(struct domain *d, uint32_t port, uint32_t vcpu)
{
    struct shared_info *s = d->shared_info;

    if (test_and_set_bit(port, s->evtchn_pending)) return;
    if (!test_bit(port, s->evtchn_mask)) mark(d->vcpu[vcpu], port / 64);
    if (unlikely(READ_ONCE(d->evtchn.polling))) wake_pollers(d, port);
}

void evtchn_unmask(struct domain *d, uint32_t port, uint32_t vcpu)
{
    struct shared_info *s = d->shared_info;

    if (test_and_clear_bit(port, s->evtchn_mask) && test_bit(port, s->evtchn_pending)) mark(d->vcpu[vcpu], port / 64);
}

bool evtchn_virq_is_global(uint32_t virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

/* Without the lock: a close that races leaves at most a stray pending bit, which the next user of the port has
 * cleared or takes for a spurious event, as the ABI allows. No port entry is looked at. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq)
{
    uint32_t port = READ_ONCE(v->evt.virq_port[virq]);

    if (port) evtchn_raise(v->domain, port, v->id);
}

void evtchn_send_global_virq(struct domain *d, uint32_t virq)
{
    if (!d->vcpu[0]) return;
    uint32_t port = READ_ONCE(d->vcpu[0]->evt.virq_port[virq]);
    if (!port) return;
    spin_lock(&d->evtchn.lock);
    struct evtchn *e = evtchn_port(d, port);
    if (e && e->state == EVTCHNSTAT_virq) evtchn_raise(d, port, e->notify_vcpu);
    spin_unlock(&d->evtchn.lock);
}

/* Without the lock: port pages are freed only at a domain's end, which the control domain has not. */
bool evtchn_send_pirq(struct domain *d, uint32_t pirq)
{
    uint16_t *ports = __atomic_load_n(&d->evtchn.pirq_port, __ATOMIC_ACQUIRE);
    uint32_t port = ports && pirq < PIRQS_MAX ? READ_ONCE(ports[pirq]) : 0;

    if (!port) return false;
    evtchn_raise(d, port, READ_ONCE(entry(d, port)->notify_vcpu));
    return true;
}

/* --- In the vCPU's own context ------------------------------------------------------------- */

void evtchn_deliver(struct vcpu *v)
{
    if (READ_ONCE(v->work) & VCPU_WORK_EVENT) __atomic_fetch_and(&v->work, ~VCPU_WORK_EVENT, __ATOMIC_SEQ_CST);
    uint64_t sel = __atomic_exchange_n(&v->evt.pending_sel, 0, __ATOMIC_SEQ_CST);
    if (!sel) return;
    /* Another vCPU of the guest may write here at any time; only whole atomic operations, and no decision on it. */
    __atomic_fetch_or(&v->info->evtchn_pending_sel, sel, __ATOMIC_SEQ_CST);
    WRITE_ONCE(v->info->evtchn_upcall_pending, 1);
}

void evtchn_all_pending(struct vcpu *v)
{
    __atomic_store_n(&v->evt.pending_sel, ~0ul, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&v->work, VCPU_WORK_EVENT, __ATOMIC_SEQ_CST);
}

void evtchn_poll_begin(struct vcpu *v, uint32_t port)
{
    WRITE_ONCE(v->evt.poll_port, port);
    __atomic_fetch_or(&v->domain->evtchn.polling, 1u << v->id, __ATOMIC_SEQ_CST);
}

void evtchn_poll_end(struct vcpu *v)
{
    __atomic_fetch_and(&v->domain->evtchn.polling, ~(1u << v->id), __ATOMIC_SEQ_CST);
}

bool evtchn_port_exists(const struct domain *d, uint32_t port)
{
    return port < READ_ONCE(d->evtchn.ports);
}

bool evtchn_port_pending(const struct domain *d, uint32_t port)
{
    return evtchn_port_exists(d, port) && test_bit(port, d->shared_info->evtchn_pending);
}
