/* SPDX-License-Identifier: MIT */
/*
 * Delivery: an event reaches its handler once, waits while the port or the vCPU is masked, comes when
 * either is unmasked, wakes a blocked or polling vCPU, and crosses to another vCPU. And on two vCPUs at
 * once, opening, sending and closing the same channels must neither lose the hypervisor nor a later
 * event. Attack row 12.
 */
#include "rt_test.h"

static volatile unsigned seen[2];

static void count(unsigned port, void *arg)
{
    (void)port;
    seen[(uint64_t)arg]++;
}

static void basic(unsigned send, unsigned receive)
{
    rt_event_handle(receive, count, NULL);
    seen[0] = 0;
    EQ(rt_event_send(send), 0);
    EQ(seen[0], 1);
    rt_event_mask(receive);
    rt_event_send(send);
    rt_event_send(send);
    EQ(seen[0], 1);
    CHECK(rt_event_pending(receive));
    EQ(rt_event_unmask(receive), 0);
    EQ(seen[0], 2);
    rt_event_disable();
    rt_event_send(send);
    EQ(seen[0], 2);
    CHECK(rt_shared_info->vcpu_info[0].evtchn_upcall_pending);
    rt_event_enable();
    EQ(seen[0], 3);
}

static void block_and_poll(unsigned send, unsigned receive)
{
    evtchn_port_t ports[1] = {receive};
    struct sched_poll poll = {.nr_ports = 1};
    uint64_t start;

    set_xen_guest_handle(poll.ports, ports);
    rt_event_disable();
    rt_event_send(send);
    EQ(rt_sched_op(SCHEDOP_block, NULL), 0); /* enables events: returns because one is pending */
    EQ(seen[0], 4);
    rt_event_disable();
    rt_event_mask(receive);
    rt_event_send(send);
    poll.timeout = 0;
    EQ(rt_sched_op(SCHEDOP_poll, &poll), 0);
    rt_event_clear(receive);
    start = rt_time_now();
    poll.timeout = start + 20 * RT_MS;
    EQ(rt_sched_op(SCHEDOP_poll, &poll), 0);
    CHECK(rt_time_now() - start >= 19 * RT_MS);
    CHECK(rt_time_now() - start < 2 * RT_S);
    poll.timeout = 1; /* long past */
    EQ(rt_sched_op(SCHEDOP_poll, &poll), 0);
    poll.nr_ports = 129;
    CHECK(rt_sched_op(SCHEDOP_poll, &poll) < 0);
    poll.nr_ports = 1;
    ports[0] = 1u << 31;
    CHECK(rt_sched_op(SCHEDOP_poll, &poll) < 0);
    set_xen_guest_handle(poll.ports, (void *)TEST_UNMAPPED);
    EQ(rt_sched_op(SCHEDOP_poll, &poll), -XEN_EFAULT);
    EQ(rt_sched_op(SCHEDOP_poll, (void *)TEST_NONCANONICAL), -XEN_EFAULT);
    rt_event_unmask(receive);
    rt_event_enable();
}

static volatile bool stop;
static volatile unsigned ipi_to_1;
static unsigned contested[8];

static void second(void *arg)
{
    (void)arg;
    ipi_to_1 = (unsigned)rt_event_ipi(1);
    rt_event_handle(ipi_to_1, count, (void *)1);
    rt_event_enable();
    while (!stop) {
        unsigned i = rt_random() & 7;

        rt_event_send(contested[i]);
        rt_event_close(contested[i]);
        rt_event_bind(DOMID_SELF, contested[(i + 3) & 7]);
    }
}

static bool wait_for(volatile unsigned *counter, unsigned want)
{
    uint64_t end = rt_time_now() + 5 * RT_S;

    while (*counter < want && rt_time_now() < end)
        rt_sched_op(SCHEDOP_yield, NULL);
    return *counter >= want;
}

static void two_cpus(void)
{
    uint64_t end;

    for (unsigned i = 0; i < 8; i++)
        contested[i] = (unsigned)rt_event_alloc(DOMID_SELF, DOMID_SELF);
    NEED(rt_cpu_start(1, second, NULL) == 0);
    NEED(wait_for(&ipi_to_1, 1));
    for (unsigned i = 1; i <= 20; i++) {
        EQ(rt_event_send(ipi_to_1), 0);
        if (!CHECK_MSG(wait_for(&seen[1], i), "IPI %u did not arrive", i)) break;
    }
    end = rt_time_now() + 500 * RT_MS;
    while (rt_time_now() < end) {
        unsigned i = (unsigned)rt_random() & 7;

        rt_event_send(contested[i]);
        rt_event_bind(DOMID_SELF, contested[i]);
        rt_event_close((unsigned)(contested[0] + (rt_random() & 31)));
        rt_event_alloc(DOMID_SELF, DOMID_SELF);
    }
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
}

void test_main(void)
{
    unsigned a = (unsigned)rt_event_alloc(DOMID_SELF, DOMID_SELF), b = (unsigned)rt_event_bind(DOMID_SELF, a);
    unsigned ipi;

    NEED(a > 0 && b > 0 && b < RT_PORTS);
    basic(b, a);
    block_and_poll(b, a);
    ipi = (unsigned)rt_event_ipi(0);
    basic(ipi, ipi);
    if (rt_cpu_count() > 1) two_cpus();
}
