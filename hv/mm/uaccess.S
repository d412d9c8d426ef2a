/* SPDX-License-Identifier: MIT */
/* Copies to and from guest addresses. A fault lands at the fix-up: RAX is the number of bytes left.
 * STAC and CLAC are patched to NOPs where the CPU has no SMAP (access.c, access_init). */
    .text
    .macro SMAP_OP last
9999:
    .byte 0x0f, 0x01, \last
    .pushsection .smap_sites, "a"
    .quad 9999b
    .popsection
    .endm
    .macro stac_patch
    SMAP_OP 0xcb
    .endm
    .macro clac_patch
    SMAP_OP 0xca
    .endm

/* uint64_t raw_copy(void *dst, const void *src, uint64_t n): 8-byte multiples go by quadwords. */
    .globl raw_copy
raw_copy:
    mov %rdx, %rcx
    stac_patch
    test $7, %dl
    jnz 2f
    shr $3, %rcx
1:  rep movsq
    xor %eax, %eax
    clac_patch
    ret
2:  rep movsb
    xor %eax, %eax
    clac_patch
    ret
raw_copy_fix8:
    shl $3, %rcx
raw_copy_fix1:
    mov %rcx, %rax
    clac_patch
    ret

    .section .ex_table, "a"
    .quad 1b, raw_copy_fix8
    .quad 2b, raw_copy_fix1
