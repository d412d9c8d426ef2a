/* SPDX-License-Identifier: MIT */
/* Areas that a vCPU registered in its kernel's address space: runstate, time. */
#ifndef HV_GUEST_AREA_H
#define HV_GUEST_AREA_H

#include "types.h"

struct vcpu;
/* v is current. Writes through the guest kernel's page table, also while its user mode's is loaded. Errors are the
 * guest's own: 0 or -EFAULT. */
int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n);

#endif
