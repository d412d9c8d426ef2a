/* SPDX-License-Identifier: MIT */
#ifndef HV_TRAP_H
#define HV_TRAP_H

#include "cpu/regs.h"

void trap_from_guest(struct cpu_regs *r);
int trap_from_hv(struct cpu_regs *r);
void ist_from_hv(struct cpu_regs *r);
void iret_failed(struct cpu_regs *r);
void syscall_from_guest(struct cpu_regs *r);
void guest_exit(void);
void start_guests(void) __attribute__((noreturn));

#endif
