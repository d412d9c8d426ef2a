/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op: every operation's success and errors, each against every kind of bad port. Ports that
 * are closed, of the wrong kind or out of range must be refused without touching another channel
 * (XSA-47, 107, 317, 342, 343). Attack row 12.
 */
#include "rt_test.h"

static const unsigned bad_ports[] = {0, 3000, 4095, 4096, 4097, 131071, 131072, 1u << 31, ~0u, ~0u - 1};

static long status(unsigned port, struct evtchn_status *s)
{
    *s = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
    return rt_event_channel_op(EVTCHNOP_status, s);
}

static long bind_vcpu(unsigned port, unsigned vcpu)
{
    struct evtchn_bind_vcpu arg = {.port = port, .vcpu = vcpu};

    return rt_event_channel_op(EVTCHNOP_bind_vcpu, &arg);
}

static void each_bad_port(void)
{
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad_ports); i++) {
        unsigned port = bad_ports[i];
        struct evtchn_status s;

        CHECK_MSG(rt_event_send(port) < 0, "send on port %u", port);
        CHECK_MSG(rt_event_close(port) < 0, "close of port %u", port);
        CHECK_MSG(bind_vcpu(port, 0) < 0, "bind_vcpu of port %u", port);
        CHECK_MSG(rt_event_bind(DOMID_SELF, port) < 0, "bind to port %u", port);
        if (port >= 4096) CHECK_MSG(rt_event_unmask(port) < 0, "unmask of port %u", port);
        if (port == 0 || port >= 4096)
            CHECK_MSG(status(port, &s) < 0 || s.status == EVTCHNSTAT_closed, "status of port %u", port);
    }
}

static void interdomain(void)
{
    long a = rt_event_alloc(DOMID_SELF, DOMID_SELF), b;
    struct evtchn_status s;

    NEED(a > 0);
    EQ(status((unsigned)a, &s), 0);
    EQ(s.status, EVTCHNSTAT_unbound);
    CHECK(s.u.unbound.dom == DOMID_SELF || s.u.unbound.dom == rt_start_domid());
    EQ(rt_event_send((unsigned)a), 0); /* nobody there: lost */
    b = rt_event_bind(DOMID_SELF, (unsigned)a);
    NEED(b > 0);
    EQ(status((unsigned)b, &s), 0);
    EQ(s.status, EVTCHNSTAT_interdomain);
    EQ(s.u.interdomain.port, a);
    CHECK(rt_event_bind(DOMID_SELF, (unsigned)a) < 0);
    rt_event_mask((unsigned)a);
    rt_event_clear((unsigned)a);
    EQ(rt_event_send((unsigned)b), 0);
    CHECK(rt_event_pending((unsigned)a));
    EQ(bind_vcpu((unsigned)a, 0), 0);
    EQ(bind_vcpu((unsigned)a, 77), -XEN_ENOENT);
    EQ(rt_event_close((unsigned)b), 0);
    EQ(status((unsigned)a, &s), 0);
    EQ(s.status, EVTCHNSTAT_unbound); /* the other end falls back */
    EQ(rt_event_close((unsigned)a), 0);
    CHECK(rt_event_close((unsigned)a) < 0);
    CHECK(rt_event_send((unsigned)a) < 0);
}

static void other_domains(void)
{
    struct evtchn_status s = {.dom = 77, .port = 1};
    long port = rt_event_alloc(DOMID_SELF, 77);

    CHECK(rt_event_alloc(77, DOMID_SELF) < 0);
    CHECK(rt_event_bind(77, 1) < 0);
    CHECK(rt_event_bind(DOMID_INVALID, 1) < 0);
    CHECK(rt_event_bind(DOMID_XEN, 1) < 0);
    CHECK(rt_event_channel_op(EVTCHNOP_status, &s) < 0);
    if (port > 0) { /* meant for 77: nobody else may take it */
        CHECK(rt_event_bind(DOMID_SELF, (unsigned)port) < 0);
        EQ(rt_event_close((unsigned)port), 0);
    }
}

