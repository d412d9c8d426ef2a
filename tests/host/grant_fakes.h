/* SPDX-License-Identifier: MIT */
/* The machine under the grant code in its host test, faked: 64 frames, three domains (0 is the control domain), locks
 * that fail the test when they are taken out of order, page-table entries in an array. */
#ifndef GRANT_FAKES_H
#define GRANT_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "types.h"
#include <xen/grant_table.h>
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "mm/frame.h"
#include "monitor/permissions.h"

#define FRAMES  640u
#define HEAP    64u /* frames from here on are the heap's */
#define PTES    16u
#define VA(i)   (0x100000ul + (i)*PAGE_SIZE)
#define MA(i)   (0x7000000ul + (i)*8)
#define DOMAINS 3u

extern struct frame frames[FRAMES];
extern uint8_t *ram;
extern struct domain domains[DOMAINS];
extern uint64_t ptes[DOMAINS][PTES];
extern unsigned int flushes, preempt_after;
extern enum bh_perm refused_perm; /* refused where `refuse` */
extern bool refuse, again;        /* again: hypercall_again() was called, with ... */
extern uint64_t again_args[3];

void run(unsigned int domid);                       /* makes it the current domain */
uint32_t frame(unsigned int domid, unsigned int n); /* frame n (0..15) of a domain */
int setup(void **state);
void fake_grant_ceiling(uint32_t most); /* pages of entries that the policy allows; 0: any */
int settled(void **state);              /* everything was given back */

#endif
