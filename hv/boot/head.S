/* SPDX-License-Identifier: MIT */
/* First instructions: multiboot headers, 32-bit entry, long mode, jump to the linked address.
 * Multiboot 1 (section 3.1) and multiboot 2 (section 3.1): EAX magic, EBX information, 32-bit flat, paging off. */
#include "offsets.h"
#define HV_BASE 0xffff820000000000
#define PHYS(sym) (sym - HV_BASE)

    .section .boot.head, "ax"
    .code32
    .globl _start
_start:
    jmp start32

    .balign 4
mb1_header:
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

    .balign 8
mb2_header:
    .long 0xe85250d6, 0, mb2_end - mb2_header, -(0xe85250d6 + 0 + (mb2_end - mb2_header))
    .short 6, 0                 /* modules on page boundaries */
    .long 8
    .short 0, 0
    .long 8
mb2_end:

    .balign 16
start32:
    cli
    cld
    mov %eax, %ebp
    mov %ebx, %esi
    /* Identity map of 4 GiB, and the same under HV_BASE for the first GiB. */
    mov $PHYS(boot_l2), %edi
    mov $0x83, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    movl $0, 4(%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $2048, %ecx
    jne 1b
    mov $PHYS(boot_l3), %edi
    mov $PHYS(boot_l2) + 3, %eax
    xor %ecx, %ecx
2:  mov %eax, (%edi, %ecx, 8)
    add $0x1000, %eax
    inc %ecx
    cmp $4, %ecx
    jne 2b
    mov $PHYS(boot_l4), %edi
    movl $PHYS(boot_l3) + 3, (%edi)
    movl $PHYS(boot_l3) + 3, 260 * 8(%edi)
    mov %edi, %eax
    mov $PHYS(boot_gdt_ptr), %edi
    lgdt (%edi)
    call enable_long_mode
    ljmp $8, $PHYS(start64_low)

/* EAX: page-table base. Clobbers EAX, ECX, EDX. */
    .globl enable_long_mode
enable_long_mode:
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x20, %eax              /* PAE */
    mov %eax, %cr4
    mov $0xc0000080, %ecx       /* EFER: SCE, LME, NXE */
    rdmsr
    or $0x901, %eax
    wrmsr
    mov %cr0, %eax
    and $0x9ffffff3, %eax       /* caches on; EM, TS off */
    or $0x80010023, %eax        /* PG, WP, NE, MP, PE */
    mov %eax, %cr0
    ret

    .code64
start64_low:
    movabs $start64, %rax
    jmp *%rax

    .text
start64:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    lea boot_stack + STACK_BLOCK_SIZE - CPU_INFO_SIZE - 8(%rip), %rsp
    mov %ebp, %edi
    mov %esi, %esi
    call start_bsp
1:  hlt
    jmp 1b

    .section .rodata
    .balign 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
boot_gdt_ptr:
    .short . - boot_gdt - 1
    .quad PHYS(boot_gdt)

/* Start of other CPUs: copied to a page below 1 MiB, started there in real mode by SIPI.
 * Parameters at its end, filled in by smp.c. */
    .globl trampoline_cr3, trampoline_start, trampoline_end, trampoline_stack, trampoline_page32
    .balign 16
    .code16
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    movzwl %ax, %ebx
    shl $4, %ebx            /* this page's address */
    lgdtl trampoline_gdt_ptr - trampoline_start
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl *(trampoline_far32 - trampoline_start)
    .balign 4
trampoline_far32:
trampoline_page32:
    .long trampoline32 - trampoline_start   /* + page address, by smp.c */
    .long 0x18
trampoline_gdt_ptr:
    .short 31
    .long PHYS(boot_gdt)
    .code32
    .balign 4
trampoline32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov trampoline_cr3 - trampoline_start(%ebx), %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x20, %eax
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x901, %eax
    wrmsr
    mov %cr0, %eax
    and $0x9ffffff3, %eax
    or $0x80010023, %eax
    mov %eax, %cr0
    ljmp $8, $PHYS(ap64_low)
    .balign 8
trampoline_stack:
    .quad 0
trampoline_cr3:
    .quad 0
trampoline_end:

    .section .boot.head, "ax"
    .code64
ap64_low:
    movabs $ap64, %rax
    jmp *%rax
    .text
ap64:
    mov trampoline_stack - trampoline_start(%rbx), %rsp
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    call start_ap
1:  hlt
    jmp 1b

    .section .bss.page_aligned, "aw", @nobits
    .balign 4096
    .globl boot_l4
boot_l4: .skip 4096
boot_l3: .skip 4096
boot_l2: .skip 4 * 4096

    .section .bss.stack, "aw", @nobits
    .balign STACK_BLOCK_SIZE
    .globl boot_stack
boot_stack: .skip STACK_BLOCK_SIZE
