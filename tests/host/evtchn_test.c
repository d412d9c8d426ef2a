/* SPDX-License-Identifier: MIT */
#include "hv_fakes.h"
#include "device/pirq.h"
#include "event/evtchn.h"
#include "hypercall/hypercall.h"
#include "lib.h"
#include "sched/sched.h"
#include <xen/event_channel.h>

static struct domain *a, *b;
static unsigned int notified;
static struct vcpu *last_notified;
static int pirq_rc;
static unsigned int pirqs_bound;

void sched_notify(struct vcpu *v)
{
    notified++;
    last_notified = v;
}

void sched_wake(struct vcpu *v)
{
    sched_notify(v);
}

int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share)
{
    (void)d, (void)pirq, (void)share;
    pirqs_bound += !pirq_rc;
    return pirq_rc;
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
    (void)d, (void)pirq;
    pirqs_bound--;
}

static int setup(void **state)
{
    (void)state;
    fakes_reset(1);
    a = fake_domain(2);
    b = fake_domain(2);
    evtchn_domain_init(a);
    evtchn_domain_init(b);
    fake_run(a->vcpu[0]);
    notified = pirqs_bound = 0;
    pirq_rc = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    evtchn_domain_destroy(a);
    evtchn_domain_destroy(b);
    assert_int_equal(fake_pages, 0);
    free(a->evtchn.pirq_port);
    fake_domain_free(a);
    fake_domain_free(b);
    return 0;
}

static long op(struct domain *d, uint32_t cmd, void *arg)
{
    fake_run(d->vcpu[0]);
    return do_event_channel_op(cmd, (uint64_t)arg, 0, 0, 0);
}

static uint32_t alloc_unbound(struct domain *d, struct domain *remote)
{
    struct evtchn_alloc_unbound u = {.dom = DOMID_SELF, .remote_dom = (domid_t)remote->domid};

    assert_int_equal(op(d, EVTCHNOP_alloc_unbound, &u), 0);
    return u.port;
}

static long bind(struct domain *d, struct domain *remote, uint32_t rport, uint32_t *port)
{
    struct evtchn_bind_interdomain i = {.remote_dom = (domid_t)remote->domid, .remote_port = rport};
    long rc = op(d, EVTCHNOP_bind_interdomain, &i);

    *port = i.local_port;
    return rc;
}

static uint32_t status(struct domain *d, uint32_t port)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    assert_int_equal(op(d, EVTCHNOP_status, &s), 0);
    return s.status;
}

static long close_port(struct domain *d, uint32_t port)
{
    struct evtchn_close c = {port};

    return op(d, EVTCHNOP_close, &c);
}

static long send(struct domain *d, uint32_t port)
{
    struct evtchn_send s = {port};

    return op(d, EVTCHNOP_send, &s);
}

static bool pending(struct domain *d, uint32_t port)
{
    return test_bit(port, d->shared_info->evtchn_pending);
}

static void event_goes_from_one_to_the_other(void **state)
{
    uint32_t pa = alloc_unbound(a, b), pb;

    (void)state;
    assert_int_equal(status(a, pa), EVTCHNSTAT_unbound);
    assert_int_equal(send(a, pa), 0); /* nobody there: lost */
    assert_int_equal(bind(b, a, pa, &pb), 0);
    assert_true(pending(b, pb)); /* the ABI: the new end is pending at once */
    assert_int_equal(status(a, pa), EVTCHNSTAT_interdomain);
    notified = 0;
    assert_int_equal(send(b, pb), 0);
    assert_int_equal(fake_last_perm, PERM_event_send);
    assert_ptr_equal(fake_last_object, a);
    assert_true(pending(a, pa));
    assert_int_equal(notified, 1);
    assert_ptr_equal(last_notified, a->vcpu[0]);
    assert_true(a->vcpu[0]->work & VCPU_WORK_EVENT);
    send(b, pb); /* pending already: nobody is disturbed */
    assert_int_equal(notified, 1);

    evtchn_deliver(a->vcpu[0]);
    assert_int_equal(a->vcpu[0]->info->evtchn_pending_sel, 1ul << (pa / 64));
    assert_true(evtchn_upcall_wanted(a->vcpu[0]));
    a->vcpu[0]->info->evtchn_upcall_mask = 1;
    assert_false(evtchn_upcall_wanted(a->vcpu[0]));
    assert_false(a->vcpu[0]->work & VCPU_WORK_EVENT);
}

