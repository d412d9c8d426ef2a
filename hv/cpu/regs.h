/* SPDX-License-Identifier: MIT */
/* A trapped context, as entry.S lays it on the stack. */
#ifndef HV_REGS_H
#define HV_REGS_H

#include "types.h"

struct cpu_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error_code, vector; /* vector: exception or interrupt number, or VECTOR_SYSCALL */
    uint64_t rip, cs, rflags, rsp, ss;
};

#define VECTOR_SYSCALL 0x100u

/* Descriptors: the guest-visible ones are the ABI's FLAT_RING3_* selectors (arch-x86/xen-x86_64.h). */
#define SEL_HV_CS 0xe008
#define SEL_HV_DS 0xe010
#define SEL_TSS   0xe040

#endif
