/* SPDX-License-Identifier: MIT */
/* Entry from guests and interrupts, return to guests.
 *
 * On each entry from a guest the frame lands at cpu_info.guest, at the top of the main stack: by TSS.RSP0, or by
 * the SYSCALL stub. #DB, NMI, #DF, #MC come on their own stacks (a guest can arrange a #DB on the first instruction
 * after SYSCALL, still on its own stack pointer). AC is cleared first: in ring 0 it would disable SMAP. */
#include "offsets.h"

    .macro CLAC
9999:
    .byte 0x0f, 0x01, 0xca
    .pushsection .smap_sites, "a"
    .quad 9999b
    .popsection
    .endm

    .macro PUSH_REGS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    .endm

    .macro POP_REGS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $8, %rsp
    .endm

    /* A guest's values must not steer the hypervisor's speculation. */
    .macro CLEAR_REGS
    xor %eax, %eax
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %ebp, %ebp
    xor %esi, %esi
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    .endm

    .text
    .balign 16
trap_common:
    PUSH_REGS
    CLAC
    cld
    CLEAR_REGS
    mov %rsp, %rdi
    testb $3, REGS_CS(%rsp)
    jz 1f
    call trap_from_guest
    jmp return_to_guest
1:  call trap_from_hv
    test %eax, %eax
    jnz iret_fault
    POP_REGS
    iretq

/* The IRET to a guest faulted: trap_from_hv has put the guest's registers back to cpu_info.guest. */
iret_fault:
    mov %rsp, %rax
    or $(STACK_BLOCK_SIZE - 1), %rax
    lea 1 - CPU_INFO_SIZE(%rax), %rsp
    mov %rsp, %rdi
    call iret_failed
    jmp return_to_guest

/* On a stack of its own. From a guest: move the frame to where all guests' frames are. */
    .balign 16
ist_common:
    PUSH_REGS
    CLAC
    cld
    CLEAR_REGS
    testb $3, REGS_CS(%rsp)
    jz 1f
    mov %rsp, %rsi
    mov %rsp, %rdi
    or $(STACK_BLOCK_SIZE - 1), %rdi
    sub $(CPU_INFO_SIZE - 1), %rdi
    mov %rdi, %rdx
    mov $(REGS_SIZE / 8), %ecx
    rep movsq
    mov %rdx, %rsp
    mov %rdx, %rdi
    call trap_from_guest
    jmp return_to_guest
1:  mov %rsp, %rdi
    call ist_from_hv
    POP_REGS
    iretq

/* From the per-CPU stub: RSP is at cpu_info.guest.rflags' end, SS and RSP are pushed. */
    .globl syscall_entry
    .balign 16
syscall_entry:
    push %r11
    push $SEL_GUEST_CS
    push %rcx
    pushq $0
    movl $VECTOR_SYSCALL_NR, 4(%rsp)
    PUSH_REGS
    CLEAR_REGS
    mov %rsp, %rdi
    call syscall_from_guest
    .globl return_to_guest
return_to_guest:
    call guest_exit
    POP_REGS
    .globl iret_to_guest
iret_to_guest:
    iretq

/* void start_guests(void): first way out on each CPU. */
    .globl start_guests
start_guests:
    mov %rsp, %rax
    or $(STACK_BLOCK_SIZE - 1), %rax
    lea 1 - CPU_INFO_SIZE(%rax), %rsp
    jmp return_to_guest

/* Copied to a page that every CPU maps at its own place; the data page follows it. */
    .globl syscall_stub, syscall_stub_end
    .balign 16
syscall_stub:
    mov %rsp, syscall_stub + 0x1000(%rip)
    mov syscall_stub + 0x1008(%rip), %rsp
    pushq $SEL_GUEST_SS
    pushq syscall_stub + 0x1000(%rip)
    jmp *syscall_stub + 0x1010(%rip)
syscall_stub_end:

/* SYSCALL with 32-bit code segments: not offered, faults like an unknown instruction would. */
    .globl syscall32_entry
syscall32_entry:
    ud2

    .altmacro
    .macro STUB n
    .balign 16
trap_stub_\n:
    .if !(\n == 8 || (\n >= 10 && \n <= 14) || \n == 17 || \n == 21 || \n == 29 || \n == 30)
    pushq $0
    .endif
    movl $\n, 4(%rsp)
    .if \n == 1 || \n == 2 || \n == 8 || \n == 18
    jmp ist_common
    .else
    jmp trap_common
    .endif
    .pushsection .rodata
    .quad trap_stub_\n
    .popsection
    .endm

    .pushsection .rodata
    .balign 8
    .globl trap_stubs
trap_stubs:
    .popsection
    .set i, 0
    .rept 256
    STUB %i
    .set i, i + 1
    .endr

/* Loads of guest selectors: a fault leaves the null selector. void load_sel_X(uint16_t) */
    .macro LOADSEL seg
    .globl load_\seg
load_\seg:
1:  mov %edi, %\seg
    ret
2:  xor %edi, %edi
    jmp 1b
    .pushsection .ex_table, "a"
    .quad 1b, 2b
    .popsection
    .endm
    LOADSEL ds
    LOADSEL es
    LOADSEL fs
    LOADSEL gs

/* int wrmsr_safe(uint32_t msr, uint64_t value); int rdmsr_safe(uint32_t msr, uint64_t *value);
 * int xsetbv_safe(uint64_t value); int xrstor_safe(void *area, uint64_t mask). 0, or 1 on a fault. */
    .globl wrmsr_safe, rdmsr_safe, xsetbv_safe, xrstor_safe, fxrstor_safe
wrmsr_safe:
    mov %edi, %ecx
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
1:  wrmsr
    xor %eax, %eax
    ret
rdmsr_safe:
    mov %edi, %ecx
2:  rdmsr
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, (%rsi)
    xor %eax, %eax
    ret
xsetbv_safe:
    xor %ecx, %ecx
    mov %edi, %eax
    mov %rdi, %rdx
    shr $32, %rdx
3:  xsetbv
    xor %eax, %eax
    ret
xrstor_safe:
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
4:  xrstor64 (%rdi)
    xor %eax, %eax
    ret
fxrstor_safe:
5:  fxrstor64 (%rdi)
    xor %eax, %eax
    ret
6:  mov $1, %eax
    ret
    .section .ex_table, "a"
    .quad 1b, 6b
    .quad 2b, 6b
    .quad 3b, 6b
    .quad 4b, 6b
    .quad 5b, 6b
