/* SPDX-License-Identifier: MIT */
#ifndef HV_TLB_H
#define HV_TLB_H

#include "types.h"

struct domain;

void tlb_flush_local(void);
void tlb_flush_mask(uint64_t cpus);
uint64_t tlb_cpus(const struct domain *d); /* those that may hold translations of d */
void tlb_answer(void);                     /* does what other CPUs asked of this one */

#endif