static void masked_port_stays_quiet_until_unmasked(void **state)
{
    uint32_t pa = alloc_unbound(a, b), pb;
    struct evtchn_unmask u = {pa};

    (void)state;
    bind(b, a, pa, &pb);
    set_bit(pa, a->shared_info->evtchn_mask);
    notified = 0;
    send(b, pb);
    assert_true(pending(a, pa));
    assert_int_equal(notified, 0);
    assert_int_equal(op(a, EVTCHNOP_unmask, &u), 0);
    assert_int_equal(notified, 1);
    assert_false(test_bit(pa, a->shared_info->evtchn_mask));
}

static void only_the_named_domain_binds(void **state)
{
    uint32_t pa = alloc_unbound(a, a), port;

    (void)state;
    assert_int_equal(bind(b, a, pa, &port), -XEN_EINVAL);
    assert_int_equal(bind(b, a, 4095, &port), -XEN_EINVAL);
    assert_int_equal(bind(b, a, 0x80000000u, &port), -XEN_EINVAL);
    assert_int_equal(bind(a, a, pa, &port), 0); /* loopback */
    assert_int_equal(bind(a, a, pa, &port), -XEN_EINVAL);
    struct evtchn_bind_interdomain nobody = {.remote_dom = 77, .remote_port = 1};
    assert_int_equal(op(a, EVTCHNOP_bind_interdomain, &nobody), -XEN_ESRCH);
}

static void refusal_of_the_monitor_changes_nothing(void **state)
{
    uint32_t pa = alloc_unbound(a, b), pb;
    uint32_t used = b->evtchn.used;

    (void)state;
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(bind(b, a, pa, &pb), -XEN_EPERM);
    assert_int_equal(fake_last_perm, PERM_event_bind);
    assert_int_equal(b->evtchn.used, used);
    struct evtchn_bind_virq timer = {.virq = VIRQ_TIMER};
    assert_int_equal(op(b, EVTCHNOP_bind_virq, &timer), -XEN_EPERM);
    struct evtchn_bind_virq global = {.virq = VIRQ_CONSOLE};
    assert_int_equal(op(b, EVTCHNOP_bind_virq, &global), -XEN_EPERM);
    assert_int_equal(fake_last_perm, PERM_event_virq_global);
    assert_int_equal(close_port(a, pa), -XEN_EPERM);
    fake_monitor_rc = 0;
    assert_int_equal(status(a, pa), EVTCHNSTAT_unbound);
    assert_int_equal(bind(b, a, pa, &pb), 0);
    fake_monitor_rc = -XEN_EPERM;
    clear_bit(pa, a->shared_info->evtchn_pending);
    assert_int_equal(send(b, pb), -XEN_EPERM);
    assert_false(pending(a, pa));
    fake_monitor_rc = 0;
}

/* The builder's ports have permissions of their own, as long as they are the builder's. */
static void console_port_is_known(void **state)
{
    uint32_t port;

    (void)state;
    b->console_port = (uint32_t)evtchn_alloc_unbound(b, a);
    b->store_port = (uint32_t)evtchn_alloc_unbound(b, a);
    assert_int_equal(bind(a, b, b->console_port, &port), 0);
    assert_int_equal(fake_last_perm, PERM_event_bind_console);
    assert_int_equal(close_port(a, port), 0);
    assert_int_equal(bind(a, b, b->console_port, &port), 0);
    assert_int_equal(fake_last_perm, PERM_event_bind_console);
    assert_int_equal(bind(a, b, b->store_port, &port), 0);
    assert_int_equal(fake_last_perm, PERM_event_bind_store);
    assert_int_equal(close_port(b, b->console_port), 0);
    assert_int_equal(alloc_unbound(b, a), b->console_port); /* the same number, made by the guest */
    bind(a, b, b->console_port, &port);
    assert_int_equal(fake_last_perm, PERM_event_alloc); /* after bind: may it be opened for this domain? */
}

