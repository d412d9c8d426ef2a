/* SPDX-License-Identifier: MIT */
/*
 * Entry points: the kernel's start, traps, callbacks, and the two assembly pieces of fault catching.
 * A trap's frame, from the top of the stack: rcx, r11, error code (for the vectors that have one),
 * rip, cs, rflags, rsp, ss. struct rt_regs (rt_trap.h) has the order in which the rest is saved.
 */
#define __ASSEMBLY__
#include <xen/xen.h>

    .section .text.start, "ax"
    .globl _start
_start:
    cld
    movq $rt_cpu_stacks + 16384, %rsp
    xorl %ebp, %ebp
    movq %rsi, %rdi
    pushq $0
    jmp rt_start

    .text
    .globl rt_cpu_entry /* other vCPUs: rsp is set by their context, rdi is their number */
rt_cpu_entry:
    cld
    xorl %ebp, %ebp
    pushq $0
    jmp rt_cpu_main

.macro no_error vector
rt_stub_\vector:
    popq %rcx
    popq %r11
    pushq $0
    pushq $\vector
    jmp rt_common
.endm

.macro with_error vector
rt_stub_\vector:
    popq %rcx
    popq %r11
    pushq $\vector
    jmp rt_common
.endm

no_error 0
no_error 1
no_error 2
no_error 3
no_error 4
no_error 5
no_error 6
no_error 7
with_error 8
no_error 9
with_error 10
with_error 11
with_error 12
with_error 13
with_error 14
no_error 15
no_error 16
with_error 17
no_error 18
no_error 19
no_error 128

    .globl rt_entry_event
rt_entry_event:
    popq %rcx
    popq %r11
    pushq $0
    pushq $0x100
    jmp rt_common

    .globl rt_entry_failsafe /* rcx, r11, ds, es, fs, gs before the frame */
rt_entry_failsafe:
    popq %rcx
    popq %r11
    addq $32, %rsp
    pushq $0
    pushq $0x101
    jmp rt_common

    .globl rt_entry_syscall
rt_entry_syscall:
    popq %rcx
    popq %r11
    pushq $0
    pushq $0x102

rt_common:
    cld
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbx
    andq $-16, %rsp
    call rt_trap_dispatch
    movq %rbx, %rsp
rt_restore:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $8, %rsp   /* the vector; the error's place becomes the VGCF flags */
    movq $0, (%rsp)
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2

    .globl rt_trap_return /* (const struct rt_regs *) */
rt_trap_return:
    movq %rdi, %rsp
    jmp rt_restore

    .globl rt_trap_iret /* (const struct iret_context *): the call pushes nothing on the frame given */
rt_trap_iret:
    pushq %rbp
    movq %rsp, %rbp
    subq $72, %rsp
    movq %rdi, %rsi
    movq %rsp, %rdi
    movl $9, %ecx
    rep movsq
    movl $__HYPERVISOR_iret, %eax
    syscall
    movq %rbp, %rsp
    popq %rbp
    ret

    .globl rt_trap_mark /* (struct rt_mark *): 0 at first, 1 after a fault */
rt_trap_mark:
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 48(%rdi)
    movq (%rsp), %rax
    movq %rax, 56(%rdi)
    xorl %eax, %eax
    ret

    .section .rodata
    .balign 8
    .globl rt_trap_stubs
rt_trap_stubs:
    .quad rt_stub_0, rt_stub_1, rt_stub_2, rt_stub_3, rt_stub_4, rt_stub_5, rt_stub_6, rt_stub_7, rt_stub_8, rt_stub_9
    .quad rt_stub_10, rt_stub_11, rt_stub_12, rt_stub_13, rt_stub_14, rt_stub_15, rt_stub_16, rt_stub_17, rt_stub_18
    .quad rt_stub_19, rt_stub_128

    .section .note.GNU-stack, "", @progbits
