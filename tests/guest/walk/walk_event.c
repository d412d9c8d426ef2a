/* SPDX-License-Identifier: MIT */
/* Event channels. */
#include "walk.h"

#define PORTS 64u

unsigned walk_ipi;
static unsigned near_port, far_port; /* the two ends of a channel to itself */
static unsigned new_port, gsi_pirq;

static void nothing(unsigned port, void *arg)
{
    (void)port;
    (void)arg;
}

void walk_event_init(void)
{
    walk_ipi = (unsigned)rt_event_ipi(0);
    NEED((int)walk_ipi > 0);
    rt_event_handle(walk_ipi, nothing, NULL);
}

static long status_of(domid_t dom, unsigned port, struct evtchn_status *s)
{
    *s = (struct evtchn_status){.dom = dom, .port = port};
    return rt_event_channel_op(EVTCHNOP_status, s);
}

uint64_t walk_ports(void)
{
    struct evtchn_status s;
    uint64_t used = 0;

    for (unsigned port = 1; port < PORTS; port++)
        used += status_of(DOMID_SELF, port, &s) == 0 && s.status != EVTCHNSTAT_closed;
    return used;
}

static void close_new(void)
{
    if (new_port) rt_event_close(new_port);
    new_port = 0;
}

/* A port or an error, remembered. */
static long made(long ret)
{
    new_port = ret > 0 ? (unsigned)ret : 0;
    return ret > 0 ? 0 : ret;
}

static long call_alloc(void)
{
    return made(rt_event_alloc(DOMID_SELF, DOMID_SELF));
}

static void unbound(void)
{
    if (!far_port) far_port = (unsigned)rt_event_alloc(DOMID_SELF, DOMID_SELF);
    NEED((int)far_port > 0);
}

static long call_bind(void)
{
    return made(rt_event_bind(DOMID_SELF, far_port));
}

static void close_both(void)
{
    close_new();
    if (near_port) rt_event_close(near_port);
    if (far_port) rt_event_close(far_port);
    near_port = far_port = 0;
}

static unsigned console_port, store_port;
static void child_ports(void)
{
    struct bh_dom_info info = walk_child_info();

    console_port = info.console_port;
    store_port = info.store_port;
}

static long call_bind_console(void)
{
    return made(rt_event_bind(walk_child, console_port));
}

static long call_bind_store(void)
{
    return made(rt_event_bind(walk_child, store_port));
}

static long call_virq(void)
{
    return made(rt_event_virq(VIRQ_DEBUG, 0));
}

static long call_virq_global(void)
{
    return made(rt_event_virq(VIRQ_DOM_EXC, 0));
}

static long call_ipi(void)
{
    return made(rt_event_ipi(0));
}

static void map_line(void)
{
    struct physdev_map_pirq op = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 10, .pirq = 10};

    if (!gsi_pirq) NEED(rt_physdev_op(PHYSDEVOP_map_pirq, &op) == 0);
    gsi_pirq = 10;
}

static long call_pirq(void)
{
    struct evtchn_bind_pirq op = {.pirq = gsi_pirq, .flags = BIND_PIRQ__WILL_SHARE};
    long ret = rt_event_channel_op(EVTCHNOP_bind_pirq, &op);

    return made(ret ? ret : (long)op.port);
}

static void unmap_line(void)
{
    struct physdev_unmap_pirq op = {.domid = DOMID_SELF, .pirq = (int)gsi_pirq};

    close_new();
    rt_physdev_op(PHYSDEVOP_unmap_pirq, &op);
    gsi_pirq = 0;
}

static long call_close(void)
{
    return rt_event_close(far_port);
}

static void far_is_closed(void)
{
    far_port = 0;
}

static void channel(void)
{
    unbound();
    if (!near_port) near_port = (unsigned)rt_event_bind(DOMID_SELF, far_port);
    NEED((int)near_port > 0);
    rt_event_mask(near_port);
    rt_event_mask(far_port);
    rt_event_clear(far_port);
}

static long call_send(void)
{
    return rt_event_send(near_port);
}

static uint64_t far_pending(void)
{
    return rt_event_pending(far_port);
}

static long call_status(void)
{
    return status_of(DOMID_SELF, walk_ipi, (struct evtchn_status *)walk_out);
}

