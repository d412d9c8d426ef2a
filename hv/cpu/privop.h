/* SPDX-License-Identifier: MIT */
/* Instructions that the hypervisor performs for a guest kernel. */
#ifndef HV_PRIVOP_H
#define HV_PRIVOP_H

#include "types.h"
#include "cpu/regs.h"

bool privop_emulate(struct cpu_regs *r);      /* a #GP from the current guest; false: the guest gets it */
bool privop_forced_cpuid(struct cpu_regs *r); /* ud2a, "xen", cpuid (xen/arch-x86/xen.h, XEN_CPUID) */

/* Guest-visible CPUID: leaf and subleaf in a and c; all four out. */
struct vcpu;
void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
/* 0, or -EPERM: the guest gets #GP. */
int guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
int guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

int wrmsr_safe(uint32_t msr, uint64_t value);
int rdmsr_safe(uint32_t msr, uint64_t *value);

#endif
