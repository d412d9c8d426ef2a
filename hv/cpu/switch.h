/* SPDX-License-Identifier: MIT */
#ifndef HV_SWITCH_H
#define HV_SWITCH_H

struct vcpu;
void switch_to(struct vcpu *prev, struct vcpu *next);

#endif
