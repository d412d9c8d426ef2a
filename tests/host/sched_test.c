/* SPDX-License-Identifier: MIT */
/* The scheduler, the timers and the event channels together, on simulated CPUs in simulated time. */
#include "hv_fakes.h"
#include "device/pirq.h"
#include "event/evtchn.h"
#include "hypercall/hypercall.h"
#include "lib.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/share.h"
#include "sched/watchdog.h"
#include "time/timer.h"
#include <xen/sched.h>
#include <xen/vcpu.h>

#define US   1000ul
#define MS   1000000ul
#define STEP (50 * US)
#define CPUS 4

static struct domain *idle;

/* What a simulated guest does: runs for `run`, then sleeps for `sleep` (0: never sleeps). */
struct load {
    ns_t run, sleep, left, ran;
    ns_t woken_at, worst_latency;
    struct timer alarm;
};
static struct load loads[8][4]; /* [domid][vcpu] */

int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n);
int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n)
{
    memcpy((void *)dst, src, n);
    return 0;
}

int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share)
{
    return 0;
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
}

static struct load *load_of(struct vcpu *v)
{
    return &loads[v->domain->domid][v->id];
}

static void wake_up(void *arg)
{
    struct vcpu *v = arg;

    load_of(v)->woken_at = fake_now;
    sched_wake(v);
}

static struct domain *made[8];
static unsigned int made_count;

static struct domain *domain_with(uint32_t vcpus, uint32_t weight, uint32_t cap)
{
    struct domain *d = made[made_count++] = fake_domain(vcpus);

    evtchn_domain_init(d);
    d->sched.weight = weight;
    d->sched.cap = cap;
    assert_int_equal(sched_domain_init(d), 0);
    for (uint32_t i = 0; i < vcpus; i++) {
        sched_vcpu_init(d->vcpu[i]);
        d->vcpu[i]->initialised = 1;
        timer_init(&load_of(d->vcpu[i])->alarm, wake_up, d->vcpu[i]);
    }
    return d;
}

static void start(struct domain *d, ns_t run, ns_t sleep)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++) {
        struct load *l = load_of(d->vcpu[i]);
        l->run = l->left = run;
        l->sleep = sleep;
        d->vcpu[i]->online = 1;
        sched_vcpu_state_changed(d->vcpu[i]);
    }
}

/* What the test before has left. */
static int clean_up(void **state)
{
    for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++)
        current = idle->vcpu[fake_cpu];
    fake_cpu = 0;
    for (unsigned int i = 0; i < made_count; i++) {
        for (uint32_t k = 0; k < made[i]->nr_vcpus; k++) {
            timer_stop(&load_of(made[i]->vcpu[k])->alarm);
            made[i]->vcpu[k]->sched.running_on = 0;
            sched_vcpu_destroy(made[i]->vcpu[k]);
        }
        evtchn_domain_destroy(made[i]);
        fake_domain_free(made[i]);
    }
    made_count = 0;
    fake_domain_free(idle);
    assert_int_equal(sched_waiting, 0);
    memset(runqs, 0, sizeof(runqs));
    sched_idle_cpus = 0;
    return 0;
}

static void setup_cpus(unsigned int n)
{
    fakes_reset(n);
    memset(loads, 0, sizeof(loads));
    sched_init();
    idle = fake_domain(n);
    idle->is_idle = true;
    for (fake_cpu = 0; fake_cpu < n; fake_cpu++) {
        timer_init_cpu();
        current = idle->vcpu[fake_cpu];
        current->online = 1;
        this_cpu()->need_resched = 1;
    }
    fake_cpu = 0;
}

/* As the way back to a guest does it. */
static void exit_path(void)
{
    for (int turns = 0; this_cpu()->need_resched; turns++) {
        struct vcpu *prev = current, *next = sched_next(prev);
        assert_non_null(next);
        assert_true(turns < 10); /* it settles */
        if (next == prev)
            continue;
        assert_true(domain_is_idle(next->domain) || next->sched.running_on == fake_cpu + 1);
        current = next;
        sched_vcpu_saved(prev);
    }
}

static void guest_runs(struct vcpu *v)
{
    struct load *l = load_of(v);

    if (l->woken_at) {
        l->worst_latency = MAX(l->worst_latency, fake_now - l->woken_at);
        l->woken_at = 0;
    }
    l->ran += STEP;
    l->left -= MIN(l->left, STEP);
    if (l->sleep && !l->left) {
        l->left = l->run;
        timer_set(&l->alarm, fake_now + l->sleep);
        sched_block(v);
    }
}

static unsigned int runnable_waiting(struct domain **ds, size_t n)
{
    unsigned int waiting = 0;

    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < ds[i]->nr_vcpus; k++)
            waiting += ds[i]->vcpu[k]->sched.queued;
    return waiting;
}

static ns_t idle_while_others_wait;

static struct vcpu *cpu_runs(unsigned int cpu)
{
    unsigned int was = fake_cpu;

