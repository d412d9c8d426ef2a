/* SPDX-License-Identifier: MIT */
#ifndef HV_VCPU_INFO_H
#define HV_VCPU_INFO_H

#include "types.h"
#include <xen/vcpu.h>

struct vcpu;
/* -EINVAL: outside the page, not 8-byte aligned, registered before, v runs, not the domain's frame; -EBUSY: a table. */
long vcpu_info_register(struct vcpu *v, const struct vcpu_register_vcpu_info *op);

#endif
