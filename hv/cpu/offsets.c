/* SPDX-License-Identifier: MIT */
/* Not linked: the build reads the constants for assembly out of what the compiler makes of this. */
#include "cpu/percpu.h"

#define DEFINE(name, value) __asm__ volatile("\n#DEFINE " #name " %0" : : "i"((uint64_t)(value)))

void offsets(void);
void offsets(void)
{
    DEFINE(REGS_CS, offsetof(struct cpu_regs, cs));
    DEFINE(REGS_SIZE, sizeof(struct cpu_regs));
    DEFINE(CPU_INFO_SIZE, sizeof(struct cpu_info));
    DEFINE(STACK_BLOCK_SIZE, STACK_BLOCK);
    DEFINE(VECTOR_SYSCALL_NR, VECTOR_SYSCALL);
    DEFINE(SEL_GUEST_CS, FLAT_RING3_CS64);
    DEFINE(SEL_GUEST_SS, FLAT_RING3_SS64);
}
