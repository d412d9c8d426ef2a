/* SPDX-License-Identifier: MIT */
/* Hypercalls from a Linux program, by /dev/xen/privcmd alone: for static programs in a guest's ramdisk. */
#ifndef LXCALL_H
#define LXCALL_H

#include <stddef.h>
#include <stdint.h>

#include "bulkhead.h"

/* 0, or a negative errno. */
int lxcall_open(void);

/* The file behind it, for privcmd's other ioctls. */
int lxcall_fd(void);

/* Any hypercall. Not negative, or a negative errno. */
long lxcall_raw(unsigned int number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

/* Bulkhead's own. `arg` must come from lxcall_pages(). */
long lxcall_bulkhead(unsigned int cmd, void *arg);

/* Zeroed memory that the hypervisor can reach at any time; NULL where there is none. Never freed. */
void *lxcall_pages(size_t count);

#endif
