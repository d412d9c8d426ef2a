/* SPDX-License-Identifier: MIT */
/* What hv/measure takes from the rest of the hypervisor, for host tests: one CPU, a clock that a test turns, guest
 * memory in the test's own, a vault that cannot be touched but between vault_enter and vault_leave. */
#ifndef MEASURE_FAKES_H
#define MEASURE_FAKES_H

#include <stdbool.h>
#include <stdint.h>
#include "types.h"
#include "monitor/permissions.h"

extern char fake_console[16384]; /* all that was printed */
extern ns_t fake_now;            /* what the clock says */
extern ns_t fake_tick;           /* how far it goes each time somebody looks */
extern int fake_monitor_rc;
extern bool fake_lock_queued; /* others always queue for the lock: it is never free, and a queue moves on */
extern void (*fake_copied)(uint64_t src, size_t n); /* after each read of a guest's memory, where set */
/* The one timer fires when it is due. (Where a test just turns the clock, nobody pumps.) */
void fake_time_passes(ns_t ns);
extern uint32_t fake_reports_ceiling; /* reports in a second; 0: any */
extern enum bh_perm fake_last_perm;
extern unsigned int fake_asked; /* how often the monitor was */
extern unsigned int
    fake_again; /* how often a hypercall asked to be restarted: it returned FAKE_AGAIN, the test comes again */
#define FAKE_AGAIN 4711

/* What tboot says of a late launch (boot/txt.c). */
extern bool fake_launched;
extern uint8_t fake_log[4096];
extern size_t fake_log_len;

#endif
