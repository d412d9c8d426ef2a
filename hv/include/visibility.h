/* SPDX-License-Identifier: MIT */
/* Included before everything: all symbols are hidden, so that -fpie code reaches them without a GOT. */
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
