/* SPDX-License-Identifier: MIT */
#ifndef HV_VCPU_TIMER_H
#define HV_VCPU_TIMER_H

#include "types.h"
#include <xen/vcpu.h>

struct vcpu;
long vcpu_timer_singleshot(struct vcpu *v, const struct vcpu_set_singleshot_timer *op); /* -ETIME, -EINVAL */
long vcpu_timer_periodic(struct vcpu *v, ns_t period);                                  /* -EINVAL: under 1 ms */
void vcpu_timer_periodic_stop(struct vcpu *v);

#endif
