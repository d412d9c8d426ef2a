/* SPDX-License-Identifier: MIT */
/* vCPUs: who am I, and starting others. */
#ifndef RT_CPU_H
#define RT_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_trap.h"

#define RT_CPUS_MAX       8
#define RT_CPU_STACK_SIZE 16384ul

struct rt_cpu {
    struct rt_mark mark;
    struct rt_fault *fault; /* where an expected fault goes; null when none is expected */
    void (*entry)(void *arg);
    void *arg;
    volatile bool finished;
};

/* The vCPU whose kernel stack this code runs on; number 0 on any other stack. */
unsigned rt_cpu_id(void);
struct rt_cpu *rt_cpu_self(void);
uint64_t rt_cpu_stack_top(unsigned cpu);

/* Number of vCPUs that the domain may bring up. */
unsigned rt_cpu_count(void);

/* Initialises vCPU cpu (1..) the first time, and has it run entry(arg) on its own stack with traps and
 * callbacks loaded and events masked. When entry returns, the vCPU takes itself down and may be started
 * again. 0 or -errno. */
long rt_cpu_start(unsigned cpu, void (*entry)(void *), void *arg);

/* Waits until the vCPU has finished its entry and is down. False after ms milliseconds. */
bool rt_cpu_wait(unsigned cpu, unsigned ms);

/* A lock between vCPUs; yields while it waits. */
struct rt_lock {
    volatile uint32_t held;
};
void rt_lock(struct rt_lock *lock);
void rt_unlock(struct rt_lock *lock);

#endif
