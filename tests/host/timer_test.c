/* SPDX-License-Identifier: MIT */
#include "hv_fakes.h"
#include "time/timer.h"
#include "time/timer_heap.h"

static unsigned int fired;
static void *last_fired;

static void count(void *arg)
{
    fired++;
    last_fired = arg;
}

static int setup(void **state)
{
    (void)state;
    fakes_reset(2);
    for (fake_cpu = 0; fake_cpu < 2; fake_cpu++)
        timer_init_cpu();
    fake_cpu = 0;
    fired = 0;
    return 0;
}

static unsigned int checked(const struct timer *t, const struct timer *parent)
{
    if (!t) return 0;
    assert_ptr_equal(t->parent, parent);
    assert_true(!parent || parent->deadline <= t->deadline);
    unsigned int left = checked(t->left, t), right = checked(t->right, t);
    assert_true(left >= right); /* complete: filled from the left */
    return left + right + 1;
}

/* Against a flat model: 200 timers, 20,000 random insertions and removals. */
static void heap_holds_its_order(void **state)
{
    enum { N = 200 };
    static struct timer t[N];
    static bool in[N];
    struct timer_heap h = {0};
    unsigned int n = 0;

    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        int i = rand() % N;
        if (in[i]) {
            timer_heap_remove(&h, &t[i]);
            n--;
        } else {
            t[i].deadline = (ns_t)(rand() % 50);
            timer_heap_insert(&h, &t[i]);
            n++;
        }
        in[i] = !in[i];
        assert_int_equal(h.count, n);
        if (round % 50 == 0) assert_int_equal(checked(h.root, NULL), n);
        ns_t least = ~0ul;
        for (int k = 0; k < N; k++)
            if (in[k] && t[k].deadline < least) least = t[k].deadline;
        assert_true(n == 0 ? !h.root : h.root->deadline == least);
    }
}

static void fires_in_order_and_once(void **state)
{
    struct timer a, b;

    (void)state;
    timer_init(&a, count, &a);
    timer_init(&b, count, &b);
    timer_set(&a, fake_now + 2000);
    timer_set(&b, fake_now + 1000);
    assert_in_range(fake_lapic[0], fake_now + 1000, fake_now + 1001);
    fake_now += 1000;
    timer_interrupt();
    assert_int_equal(fired, 1);
    assert_ptr_equal(last_fired, &b);
    assert_in_range(fake_lapic[0], fake_now + 1000, fake_now + 1001);
    fake_now += 5000;
    timer_interrupt();
    timer_interrupt();
    assert_int_equal(fired, 2);
}

static void stopped_timer_stays_silent(void **state)
{
    struct timer a;

    (void)state;
    timer_init(&a, count, &a);
    timer_set(&a, fake_now + 1000);
    fake_cpu = 1; /* from another CPU too */
    timer_stop(&a);
    timer_stop(&a);
    fake_cpu = 0;
    fake_now += 2000;
    timer_interrupt();
    assert_int_equal(fired, 0);
}

static void setting_moves_it_to_this_cpu(void **state)
{
    struct timer a;

    (void)state;
    timer_init(&a, count, &a);
    timer_set(&a, fake_now + 1000);
    fake_cpu = 1;
    timer_set(&a, fake_now + 500);
    assert_int_equal(a.cpu, 1);
    fake_now += 2000;
    fake_cpu = 0;
    timer_interrupt();
    assert_int_equal(fired, 0);
    fake_cpu = 1;
    timer_interrupt();
    assert_int_equal(fired, 1);
}

static void rearm_in_the_past(void *arg)
{
    fired++;
    timer_set(arg, 1);
}

/* A storm of deadlines that are over already: bounded work for one interrupt, then the guest gets time. */
static void storm_does_not_livelock(void **state)
{
    static struct timer storm[100];

    (void)state;
    for (int i = 0; i < 100; i++) {
        timer_init(&storm[i], rearm_in_the_past, &storm[i]);
        timer_set(&storm[i], 1);
    }
    timer_interrupt();
    assert_in_range(fired, 1, 32);
    assert_true(fake_lapic[0] != ~0ul);
    assert_true(fake_lapic[0] >= fake_now + 20000);
}

/* Its last shot has not ended on another CPU: this one waits its turn, so that timer_stop() has one to wait for. */
static void never_runs_twice_at_once(void **state)
{
    struct timer a;

    (void)state;
    timer_init(&a, count, &a);
    timer_set(&a, fake_now);
    a.running = 2; /* CPU 1 is in fn */
    timer_interrupt();
    assert_int_equal(fired, 0);
    assert_true(a.armed);
    a.running = 0;
    fake_now += 100000;
    timer_interrupt();
    assert_int_equal(fired, 1);
}

static void far_deadlines_come_in_steps(void **state)
{
    struct timer a;

    (void)state;
    timer_init(&a, count, &a);
    ns_t begin = fake_now;
    timer_set(&a, fake_now + 10000000000);
    for (int i = 0; i < 20 && !fired; i++) {
        assert_true(fake_lapic[0] != ~0ul);
        fake_now = fake_lapic[0];
        timer_interrupt();
    }
    assert_int_equal(fired, 1);
    assert_in_range(fake_now, begin + 10000000000, begin + 10000000010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_holds_its_order),
        cmocka_unit_test_setup(fires_in_order_and_once, setup),
        cmocka_unit_test_setup(stopped_timer_stays_silent, setup),
        cmocka_unit_test_setup(setting_moves_it_to_this_cpu, setup),
        cmocka_unit_test_setup(storm_does_not_livelock, setup),
        cmocka_unit_test_setup(never_runs_twice_at_once, setup),
        cmocka_unit_test_setup(far_deadlines_come_in_steps, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