static void close_leaves_the_peer_unbound(void **state)
{
    uint32_t pa = alloc_unbound(a, b), pb, again;

    (void)state;
    bind(b, a, pa, &pb);
    assert_int_equal(close_port(b, pb), 0);
    assert_int_equal(status(a, pa), EVTCHNSTAT_unbound);
    assert_int_equal(status(b, pb), EVTCHNSTAT_closed);
    assert_int_equal(close_port(b, pb), -XEN_EINVAL);
    assert_int_equal(send(b, pb), -XEN_EINVAL);
    assert_int_equal(bind(b, a, pa, &again), 0);
    assert_int_equal(again, pb);
    /* From the other side, so that the locks are taken in both orders. */
    assert_int_equal(close_port(a, pa), 0);
    assert_int_equal(status(b, pb), EVTCHNSTAT_unbound);
    assert_int_equal(a->refs, 1);
    assert_int_equal(b->refs, 1);
}

static void dying_peer_takes_no_port_along(void **state)
{
    uint32_t pa = alloc_unbound(a, b), pb, port;

    (void)state;
    bind(b, a, pa, &pb);
    uint32_t open = alloc_unbound(b, a);
    b->evtchn.closing = true; /* its ports are closed one by one: none that is still open connects any more */
    assert_int_equal(bind(a, b, open, &port), -XEN_EINVAL);
    evtchn_domain_destroy(b);
    assert_int_equal(status(a, pa), EVTCHNSTAT_unbound);
    assert_int_equal(send(a, pa), 0);
    assert_int_equal(bind(a, b, pb, &port), -XEN_EINVAL);
    struct evtchn_alloc_unbound u = {.dom = DOMID_SELF, .remote_dom = (domid_t)a->domid};
    assert_int_equal(op(b, EVTCHNOP_alloc_unbound, &u), -XEN_ESRCH);
}

static void ports_end_at_the_abi_limit(void **state)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 1};
    uint32_t n = 0;

    (void)state;
    while (op(a, EVTCHNOP_bind_ipi, &ipi) == 0) {
        n++;
        assert_int_equal(ipi.port, n);
    }
    assert_int_equal(n, 4095); /* all but port 0 */
    assert_int_equal(op(a, EVTCHNOP_bind_ipi, &ipi), -XEN_ENOSPC);
    close_port(a, 1234);
    assert_int_equal(op(a, EVTCHNOP_bind_ipi, &ipi), 0);
    assert_int_equal(ipi.port, 1234);
    assert_int_equal(send(a, 1234), 0);
    assert_ptr_equal(last_notified, a->vcpu[1]);
}

/* Ports that are closed do not count. */
static void ports_end_at_the_policys_ceiling(void **state)
{
    struct evtchn_alloc_unbound u = {.dom = DOMID_SELF, .remote_dom = (domid_t)b->domid};
    uint32_t port[3];

    (void)state;
    fake_ceiling = a->evtchn.used + 3;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            port[i] = alloc_unbound(a, b);
        assert_int_equal(op(a, EVTCHNOP_alloc_unbound, &u), -XEN_EACCES);
        for (int i = 0; i < 3; i++)
            assert_int_equal(close_port(a, port[i]), 0);
    }
    fake_ceiling = 0;
}

