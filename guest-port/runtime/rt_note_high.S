/* SPDX-License-Identifier: MIT */
/* Notes like Linux's: linked in the top 2 GiB, entry named, SYSCALL used directly. */
#include "rt_note.h"

RT_NOTE_TEXT(XEN_ELFNOTE_GUEST_OS, "bulkhead-runtime")
RT_NOTE_TEXT(XEN_ELFNOTE_GUEST_VERSION, "1")
RT_NOTE_TEXT(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")
RT_NOTE_TEXT(XEN_ELFNOTE_LOADER, "generic")
RT_NOTE_QUAD(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000)
RT_NOTE_QUAD(XEN_ELFNOTE_PADDR_OFFSET, 0)
RT_NOTE_QUAD(XEN_ELFNOTE_ENTRY, _start)

    .section .note.GNU-stack, "", @progbits
