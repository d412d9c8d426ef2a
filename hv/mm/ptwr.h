/* SPDX-License-Identifier: MIT */
#ifndef HV_PTWR_H
#define HV_PTWR_H

#include "types.h"

struct vcpu;
struct cpu_regs;
bool ptwr_fault(struct vcpu *v, struct cpu_regs *r, gva_t va);

#endif
