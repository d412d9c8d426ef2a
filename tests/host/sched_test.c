/* SPDX-License-Identifier: MIT */
/* Who gets how much time, and how soon. */
#include "sched_sim.h"
#include "sched/share.h"

#define CPUS 4

static double ran_ms(struct domain *d)
{
    ns_t sum = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        sum += load_of(d->vcpu[i])->ran;
    return (double)sum / MS;
}

static void near(double got, double want, double tolerance)
{
    if (got < want * (1 - tolerance) || got > want * (1 + tolerance)) fail_msg("%.1f ms instead of %.1f ms", got, want);
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
    int64_t sum =
        0; /* what all are owed together stays about nothing, so that the bounds of lags mean the same for all */
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
