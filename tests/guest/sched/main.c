/* SPDX-License-Identifier: MIT */
/*
 * sched_op: yield, block with events off and on, errors, the watchdog's slots, other domains' shutdown; and
 * that a vCPU which never yields does not keep the others from running. Attack rows 8 and 24.
 */
#include "rt_test.h"

static volatile bool stop;
static volatile uint64_t spins[RT_CPUS_MAX];

static void spin(void *arg)
{
    volatile uint64_t *mine = arg;

    while (!stop)
        (*mine)++;
}

/* More busy vCPUs than the machine has: each must move on. */
static void fair(void)
{
    unsigned n = rt_cpu_count();
    uint64_t before[RT_CPUS_MAX];

    for (unsigned i = 1; i < n; i++)
        NEED(rt_cpu_start(i, spin, (void *)&spins[i]) == 0);
    rt_time_spin(200 * RT_MS);
    for (unsigned i = 1; i < n; i++)
        before[i] = spins[i];
    rt_time_spin(300 * RT_MS);
    for (unsigned i = 1; i < n; i++)
        CHECK_MSG(spins[i] > before[i], "vCPU %u does not run", i);
    stop = true;
    for (unsigned i = 1; i < n; i++)
        CHECK(rt_cpu_wait(i, 5000));
    rt_printf("%u vCPUs\n", n);
}

static void simple(void)
{
    struct sched_remote_shutdown remote = {.domain_id = 77, .reason = SHUTDOWN_crash};
    struct sched_shutdown code = {.reason = SHUTDOWN_poweroff};
    long ipi = rt_event_ipi(0);

    for (unsigned i = 0; i < 100; i++)
        EQ(rt_sched_op(SCHEDOP_yield, NULL), 0);
    CHECK(rt_sched_op(SCHEDOP_remote_shutdown, &remote) < 0);
    remote.domain_id = DOMID_XEN;
    CHECK(rt_sched_op(SCHEDOP_remote_shutdown, &remote) < 0);
    EQ(rt_sched_op(SCHEDOP_remote_shutdown, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    EQ(rt_sched_op(SCHEDOP_shutdown, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    EQ(rt_sched_op(SCHEDOP_shutdown, (void *)HYPERVISOR_VIRT_END), -XEN_EFAULT);
    EQ(rt_sched_op(SCHEDOP_shutdown_code, &code), 0);
    EQ(rt_sched_op(99, NULL), -XEN_ENOSYS);
    EQ(rt_sched_op(-1, NULL), -XEN_ENOSYS);
    NEED(ipi > 0);
    rt_event_disable();
    rt_event_unmask((unsigned)ipi);
    rt_event_send((unsigned)ipi);
    EQ(rt_sched_op(SCHEDOP_block, NULL), 0); /* pending: must not sleep */
}

static void watchdog(void)
{
    struct sched_watchdog arg = {.id = 77, .timeout = 5};
    long id;

    CHECK(rt_sched_op(SCHEDOP_watchdog, &arg) < 0);
    arg.id = 0;
    id = rt_sched_op(SCHEDOP_watchdog, &arg);
    CHECK(id > 0);
    if (id <= 0) return;
    arg.id = (uint32_t)id;
    EQ(rt_sched_op(SCHEDOP_watchdog, &arg), 0);
    arg.timeout = 0;
    EQ(rt_sched_op(SCHEDOP_watchdog, &arg), 0);
    CHECK(rt_sched_op(SCHEDOP_watchdog, &arg) < 0);
    EQ(rt_sched_op(SCHEDOP_watchdog, (void *)TEST_UNMAPPED), -XEN_EFAULT);
}

void test_main(void)
{
    simple();
    watchdog();
    fair();
}
