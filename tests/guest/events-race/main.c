/* SPDX-License-Identifier: MIT */
/*
 * Ports die while others use them. One vCPU makes, binds, closes and resets channels; another sends to, binds to,
 * moves, unmasks and closes the same port numbers at random. Past holes (XSA-221, 317, 343, 358) were a port that was
 * freed on one side and still connected on the other, and locks taken in the wrong order. Afterwards every port must be
 * free, none of them bound to anything, and channels must work. Attack row 12.
 */
#include "rt_test.h"

#define PORTS 24u

static volatile bool stop;
static uint32_t seed = 12345;

static uint32_t random_from(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void disturb_once(uint32_t r)
{
    unsigned port = 1 + r % PORTS;
    struct evtchn_bind_vcpu move = {.port = port, .vcpu = r >> 8 & 1};
    struct evtchn_bind_virq virq = {.virq = VIRQ_DEBUG, .vcpu = r >> 8 & 1};

    switch (r >> 9 & 7) {
    case 0:
        rt_event_close(port);
        break;
    case 1:
        rt_event_bind(DOMID_SELF, port);
        break;
    case 2:
        rt_event_channel_op(EVTCHNOP_bind_vcpu, &move);
        break;
    case 3:
        rt_event_unmask(port);
        break;
    case 4:
        rt_event_channel_op(EVTCHNOP_bind_virq, &virq);
        break;
    default:
        rt_event_send(port);
        break;
    }
}

static void disturb(void *arg)
{
    uint32_t state = 99;

    (void)arg;
    while (!stop)
        disturb_once(random_from(&state));
}

static void make_and_break(unsigned round)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    uint32_t r = random_from(&seed);
    long a = rt_event_alloc(DOMID_SELF, DOMID_SELF);
    long b = a > 0 ? rt_event_bind(DOMID_SELF, (unsigned)a) : 0;

    rt_event_ipi(r & 1);
    if (b > 0) {
        rt_event_send((unsigned)b);
        rt_event_close((unsigned)(r & 2 ? a : b));
    }
    for (unsigned i = 0; i < 4; i++)
        disturb_once(random_from(&seed));
    if (round % 16 == 15) rt_event_channel_op(EVTCHNOP_reset, &reset);
}

static void all_is_well(void)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    EQ(rt_event_channel_op(EVTCHNOP_reset, &reset), 0);
    for (unsigned port = 1; port < 4096; port++) {
        struct evtchn_status s = {.dom = DOMID_SELF, .port = port};
        if (rt_event_channel_op(EVTCHNOP_status, &s) == 0 && s.status != EVTCHNSTAT_closed)
            CHECK_MSG(false, "port %u has status %u after reset", port, s.status);
        rt_event_clear(port);
    }
    for (unsigned i = 1; i <= 2 * PORTS; i++)
        EQ(rt_event_alloc(DOMID_SELF, DOMID_SELF), i);
    long b = rt_event_bind(DOMID_SELF, 5);
    CHECK(b > 0);
    rt_event_clear(5);
    EQ(rt_event_send((unsigned)b), 0);
    CHECK(rt_event_pending(5));
    EQ(rt_event_virq(VIRQ_DEBUG, 0) > 0, 1);
    EQ(rt_event_virq(VIRQ_DEBUG, 0), -XEN_EEXIST);
    EQ(rt_event_channel_op(EVTCHNOP_reset, &reset), 0);
}

void test_main(void)
{
    if (rt_cpu_count() < 2) test_skip("needs two vCPUs");
    rt_event_disable();
    NEED(rt_cpu_start(1, disturb, NULL) == 0);
    for (unsigned round = 0; round < 4000; round++)
        make_and_break(round);
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
    all_is_well();
    EQ(test_audit(), 0);
}
