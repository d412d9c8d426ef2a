/* SPDX-License-Identifier: MIT */
#ifndef HV_SMP_H
#define HV_SMP_H

void smp_start_all(void); /* the other CPUs, one after the other; boot, identity map loaded */
void smp_release(void);   /* lets them go to the scheduler */
void start_ap(void) __attribute__((noreturn));

#endif
