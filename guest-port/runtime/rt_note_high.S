/* SPDX-License-Identifier: MIT */
/* Notes like Linux's: linked in the top 2 GiB, entry named, SYSCALL used directly. */
#include "rt_note.inc"

note_text XEN_ELFNOTE_GUEST_OS, "bulkhead-runtime"
note_text XEN_ELFNOTE_GUEST_VERSION, "1"
note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
note_text XEN_ELFNOTE_LOADER, "generic"
note_quad XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000
note_quad XEN_ELFNOTE_PADDR_OFFSET, 0
note_quad XEN_ELFNOTE_ENTRY, _start

    .section .note.GNU-stack, "", @progbits
