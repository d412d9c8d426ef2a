/* SPDX-License-Identifier: MIT */
/* Guest user mode: an address space of its own, and running code there until it traps or makes a SYSCALL. */
#ifndef RT_USER_H
#define RT_USER_H

#include <stddef.h>
#include <stdint.h>

#include "rt_trap.h"

/* Seen at the same addresses by the guest's kernel. */
#define RT_USER_CODE  0x7000000000ul
#define RT_USER_DATA  0x7000001000ul
#define RT_USER_STACK 0x7000002000ul
#define RT_USER_TOP   0x7000003000ul

/* Makes the user address space and loads it. 0 or -errno. */
long rt_user_init(void);
uint64_t rt_user_l4_mfn(void);

/* Copies position-independent code to RT_USER_CODE, one page at most. */
void rt_user_load(const void *code, size_t size);

/* Registers for a start at rip, with the stack above and events enabled. */
struct rt_regs rt_user_regs(uint64_t rip);

/* Runs user code with these registers. end->vector says what ended it (RT_SYSCALL, RT_PF, ...), end->regs
 * holds the registers at that point. */
void rt_user_run(const struct rt_regs *regs, struct rt_fault *end);

#endif
