/* SPDX-License-Identifier: MIT */
#ifndef HV_WALK_H
#define HV_WALK_H

#include "types.h"

struct vcpu;
/* The L1 entry that maps va in the current vCPU's kernel tables: its table's frame, its index. -EINVAL when there is no
 * L1 table or va is the hypervisor's. The domain's mm.lock is held. */
int walk_l1(struct vcpu *v, gva_t va, mfn_t *table, unsigned int *index);

#endif
