/* SPDX-License-Identifier: MIT */
/* One ELF note of the name "Xen", for assembly. */
#include <xen/elfnote.h>

#define RT_NOTE_TEXT(type, text)                                                                                       \
    .pushsection.note.Xen, "a", @note;                                                                                 \
    .balign 4;                                                                                                         \
    .long 4, 2f - 1f, type;                                                                                            \
    .asciz "Xen";                                                                                                      \
    1 :.asciz text;                                                                                                    \
    2 :.balign 4;                                                                                                      \
    .popsection

#define RT_NOTE_QUAD(type, value)                                                                                      \
    .pushsection.note.Xen, "a", @note;                                                                                 \
    .balign 4;                                                                                                         \
    .long 4, 8, type;                                                                                                  \
    .asciz "Xen";                                                                                                      \
    .quad value;                                                                                                       \
    .popsection
