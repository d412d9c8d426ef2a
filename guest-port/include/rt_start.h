/* SPDX-License-Identifier: MIT */
/* What the hypervisor handed over, and how a kernel ends. A kernel defines rt_main(). */
#ifndef RT_START_H
#define RT_START_H

#include <stdbool.h>

#include <xen/xen.h>

extern struct start_info *rt_start_info;
extern struct shared_info *rt_shared_info;

/* The kernel's own start, on the first vCPU, with traps, events, memory and console ready. Returning
 * powers the domain off. */
void rt_main(void);

bool rt_start_is_dom0(void);

/* This domain's number, found by looping an event channel back. */
unsigned rt_start_domid(void);

/* Ends the domain with a SHUTDOWN_* reason of xen/sched.h. */
void rt_shutdown(unsigned reason) __attribute__((noreturn));

void rt_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
