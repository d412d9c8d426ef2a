/* SPDX-License-Identifier: MIT */
/*
 * No wake-up may be lost. Two vCPUs hand a ball to each other by events and sleep in between, without any timer to help
 * them out: the sender's event falls before, into and after the other's decision to sleep. One that is slept over stops
 * the game for good, which a third party, the watchdog of the domain, would not mend: the test then gives no verdict
 * and fails. Also with more vCPUs than CPUs, where a sleeper is woken on a busy CPU and may move. Attack rows 12
 * and 24.
 */
#include "rt_test.h"

#define ROUNDS 3000u

static unsigned port[RT_CPUS_MAX]; /* rings at that vCPU */
static volatile unsigned ball;     /* whose turn */
static volatile unsigned heard[RT_CPUS_MAX];
static unsigned players;

static void ring(unsigned p, void *arg)
{
    (void)p;
    heard[(unsigned long)arg]++;
}

static void pass_on(unsigned me)
{
    ball = (me + 1) % players;
    __sync_synchronize();
    rt_event_send(port[ball]);
}

/* Sleeps by SCHEDOP_block, woken by an upcall. */
static void by_block(void *arg)
{
    unsigned me = (unsigned)(unsigned long)arg;

    rt_event_disable();
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (ball != me) {
            rt_sched_op(SCHEDOP_block, NULL); /* lets events in; what came since the look at `ball` is pending */
            rt_event_disable();
        }
        pass_on(me);
    }
    rt_event_enable();
}

/* Sleeps by SCHEDOP_poll, woken by a masked port. */
static void by_poll(void *arg)
{
    unsigned me = (unsigned)(unsigned long)arg;
    evtchn_port_t p = port[me];
    struct sched_poll poll = {.nr_ports = 1};

    poll.ports.p = &p;
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (ball != me) {
            rt_sched_op(SCHEDOP_poll, &poll);
            rt_event_clear(p);
        }
        pass_on(me);
    }
}

static void play(void (*game)(void *arg))
{
    uint64_t start = rt_time_now();

    ball = 0;
    for (unsigned long i = 1; i < players; i++)
        EQ(rt_cpu_start((unsigned)i, game, (void *)i), 0);
    game((void *)0);
    for (unsigned i = 1; i < players; i++)
        CHECK(rt_cpu_wait(i, 20000));
    rt_printf("%u vCPUs, %u rounds: %lu ns each\n", players, ROUNDS, (rt_time_now() - start) / ROUNDS);
}

void test_main(void)
{
    players = rt_cpu_count() < RT_CPUS_MAX ? rt_cpu_count() : RT_CPUS_MAX;
    if (players < 2) test_skip("needs two vCPUs");
    for (unsigned long i = 0; i < players; i++) {
        long p = rt_event_ipi((unsigned)i);
        NEED(p > 0);
        port[i] = (unsigned)p;
        rt_event_handle(port[i], ring, (void *)i);
    }
    play(by_block);
    for (unsigned i = 0; i < players; i++) {
        CHECK(heard[i] > 0);
        rt_event_mask(port[i]);
        rt_event_clear(port[i]);
    }
    play(by_poll);
}
