/* SPDX-License-Identifier: MIT */
/* The fewest notes that are legal: base 0, entry from the ELF header. */
#include "rt_note.inc"

note_text XEN_ELFNOTE_GUEST_OS, "bulkhead-runtime"
note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
note_text XEN_ELFNOTE_LOADER, "generic"

    .section .note.GNU-stack, "", @progbits
