/* SPDX-License-Identifier: MIT */
#ifndef HV_DEBUGREG_H
#define HV_DEBUGREG_H

#include "types.h"

struct vcpu;
/* -EINVAL for a register that does not exist, -EPERM for a value that could watch the hypervisor. */
int debugreg_read(struct vcpu *v, unsigned int reg, uint64_t *value);
int debugreg_write(struct vcpu *v, unsigned int reg, uint64_t value);
void debugreg_save(struct vcpu *v);
void debugreg_load(struct vcpu *v);

#endif