static void virqs_bind_once_for_each_vcpu(void **state)
{
    struct evtchn_bind_virq t0 = {.virq = VIRQ_TIMER, .vcpu = 0}, t1 = {.virq = VIRQ_TIMER, .vcpu = 1};
    struct evtchn_bind_virq global = {.virq = VIRQ_DOM_EXC, .vcpu = 0};

    (void)state;
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &t0), 0);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &t0), -XEN_EEXIST);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &t1), 0);
    evtchn_send_virq(a->vcpu[1], VIRQ_TIMER);
    assert_true(pending(a, t1.port));
    assert_false(pending(a, t0.port));
    assert_ptr_equal(last_notified, a->vcpu[1]);
    struct evtchn_bind_vcpu move = {.port = t1.port, .vcpu = 0};
    assert_int_equal(op(a, EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
    assert_int_equal(send(a, t1.port), -XEN_EINVAL);

    assert_int_equal(op(a, EVTCHNOP_bind_virq, &global), 0);
    move.port = global.port;
    move.vcpu = 1;
    assert_int_equal(op(a, EVTCHNOP_bind_vcpu, &move), 0);
    evtchn_send_global_virq(a, VIRQ_DOM_EXC);
    assert_true(pending(a, global.port));
    assert_ptr_equal(last_notified, a->vcpu[1]);
    assert_int_equal(close_port(a, global.port), 0);
    evtchn_send_global_virq(a, VIRQ_DOM_EXC);
    assert_false(pending(a, global.port));
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &global), 0); /* free again */
    assert_int_equal(close_port(a, t1.port), 0);
    assert_int_equal(a->vcpu[1]->evt.virq_port[VIRQ_TIMER], 0);
}

static void bad_numbers_are_refused(void **state)
{
    const uint32_t ports[] = {0, 1, 255, 256, 4094, 4095, 4096, 4097, 0x7fffffffu, 0x80000000u, 0xffffffffu};
    struct evtchn_bind_virq v = {.virq = NR_VIRQS}, w = {.virq = VIRQ_TIMER, .vcpu = 2},
                            g = {.virq = VIRQ_CONSOLE, .vcpu = 1};
    struct evtchn_bind_ipi ipi = {.vcpu = 0xffffffffu};

    (void)state;
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &v), -XEN_EINVAL);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &w), -XEN_ENOENT);
    assert_int_equal(op(a, EVTCHNOP_bind_virq, &g), -XEN_EINVAL);
    assert_int_equal(op(a, EVTCHNOP_bind_ipi, &ipi), -XEN_ENOENT);
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        struct evtchn_status s = {.dom = DOMID_SELF, .port = ports[i]};
        struct evtchn_unmask u = {ports[i]};
        struct evtchn_bind_vcpu m = {ports[i], 0};
        assert_int_equal(send(a, ports[i]), -XEN_EINVAL);
        assert_int_equal(close_port(a, ports[i]), -XEN_EINVAL);
        assert_int_equal(op(a, EVTCHNOP_unmask, &u), -XEN_EINVAL);
        assert_int_equal(op(a, EVTCHNOP_bind_vcpu, &m), -XEN_EINVAL);
        assert_int_equal(op(a, EVTCHNOP_status, &s), ports[i] ? -XEN_EINVAL : 0);
        assert_false(evtchn_port_pending(a, ports[i]));
    }
    for (uint32_t cmd = EVTCHNOP_init_control; cmd < 40; cmd++)
        assert_int_equal(op(a, cmd, &ipi), -XEN_ENOSYS);
    assert_int_equal(op(a, EVTCHNOP_send, NULL), -XEN_EFAULT);
    assert_int_equal(op(a, EVTCHNOP_close, NULL), -XEN_EFAULT);
}

