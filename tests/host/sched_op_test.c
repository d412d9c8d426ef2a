/* SPDX-License-Identifier: MIT */
/* sched_op, set_timer_op and what they wait for: the calls that a guest makes about its own time. */
#include "sched_sim.h"
#include "sched/watchdog.h"

/* The event comes between the decision to sleep and the sleep: it must not be slept over. */
static void wake_up_is_not_lost(void **state)
{
    setup_cpus(1);
    struct domain *d = domain_with(1, 256, 0);
    struct vcpu *v = d->vcpu[0];

    start(d, 1 * MS, 0);
    exit_path();
    assert_ptr_equal(current, v);
    v->info->evtchn_upcall_mask = 1;
    assert_int_equal(do_sched_op(SCHEDOP_block, 0, 0, 0, 0), 0);
    assert_int_equal(v->info->evtchn_upcall_mask, 0);
    sched_wake(v); /* as by another CPU, before this one has left it */
    exit_path();
    assert_ptr_equal(current, v);

    v->evt.pending_sel = 1; /* an event that nobody merged yet */
    v->work |= VCPU_WORK_EVENT;
    do_sched_op(SCHEDOP_block, 0, 0, 0, 0);
    exit_path();
    assert_ptr_equal(current, v);
    assert_true(evtchn_upcall_wanted(v));

    v->info->evtchn_upcall_pending = 0;
    do_sched_op(SCHEDOP_block, 0, 0, 0, 0);
    exit_path();
    assert_true(domain_is_idle(current->domain));
    sched_wake(v);
    exit_path();
    assert_ptr_equal(current, v);
}

static void poll_ends_by_event_or_time(void **state)
{
    setup_cpus(1);
    struct domain *d = domain_with(2, 256, 0);
    struct vcpu *v = d->vcpu[0];
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    evtchn_port_t ports[129] = {0};
    struct sched_poll poll = {.nr_ports = 1};

    poll.ports.p = ports;
    v->online = 1;
    sched_vcpu_state_changed(v);
    exit_path();
    v->info->evtchn_upcall_mask = 1;
    assert_int_equal(do_event_channel_op(EVTCHNOP_bind_ipi, (uint64_t)&ipi, 0, 0, 0), 0);
    set_bit(ipi.port, d->shared_info->evtchn_mask);
    ports[0] = ipi.port;
    do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0);
    exit_path();
    assert_true(domain_is_idle(current->domain));
    evtchn_raise(d, ipi.port, 0);
    exit_path();
    assert_ptr_equal(current, v);
    assert_int_equal(d->evtchn.polling, 0);
    do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0); /* pending already */
    exit_path();
    assert_ptr_equal(current, v);
    assert_int_equal(d->evtchn.polling, 0);

    clear_bit(ipi.port, d->shared_info->evtchn_pending);
    poll.timeout = fake_now + 2 * MS;
    do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0);
    exit_path();
    assert_true(domain_is_idle(current->domain));
    fake_now += 3 * MS;
    timer_interrupt();
    exit_path();
    assert_ptr_equal(current, v);
    assert_int_equal(d->evtchn.polling, 0);

    poll.nr_ports = 129;
    assert_int_equal(do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), -XEN_EINVAL);
    poll.nr_ports = 2;
    ports[1] = 4096;
    assert_int_equal(do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), -XEN_EINVAL);
    poll.ports.p = NULL;
    assert_int_equal(do_sched_op(SCHEDOP_poll, (uint64_t)&poll, 0, 0, 0), -XEN_EFAULT);
    assert_int_equal(do_sched_op(SCHEDOP_poll, 0, 0, 0, 0), -XEN_EFAULT);
    assert_int_equal(d->evtchn.polling, 0);
}

static void yield_lets_others_go_first(void **state)
{
    setup_cpus(1);
    struct domain *ds[] = {domain_with(1, 256, 0), domain_with(1, 256, 0)};

    start(ds[0], MS, 0);
    exit_path();
    do_sched_op(SCHEDOP_yield, 0, 0, 0, 0);
    exit_path();
    assert_ptr_equal(current, ds[0]->vcpu[0]); /* alone */
    start(ds[1], MS, 0);
    exit_path();
    struct vcpu *was = current;
    do_sched_op(SCHEDOP_yield, 0, 0, 0, 0);
    exit_path();
    assert_ptr_not_equal(current, was);
}