/* What the call takes in is there before it. */
static void status_arguments(void)
{
    *(struct evtchn_status *)walk_out = (struct evtchn_status){.dom = DOMID_SELF, .port = walk_ipi};
}

static void peer_arguments(void)
{
    child_ports();
    *(struct evtchn_status *)walk_out = (struct evtchn_status){.dom = (domid_t)walk_child, .port = console_port};
}

static long call_peer_status(void)
{
    return status_of((domid_t)walk_child, console_port, (struct evtchn_status *)walk_out);
}

static long call_bind_vcpu(void)
{
    struct evtchn_bind_vcpu op = {.port = far_port, .vcpu = 1};

    return rt_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static uint64_t far_vcpu(void)
{
    struct evtchn_status s;

    NEED(status_of(DOMID_SELF, far_port, &s) == 0);
    return s.vcpu;
}

static long call_unmask(void)
{
    return rt_event_unmask(far_port);
}

static uint64_t far_masked(void)
{
    return rt_event_masked(far_port);
}

static long call_reset(void)
{
    struct evtchn_reset op = {.dom = DOMID_SELF};

    return rt_event_channel_op(EVTCHNOP_reset, &op);
}

static void after_reset(void)
{
    near_port = far_port = new_port = 0;
    walk_cpu_ports_gone();
    walk_event_init();
}

static long call_peer_reset(void)
{
    struct evtchn_reset op = {.dom = (domid_t)walk_child};

    return rt_event_channel_op(EVTCHNOP_reset, &op);
}

static uint64_t child_port_state(void)
{
    struct evtchn_status s;

    NEED(status_of((domid_t)walk_child, console_port, &s) == 0);
    return s.status;
}

/* The next rows want one with its ports. */
static void another_child(void)
{
    walk_child_destroy();
    walk_child_create();
    walk_child_build();
}

const struct walk_row walk_event[OPERATION_COUNT] = {
    [OP_EVTCHNOP_alloc_unbound] = {.call = call_alloc, .state = walk_ports, .undo = close_new},
    [OP_EVTCHNOP_bind_interdomain] = {.call = call_bind, .state = walk_ports, .prepare = unbound, .undo = close_both},
    [OP_EVTCHNOP_bind_interdomain_console] = {.call = call_bind_console,
                                              .state = walk_ports,
                                              .prepare = child_ports,
                                              .undo = close_new},
    [OP_EVTCHNOP_bind_interdomain_store] = {.call = call_bind_store,
                                            .state = walk_ports,
                                            .prepare = child_ports,
                                            .undo = close_new},
    [OP_EVTCHNOP_bind_virq] = {.call = call_virq, .state = walk_ports, .undo = close_new},
    [OP_EVTCHNOP_bind_virq_global] = {.call = call_virq_global, .state = walk_ports, .undo = close_new},
    [OP_EVTCHNOP_bind_ipi] = {.call = call_ipi, .state = walk_ports, .undo = close_new},
    [OP_EVTCHNOP_bind_pirq] = {.call = call_pirq, .state = walk_ports, .prepare = map_line, .undo = unmap_line},
    [OP_EVTCHNOP_close] = {.call = call_close, .state = walk_ports, .prepare = unbound, .undo = far_is_closed},
    [OP_EVTCHNOP_send] = {.call = call_send, .state = far_pending, .prepare = channel, .undo = close_both},
    [OP_EVTCHNOP_status] = {.call = call_status, .state = walk_answered, .prepare = status_arguments},
    [OP_EVTCHNOP_status_peer] = {.call = call_peer_status, .state = walk_answered, .prepare = peer_arguments},
    [OP_EVTCHNOP_bind_vcpu] = {.call = call_bind_vcpu, .state = far_vcpu, .prepare = channel, .undo = close_both},
    [OP_EVTCHNOP_unmask] = {.call = call_unmask, .state = far_masked, .prepare = channel, .undo = close_both},
    [OP_EVTCHNOP_reset] = {.call = call_reset, .state = walk_ports, .undo = after_reset},
    [OP_EVTCHNOP_reset_peer] = {.call = call_peer_reset,
                                .state = child_port_state,
                                .prepare = child_ports,
                                .undo = another_child},
};