    fake_cpu = cpu;
    struct vcpu *v = current;
    fake_cpu = was;
    return v;
}

static void simulate(ns_t length, struct domain **ds, size_t n)
{
    idle_while_others_wait = 0;
    for (ns_t end = fake_now + length; fake_now < end; fake_now += STEP) {
        for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++) {
            if (fake_lapic[fake_cpu] <= fake_now) {
                fake_lapic[fake_cpu] = ~0ul;
                timer_interrupt();
            }
            exit_path();
        }
        for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++) {
            exit_path();
            for (unsigned int other = 0; other < fake_cpu; other++)
                assert_ptr_not_equal(cpu_runs(other), cpu_runs(fake_cpu)); /* never on two at once */
            if (!domain_is_idle(current->domain))
                guest_runs(current);
            else if (runnable_waiting(ds, n))
                idle_while_others_wait += STEP;
            exit_path();
        }
    }
    fake_cpu = 0;
}

static double ran_ms(struct domain *d)
{
    ns_t sum = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        sum += load_of(d->vcpu[i])->ran;
    return (double)sum / MS;
}

static void near(double got, double want, double tolerance)
{
    if (got < want * (1 - tolerance) || got > want * (1 + tolerance))
        fail_msg("%.1f ms instead of %.1f ms", got, want);
}

static void weights_share_one_cpu(void **state)
{
    setup_cpus(1);
    struct domain *ds[] = {domain_with(1, 256, 0), domain_with(1, 512, 0), domain_with(1, 1024, 0)};

    for (int i = 0; i < 3; i++)
        start(ds[i], 1 * MS, 0);
    simulate(7000 * MS, ds, 3);
    near(ran_ms(ds[0]), 1000, 0.05);
    near(ran_ms(ds[1]), 2000, 0.05);
    near(ran_ms(ds[2]), 4000, 0.05);
    int64_t sum = 0; /* what all are owed together stays about nothing, so that the bounds of lags mean the same for all */
    for (int i = 0; i < 3; i++)
        sum += ds[i]->vcpu[0]->sched.lag;
    assert_true(sum < 35 * (int64_t)MS && sum > -35 * (int64_t)MS);
}

/* Three equal ones on two CPUs: they have to move about to get equal parts. */
static void three_on_two_cpus_are_equal(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(1, 256, 0), domain_with(1, 256, 0), domain_with(1, 256, 0)};

    for (int i = 0; i < 3; i++)
        start(ds[i], 1 * MS, 0);
    simulate(6000 * MS, ds, 3);
    for (int i = 0; i < 3; i++)
        near(ran_ms(ds[i]), 4000, 0.05);
    assert_true(idle_while_others_wait <= 10 * MS);
}

/* A domain's weight is for the domain: more vCPUs bring it no more time. */
static void more_vcpus_are_no_more_weight(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(4, 256, 0), domain_with(2, 256, 0)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 1 * MS, 0);
    simulate(4000 * MS, ds, 2);
    near(ran_ms(ds[0]), 4000, 0.06);
    near(ran_ms(ds[1]), 4000, 0.06);
}

/* A weight that no single CPU can honour must not stop the others from being fair. */
static void heavy_vcpu_fills_one_cpu_only(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(1, 20000, 0), domain_with(1, 256, 0), domain_with(1, 512, 0)};

    for (int i = 0; i < 3; i++)
        start(ds[i], 1 * MS, 0);
    simulate(6000 * MS, ds, 3);
    near(ran_ms(ds[0]), 6000, 0.03);
    near(ran_ms(ds[1]), 2000, 0.08);
    near(ran_ms(ds[2]), 4000, 0.05);
}

static void nobody_starves(void **state)
{
    setup_cpus(1);
    struct domain *ds[] = {domain_with(1, 1, 0), domain_with(4, 65535, 0)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 1 * MS, 0);
    simulate(3000 * MS, ds, 2);
    assert_true(ran_ms(ds[0]) > 0);
    near(ran_ms(ds[1]), 3000, 0.1);
}

static void cap_holds_on_an_idle_machine(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(2, 256, 50), domain_with(1, 256, 25)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 1 * MS, 0);
    simulate(3000 * MS, ds, 2);
    near(ran_ms(ds[0]), 1500, 0.05);
    near(ran_ms(ds[1]), 750, 0.05);
    assert_int_equal(sched_set_params(ds[1], 256, 0), 0); /* lifted: runs at once */
    double before = ran_ms(ds[1]);
    simulate(1000 * MS, ds, 2);
    near(ran_ms(ds[1]) - before, 1000, 0.02);
}

/* Two hogs on each CPU; one that works little gets the CPU soon when it wakes, and all that it wants. */
static void woken_one_comes_first(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(4, 256, 0), domain_with(1, 256, 0)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 200 * US, 5 * MS);
    simulate(3000 * MS, ds, 2);
    assert_true(load_of(ds[1]->vcpu[0])->worst_latency <= 1 * MS);
    near(ran_ms(ds[1]), 3000 * 0.2 / 5.2, 0.1);
}