static void timers_of_a_vcpu_fire(void **state)
{
    setup_cpus(1);
    struct domain *d = domain_with(1, 256, 0);
    struct vcpu *v = d->vcpu[0];
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};

    start(d, MS, 0);
    exit_path();
    do_event_channel_op(EVTCHNOP_bind_virq, (uint64_t)&virq, 0, 0, 0);
    uint64_t *pending = d->shared_info->evtchn_pending;
    assert_int_equal(do_set_timer_op(fake_now + MS, 0, 0, 0, 0), 0);
    fake_now += 2 * MS;
    timer_interrupt();
    assert_true(test_and_clear_bit(virq.port, pending));
    do_set_timer_op(1, 0, 0, 0, 0); /* long past: at once */
    assert_true(test_and_clear_bit(virq.port, pending));
    assert_false(v->singleshot_timer.armed);
    do_set_timer_op(fake_now + MS, 0, 0, 0, 0);
    do_set_timer_op(0, 0, 0, 0, 0);
    fake_now += 2 * MS;
    timer_interrupt();
    assert_false(test_bit(virq.port, pending));
}

static void watchdog_bites_unless_poked(void **state)
{
    setup_cpus(1);
    struct domain *d = domain_with(1, 256, 0);

    start(d, MS, 0);
    exit_path();
    assert_int_equal(watchdog_op(d, 0, 0), -XEN_EINVAL);
    assert_int_equal(watchdog_op(d, 1, 1), -XEN_EINVAL);
    assert_int_equal(watchdog_op(d, 3, 1), -XEN_EINVAL);
    assert_int_equal(watchdog_op(d, 0, 1), 1);
    assert_int_equal(watchdog_op(d, 0, 1), 2);
    assert_int_equal(watchdog_op(d, 0, 1), -XEN_ENOSPC);
    assert_int_equal(watchdog_op(d, 2, 0), 0);
    fake_now += 900 * MS;
    assert_int_equal(watchdog_op(d, 1, 1), 0);
    fake_now += 900 * MS;
    timer_interrupt();
    assert_int_equal(fake_shutdowns, 0);
    fake_now += 200 * MS;
    timer_interrupt();
    assert_int_equal(fake_shutdowns, 1);
    assert_int_equal(d->shutdown_reason, SHUTDOWN_watchdog);
}

static void domain_ends_with_its_reason(void **state)
{
    setup_cpus(1);
    struct domain *d = domain_with(1, 256, 0), *other = domain_with(1, 256, 0);
    struct sched_shutdown s = {SHUTDOWN_reboot};
    struct sched_remote_shutdown r = {.domain_id = (domid_t)other->domid, .reason = SHUTDOWN_crash};

    start(d, MS, 0);
    exit_path();
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, (uint64_t)&r, 0, 0, 0), -XEN_EPERM);
    assert_int_equal(fake_last_perm, PERM_domain_remote_shutdown);
    assert_ptr_equal(fake_last_object, other);
    assert_int_equal(fake_shutdowns, 0);
    fake_monitor_rc = 0;
    assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, (uint64_t)&r, 0, 0, 0), 0);
    assert_int_equal(other->shutdown_reason, SHUTDOWN_crash);
    other->is_control = true;
    assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, (uint64_t)&r, 0, 0, 0), -XEN_EPERM);

    struct sched_shutdown bad = {SHUTDOWN_MAX + 1}, suspend = {SHUTDOWN_suspend};
    assert_int_equal(do_sched_op(SCHEDOP_shutdown, (uint64_t)&bad, 0, 0, 0), -XEN_EINVAL);
    assert_int_equal(do_sched_op(SCHEDOP_shutdown, (uint64_t)&suspend, 0, 0, 0), 1);
    assert_int_equal(fake_shutdowns, 1);
    struct sched_shutdown code = {SHUTDOWN_crash};
    assert_int_equal(do_sched_op(SCHEDOP_shutdown_code, (uint64_t)&code, 0, 0, 0), 0);
    assert_int_equal(do_sched_op(SCHEDOP_shutdown, (uint64_t)&s, 0, 0, 0), 0);
    assert_int_equal(d->shutdown_reason, SHUTDOWN_crash); /* latched */
    assert_int_equal(do_sched_op(7, 0, 0, 0, 0), -XEN_ENOSYS);
    assert_int_equal(do_sched_op(0xffffffffu, 0, 0, 0, 0), -XEN_ENOSYS);
}

#define T(f) cmocka_unit_test_teardown(f, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(wake_up_is_not_lost),   T(poll_ends_by_event_or_time),  T(yield_lets_others_go_first),
        T(timers_of_a_vcpu_fire), T(watchdog_bites_unless_poked), T(domain_ends_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
