/* SPDX-License-Identifier: MIT */
/*
 * Traps and callbacks: one entry path, one frame, a handler for each vector, and a way to run code
 * that is expected to fault.
 */
#ifndef RT_TRAP_H
#define RT_TRAP_H

#include <stdbool.h>
#include <stdint.h>

enum rt_vector {
    RT_DE = 0,
    RT_DB = 1,
    RT_NMI = 2,
    RT_BP = 3,
    RT_OF = 4,
    RT_BR = 5,
    RT_UD = 6,
    RT_NM = 7,
    RT_DF = 8,
    RT_TS = 10,
    RT_NP = 11,
    RT_SS = 12,
    RT_GP = 13,
    RT_PF = 14,
    RT_MF = 16,
    RT_AC = 17,
    RT_MC = 18,
    RT_XM = 19,
    RT_SOFT = 0x80,      /* INT 0x80, open to guest user mode */
    RT_EVENT = 0x100,    /* the event callback */
    RT_FAILSAFE = 0x101, /* the failsafe callback: the return to the guest faulted */
    RT_SYSCALL = 0x102,  /* SYSCALL from guest user mode */
    RT_VECTORS
};

/* Selectors as the frames show them: bits 0-1 of CS are 0 for the guest's kernel, 3 for its user. */
#define RT_CS_KERNEL 0xe030ul
#define RT_CS_USER   0xe033ul
#define RT_SS        0xe02bul
#define RT_IF        0x200ul

/* What rt_entry.S saves. Handlers may change it. */
struct rt_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

/* Returns true when it dealt with the trap; else an expected fault is looked for, then the kernel gives up. */
typedef bool (*rt_trap_handler)(struct rt_regs *regs);

/* Loads the trap table and the callbacks of this vCPU. */
void rt_trap_init(void);

/* Sets the handler of a vector for all vCPUs; null for none. Returns the one before. */
rt_trap_handler rt_trap_set(unsigned vector, rt_trap_handler handler);

/* A fault that was caught. vector is -1 when the code ran to its end. */
struct rt_fault {
    int vector;
    uint64_t error, rip, address; /* address: CR2 as the hypervisor stored it, for RT_PF */
    struct rt_regs regs;
};

/* Runs the statements and catches the first trap in them, from kernel or user mode:
 *     struct rt_fault f;
 *     RT_CATCH(&f, *(volatile int *)0 = 1);
 *     if (f.vector == RT_PF) ...
 * Not nested. Values that the statements change need volatile to survive a fault. */
#define RT_CATCH(f, ...)                                                                                               \
    do {                                                                                                               \
        if (rt_trap_mark(rt_trap_arm(f)) == 0) {                                                                       \
            __VA_ARGS__;                                                                                               \
        }                                                                                                              \
        rt_trap_disarm();                                                                                              \
    } while (0)

struct rt_mark {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};
struct rt_mark *rt_trap_arm(struct rt_fault *fault);
int rt_trap_mark(struct rt_mark *mark) __attribute__((returns_twice));
void rt_trap_disarm(void);

/* Leaves for the given registers by HYPERVISOR_iret; does not return here. */
void rt_trap_return(const struct rt_regs *regs) __attribute__((noreturn));

/* Issues HYPERVISOR_iret with exactly this frame and these VGCF flags: hostile frames too. Returns only
 * if the hypervisor lets the call return. */
struct iret_context;
long rt_trap_iret(const struct iret_context *frame);

/* Called by rt_entry.S. */
void rt_trap_dispatch(struct rt_regs *regs);

#endif