/* Nobody is owed much more than another yet: then it is the waking that counts. */
static void waking_preempts_at_once(void **state)
{
    setup_cpus(1);
    struct domain *ds[] = {domain_with(2, 256, 0), domain_with(1, 256, 0)};

    start(ds[1], 50 * US, 1 * MS);
    simulate(150 * US, ds, 2); /* asleep now */
    start(ds[0], 1 * MS, 0);
    simulate(1500 * US, ds, 2);
    assert_true(load_of(ds[1]->vcpu[0])->ran >= 100 * US);
    assert_true(load_of(ds[1]->vcpu[0])->worst_latency <= 150 * US);
}

/* Sleeping all the time must not be a way to more than one's share. */
static void sleeper_cannot_cheat(void **state)
{
    setup_cpus(1);
    struct domain *ds[] = {domain_with(1, 256, 0), domain_with(1, 256, 0)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 1900 * US, 100 * US);
    simulate(4000 * MS, ds, 2);
    near(ran_ms(ds[0]), 2000, 0.1);
}

static void idle_cpu_takes_from_the_busy(void **state)
{
    setup_cpus(CPUS);
    struct domain *ds[] = {domain_with(4, 256, 0)};

    for (int i = 0; i < 4; i++)
        ds[0]->vcpu[i]->sched.cpu = 0; /* all on one queue */
    start(ds[0], 1 * MS, 0);
    simulate(300 * MS, ds, 1);
    near(ran_ms(ds[0]), 1200, 0.01);
    assert_true(idle_while_others_wait <= MS);
}

static void pause_takes_all_away(void **state)
{
    setup_cpus(2);
    struct domain *ds[] = {domain_with(4, 256, 0), domain_with(1, 256, 0)};

    start(ds[0], 1 * MS, 0);
    start(ds[1], 1 * MS, 0);
    simulate(100 * MS, ds, 2);
    domain_pause(ds[0]);
    domain_pause(ds[0]);
    simulate(5 * MS, ds, 2);
    assert_true(domain_is_quiet(ds[0]));
    double before = ran_ms(ds[0]);
    simulate(100 * MS, ds, 2);
    assert_true(ran_ms(ds[0]) == before);
    domain_unpause(ds[0]);
    simulate(100 * MS, ds, 2);
    assert_true(ran_ms(ds[0]) == before);
    domain_unpause(ds[0]);
    simulate(100 * MS, ds, 2);
    assert_true(ran_ms(ds[0]) > before);

    domain_pause(ds[0]);
    simulate(5 * MS, ds, 2);
    for (int i = 0; i < 4; i++)
        sched_vcpu_destroy(ds[0]->vcpu[i]);
    assert_int_equal(ds[0]->sched.vcpus, 0);
    simulate(100 * MS, ds, 2);
}

static void runstates_add_up(void **state)
{
    setup_cpus(1);
    ns_t t0 = fake_now;
    struct domain *ds[] = {domain_with(1, 256, 0), domain_with(1, 256, 0)};
    struct vcpu_runstate_info area;

    start(ds[0], 3 * MS, 2 * MS);
    start(ds[1], 1 * MS, 0);
    ds[0]->vcpu[0]->runstate_area = (gva_t)&area;
    simulate(2000 * MS, ds, 2);
    for (int i = 0; i < 2; i++) {
        struct runstate r;
        sched_runstate_get(ds[i]->vcpu[0], &r);
        assert_int_equal(r.time[0] + r.time[1] + r.time[2] + r.time[3], fake_now - t0);
        near((double)r.time[RUNSTATE_running] / MS, ran_ms(ds[i]), 0.03);
    }
    near((double)sched_cpu_time(ds[1]) / MS, ran_ms(ds[1]), 0.03);
    assert_true(ds[0]->vcpu[0]->work & VCPU_WORK_RUNSTATE);
    sched_runstate_publish(ds[0]->vcpu[0]);
    assert_int_equal(area.time[RUNSTATE_running], ds[0]->vcpu[0]->sched.runstate.time[RUNSTATE_running]);
    assert_false(area.state_entry_time >> 63);
}

/* --- Calls of the guest ------------------------------------------------------------------- */

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
        T(weights_share_one_cpu),
        T(three_on_two_cpus_are_equal),
        T(more_vcpus_are_no_more_weight),
        T(heavy_vcpu_fills_one_cpu_only),
        T(nobody_starves),
        T(cap_holds_on_an_idle_machine),
        T(woken_one_comes_first),
        T(waking_preempts_at_once),
        T(sleeper_cannot_cheat),
        T(idle_cpu_takes_from_the_busy),
        T(pause_takes_all_away),
        T(runstates_add_up),
        T(wake_up_is_not_lost),
        T(poll_ends_by_event_or_time),
        T(yield_lets_others_go_first),
        T(timers_of_a_vcpu_fire),
        T(watchdog_bites_unless_poked),
        T(domain_ends_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