static void virqs(void)
{
    long timer = rt_event_virq(VIRQ_TIMER, 0);
    struct evtchn_status s;

    NEED(timer > 0);
    EQ(status((unsigned)timer, &s), 0);
    EQ(s.status, EVTCHNSTAT_virq);
    EQ(s.u.virq, VIRQ_TIMER);
    EQ(rt_event_virq(VIRQ_TIMER, 0), -XEN_EEXIST);
    EQ(rt_event_virq(VIRQ_TIMER, 77), -XEN_ENOENT);
    CHECK(rt_event_virq(VIRQ_DEBUG, ~0u) < 0);
    CHECK(rt_event_virq(NR_VIRQS, 0) < 0);
    CHECK(rt_event_virq(~0u, 0) < 0);
    CHECK(rt_event_send((unsigned)timer) < 0);
    CHECK(bind_vcpu((unsigned)timer, 0) < 0);
    CHECK(rt_event_bind(DOMID_SELF, (unsigned)timer) < 0);
    EQ(rt_event_close((unsigned)timer), 0);
    timer = rt_event_virq(VIRQ_TIMER, 0);
    CHECK(timer > 0);
    EQ(rt_event_close((unsigned)timer), 0);
    if (!rt_start_is_dom0()) return;
    CHECK(rt_event_virq(VIRQ_DOM_EXC, 1) < 0); /* a global one starts on vCPU 0 */
    timer = rt_event_virq(VIRQ_DOM_EXC, 0);
    CHECK(timer > 0);
    EQ(bind_vcpu((unsigned)timer, 0), 0);
    EQ(rt_event_close((unsigned)timer), 0);
}

static void ipis(void)
{
    long ipi = rt_event_ipi(0);
    struct evtchn_status s;

    NEED(ipi > 0);
    EQ(status((unsigned)ipi, &s), 0);
    EQ(s.status, EVTCHNSTAT_ipi);
    EQ(s.vcpu, 0);
    EQ(rt_event_send((unsigned)ipi), 0);
    CHECK(rt_event_pending((unsigned)ipi));
    CHECK(bind_vcpu((unsigned)ipi, 0) < 0);
    EQ(rt_event_ipi(77), -XEN_ENOENT);
    CHECK(rt_event_ipi(~0u) < 0);
    EQ(rt_event_close((unsigned)ipi), 0);
    CHECK(!rt_event_pending((unsigned)ipi));
}

static void pointers(void)
{
    for (int cmd = 0; cmd <= 10; cmd++) {
        EQ(rt_event_channel_op(cmd, (void *)TEST_UNMAPPED), -XEN_EFAULT);
        EQ(rt_event_channel_op(cmd, (void *)TEST_NONCANONICAL), -XEN_EFAULT);
        EQ(rt_event_channel_op(cmd, (void *)HYPERVISOR_VIRT_END), -XEN_EFAULT);
    }
    EQ(rt_event_channel_op(99, (void *)TEST_UNMAPPED), -XEN_ENOSYS);
    EQ(rt_event_channel_op(-1, (void *)TEST_UNMAPPED), -XEN_ENOSYS);
}

static void all_ports(void)
{
    unsigned n = 0;
    long port, last = 0;

    while ((port = rt_event_alloc(DOMID_SELF, DOMID_SELF)) > 0 && n < 5000) {
        last = port;
        n++;
    }
    rt_printf("%u ports, the last %ld, then %ld\n", n, last, port);
    CHECK(n >= 1000 && n < 4096);
    EQ(port, -XEN_ENOSPC);
    EQ(rt_event_close((unsigned)last), 0);
    EQ(rt_event_alloc(DOMID_SELF, DOMID_SELF), last);
}

static void reset(void)
{
    struct evtchn_reset arg = {.dom = DOMID_SELF};
    struct evtchn_status s;
    long port;

    EQ(rt_event_channel_op(EVTCHNOP_reset, &arg), 0);
    EQ(status(100, &s), 0);
    EQ(s.status, EVTCHNSTAT_closed);
    port = rt_event_alloc(DOMID_SELF, DOMID_SELF);
    CHECK(port > 0);
    arg.dom = 77;
    CHECK(rt_event_channel_op(EVTCHNOP_reset, &arg) < 0);
}

void test_main(void)
{
    each_bad_port();
    interdomain();
    other_domains();
    virqs();
    ipis();
    pointers();
    each_bad_port();
    all_ports();
    if (rt_start_is_dom0()) /* elsewhere the console would go too */
        reset();
}
