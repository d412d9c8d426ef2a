/* SPDX-License-Identifier: MIT */
/* Like older Linux: a hypercall page to fill in, and the p2m list at an address of the guest's choice. */
#include "rt_note.inc"

note_text XEN_ELFNOTE_GUEST_OS, "bulkhead-runtime"
note_text XEN_ELFNOTE_GUEST_VERSION, "1"
note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
note_text XEN_ELFNOTE_LOADER, "generic"
note_text XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
note_quad XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000
note_quad XEN_ELFNOTE_PADDR_OFFSET, 0
note_quad XEN_ELFNOTE_ENTRY, _start
note_quad XEN_ELFNOTE_HYPERCALL_PAGE, rt_hypercall_page
note_quad XEN_ELFNOTE_INIT_P2M, 0x8000000000

    .section .text.hypercall, "ax"
    .balign 4096
    .globl rt_hypercall_page
rt_hypercall_page:
    .fill 4096, 1, 0xcc

    .section .note.GNU-stack, "", @progbits
