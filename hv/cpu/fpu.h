/* SPDX-License-Identifier: MIT */
/* Extended state, switched eagerly; a new vCPU starts with the architecture's initial state. */
#ifndef HV_FPU_H
#define HV_FPU_H

#include "types.h"

struct vcpu;
void fpu_init_cpu(void);
uint64_t fpu_features(void); /* XCR0 bits that guests may have; 0: no XSAVE */
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v);
void fpu_reset(struct vcpu *v); /* v's domain is loaded */
void fpu_set_ts(struct vcpu *v, bool on);
int fpu_set_xcr0(struct vcpu *v, uint64_t value);
#define FPU_AREA_OFFSET 8192u /* in the vCPU's state frames */
#define STATE_FRAMES    3u

#endif