static void pirqs_are_the_control_domains(void **state)
{
    struct evtchn_bind_pirq p = {.pirq = 9}, far = {.pirq = PIRQS_MAX};

    (void)state;
    assert_int_equal(op(a, EVTCHNOP_bind_pirq, &p), -XEN_EPERM);
    a->is_control = true;
    assert_false(evtchn_send_pirq(a, 9));
    assert_int_equal(op(a, EVTCHNOP_bind_pirq, &far), -XEN_EINVAL);
    pirq_rc = -XEN_ENOENT;
    assert_int_equal(op(a, EVTCHNOP_bind_pirq, &p), -XEN_ENOENT);
    assert_int_equal(a->evtchn.used, 0);
    pirq_rc = 0;
    assert_int_equal(op(a, EVTCHNOP_bind_pirq, &p), 0);
    assert_int_equal(op(a, EVTCHNOP_bind_pirq, &p), -XEN_EEXIST);
    assert_true(evtchn_send_pirq(a, 9));
    assert_true(pending(a, p.port));
    assert_false(evtchn_send_pirq(a, 0xffffffffu));
    assert_int_equal(close_port(a, p.port), 0);
    assert_int_equal(pirqs_bound, 0);
    assert_false(evtchn_send_pirq(a, 9));
}

static void reset_closes_all_in_steps(void **state)
{
    struct evtchn_reset r = {.dom = DOMID_SELF};
    uint32_t pa = alloc_unbound(a, b), pb;

    (void)state;
    bind(b, a, pa, &pb);
    for (int i = 0; i < 10; i++)
        alloc_unbound(a, b);
    fake_preempt = true;
    op(a, EVTCHNOP_reset, &r);
    assert_true(fake_again);
    assert_int_equal(a->evtchn.used, 10); /* progress, however often it is interrupted */
    fake_again = fake_preempt = false;
    assert_int_equal(op(a, EVTCHNOP_reset, &r), 0);
    assert_false(fake_again);
    assert_int_equal(a->evtchn.used, 0);
    assert_int_equal(status(b, pb), EVTCHNSTAT_unbound);
}

static void poller_is_woken_by_its_port_even_masked(void **state)
{
    struct evtchn_bind_ipi one = {.vcpu = 1}, two = {.vcpu = 1};

    (void)state;
    op(a, EVTCHNOP_bind_ipi, &one);
    op(a, EVTCHNOP_bind_ipi, &two);
    set_bit(one.port, a->shared_info->evtchn_mask);
    set_bit(two.port, a->shared_info->evtchn_mask);
    evtchn_poll_begin(a->vcpu[1], one.port);
    send(a, two.port);
    assert_int_equal(notified, 0);
    send(a, one.port);
    assert_int_equal(notified, 1);
    assert_ptr_equal(last_notified, a->vcpu[1]);
    evtchn_poll_end(a->vcpu[1]);
    assert_int_equal(a->evtchn.polling, 0);
}

/* Nothing of the hypervisor's memory goes out in what the ABI leaves unused. */
static void status_shows_nothing_but_its_fields(void **state)
{
    struct evtchn_status s, zero;
    struct evtchn_bind_ipi ipi = {.vcpu = 0};

    (void)state;
    op(a, EVTCHNOP_bind_ipi, &ipi);
    memset(&s, 0xaa, sizeof(s));
    s.dom = DOMID_SELF;
    s.port = ipi.port;
    assert_int_equal(op(a, EVTCHNOP_status, &s), 0);
    memset(&zero, 0, sizeof(zero));
    zero.dom = DOMID_SELF;
    zero.port = ipi.port;
    zero.status = EVTCHNSTAT_ipi;
    assert_memory_equal(&s, &zero, sizeof(s));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(event_goes_from_one_to_the_other),
        T(masked_port_stays_quiet_until_unmasked),
        T(only_the_named_domain_binds),
        T(refusal_of_the_monitor_changes_nothing),
        T(console_port_is_known),
        T(close_leaves_the_peer_unbound),
        T(dying_peer_takes_no_port_along),
        T(ports_end_at_the_abi_limit),
        T(ports_end_at_the_policys_ceiling),
        T(virqs_bind_once_for_each_vcpu),
        T(bad_numbers_are_refused),
        T(pirqs_are_the_control_domains),
        T(reset_closes_all_in_steps),
        T(poller_is_woken_by_its_port_even_masked),
        T(status_shows_nothing_but_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
