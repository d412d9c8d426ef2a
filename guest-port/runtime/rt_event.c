/* SPDX-License-Identifier: MIT */
#include "rt.h"

#define WORD_BITS 64u

static struct {
    rt_event_handler handler;
    void *arg;
} ports[RT_PORTS];

static struct vcpu_info *vcpu_info(void)
{
    return &rt_shared_info->vcpu_info[rt_cpu_id()];
}

static void set_bit(unsigned long *words, unsigned bit)
{
    __atomic_fetch_or(&words[bit / WORD_BITS], 1ul << (bit % WORD_BITS), __ATOMIC_SEQ_CST);
}

static bool clear_bit(unsigned long *words, unsigned bit)
{
    unsigned long mask = 1ul << (bit % WORD_BITS);

    return __atomic_fetch_and(&words[bit / WORD_BITS], ~mask, __ATOMIC_SEQ_CST) & mask;
}

static bool get_bit(const unsigned long *words, unsigned bit)
{
    return RT_READ_ONCE(words[bit / WORD_BITS]) >> (bit % WORD_BITS) & 1;
}

static void dispatch_word(unsigned word)
{
    unsigned long pending;

    while ((pending = RT_READ_ONCE(rt_shared_info->evtchn_pending[word]) &
                      ~RT_READ_ONCE(rt_shared_info->evtchn_mask[word])) != 0) {
        unsigned port = word * WORD_BITS + (unsigned)__builtin_ctzl(pending);

        clear_bit(rt_shared_info->evtchn_pending, port);
        if (ports[port].handler)
            ports[port].handler(port, ports[port].arg);
        else
            rt_event_mask(port);
    }
}

void rt_event_dispatch(void)
{
    struct vcpu_info *v = vcpu_info();
    unsigned long words;

    while (RT_READ_ONCE(v->evtchn_upcall_pending)) {
        RT_WRITE_ONCE(v->evtchn_upcall_pending, 0);
        words = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; words; words &= words - 1)
            dispatch_word((unsigned)__builtin_ctzl(words));
    }
}

void rt_event_handle(unsigned port, rt_event_handler handler, void *arg)
{
    ports[port].arg = arg;
    RT_WRITE_ONCE(ports[port].handler, handler);
    if (handler) rt_event_unmask(port);
}

bool rt_event_pending(unsigned port)
{
    return get_bit(rt_shared_info->evtchn_pending, port);
}

void rt_event_clear(unsigned port)
{
    clear_bit(rt_shared_info->evtchn_pending, port);
}

void rt_event_mask(unsigned port)
{
    set_bit(rt_shared_info->evtchn_mask, port);
}

bool rt_event_masked(unsigned port)
{
    return get_bit(rt_shared_info->evtchn_mask, port);
}

long rt_event_unmask(unsigned port)
{
    struct evtchn_unmask arg = {.port = port};

    return rt_event_channel_op(EVTCHNOP_unmask, &arg);
}

void rt_event_disable(void)
{
    RT_WRITE_ONCE(vcpu_info()->evtchn_upcall_mask, 1);
}

void rt_event_enable(void)
{
    RT_WRITE_ONCE(vcpu_info()->evtchn_upcall_mask, 0);
    rt_mb();
    if (RT_READ_ONCE(vcpu_info()->evtchn_upcall_pending))
        rt_xen_version(XENVER_version, NULL); /* any call: its return delivers the upcall */
}

long rt_event_alloc(unsigned dom, unsigned remote)
{
    struct evtchn_alloc_unbound arg = {.dom = dom, .remote_dom = remote};
    long ret = rt_event_channel_op(EVTCHNOP_alloc_unbound, &arg);

    return ret ? ret : arg.port;
}

long rt_event_bind(unsigned remote_dom, unsigned remote_port)
{
    struct evtchn_bind_interdomain arg = {.remote_dom = remote_dom, .remote_port = remote_port};
    long ret = rt_event_channel_op(EVTCHNOP_bind_interdomain, &arg);

    return ret ? ret : arg.local_port;
}

long rt_event_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq arg = {.virq = virq, .vcpu = vcpu};
    long ret = rt_event_channel_op(EVTCHNOP_bind_virq, &arg);

    return ret ? ret : arg.port;
}

long rt_event_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi arg = {.vcpu = vcpu};
    long ret = rt_event_channel_op(EVTCHNOP_bind_ipi, &arg);

    return ret ? ret : arg.port;
}

long rt_event_send(unsigned port)
{
    struct evtchn_send arg = {.port = port};

    return rt_event_channel_op(EVTCHNOP_send, &arg);
}

long rt_event_close(unsigned port)
{
    struct evtchn_close arg = {.port = port};

    if (port < RT_PORTS) ports[port].handler = NULL;
    return rt_event_channel_op(EVTCHNOP_close, &arg);
}
