/* SPDX-License-Identifier: MIT */
#ifndef HV_SETUP_H
#define HV_SETUP_H

#include "types.h"

bool cpu_has_smap(void);
void cpu_setup(void);
struct cpu_info;
struct cpu_info *cpu_block_init(void *block, unsigned int cpu);
extern bool cpus_stopping; /* an NMI halts the CPU it reaches */

#endif
