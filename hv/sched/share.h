/* SPDX-License-Identifier: MIT */
/* How CPU time is shared out. Pure.
 *
 * Every vCPU has a lag: the CPU time, in ns, that it is owed. Running takes from it, each round of sharing adds what
 * the domain's weight earned it. So lags compare between CPUs, and whoever has the largest runs next. Lags are bounded
 * both ways: nobody saves up more than LAG_MAX, nobody waits for more than that to be paid back.
 *
 * A round splits the time of all CPUs since the last round among the domains that wanted to run, by weight. A domain
 * can use no more than one CPU for each vCPU that wants to run, and no more than its cap; what it cannot use goes to
 * the others. */
#ifndef HV_SHARE_H
#define HV_SHARE_H

#include "types.h"

#define SHARE_PERIOD 30000000ul /* ns between rounds, and of the caps */
#define LAG_MAX      60000000l

struct share {
    uint32_t weight;
    uint32_t cap;    /* per cent of one CPU, 0 none */
    uint32_t active; /* vCPUs that ran or wanted to */
    bool full;       /* gets all that it can use */
    uint64_t grant;  /* OUT: ns for the whole domain */
};

/* elapsed ns have passed on each of cpus CPUs. */
void share_split(struct share *s, size_t n, unsigned int cpus, uint64_t elapsed);
int64_t share_lag(int64_t lag, int64_t change); /* sum, within bounds */
/* A cap's budget after `periods` periods more: debts are paid back, savings are not kept. */
int64_t share_refill(int64_t budget, uint32_t cap, uint64_t periods);

#endif
