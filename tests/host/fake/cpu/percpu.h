/* SPDX-License-Identifier: MIT */
/* In place of hv/cpu/percpu.h in host tests: CPUs are entries of an array, and a variable says which one "runs". */
#ifndef HV_PERCPU_H
#define HV_PERCPU_H

#include "cpu/regs.h"

struct vcpu;
struct cpu_info {
    struct vcpu *current;
    uint64_t cpu;
    uint32_t need_resched;
    uint32_t asked;
};
extern struct cpu_info fake_cpus[CPUS_MAX];
extern unsigned int fake_cpu;

static inline struct cpu_info *this_cpu(void)
{
    return &fake_cpus[fake_cpu];
}
#define current       (this_cpu()->current)
#define current_cpu() ((unsigned int)this_cpu()->cpu)

extern unsigned int cpus_online;
extern struct cpu_info *cpu_infos[CPUS_MAX];
void cpu_kick(unsigned int cpu);

#endif
