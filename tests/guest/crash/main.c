/* SPDX-License-Identifier: MIT */
/*
 * A guest that cannot take a trap ends by that, and nothing else does: not the hypervisor, and where the guest is the
 * boot domain the machine starts anew, in good order. Here all vCPUs take away their handlers and then fault at the
 * same moment, so that several CPUs want to end the same domain (and, for the boot domain, to stop each other). The
 * verdict is in what the hypervisor says afterwards: see `options`. Attack row 14.
 */
#include "rt_test.h"

static volatile unsigned ready;

static void fall(void *arg)
{
    (void)arg;
    NEED(RT_HC(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0) == 0);
    __sync_fetch_and_add(&ready, 1);
    while (ready < rt_cpu_count())
        ;
    __asm__ volatile("ud2");
}

void test_main(void)
{
    for (unsigned i = 1; i < rt_cpu_count(); i++)
        NEED(rt_cpu_start(i, fall, NULL) == 0);
    fall(NULL);
    test_failure("lives on without a handler");
}
