/* SPDX-License-Identifier: MIT */
/*
 * What a tenant's file says, checked: each key known, of the right kind and in range. Pure.
 *
 *   name      "..."   required; [a-zA-Z0-9_.-]{1,31}
 *   kernel    "PATH"  required; a bzImage or an ELF64
 *   ramdisk   "PATH"
 *   cmdline   "..."   the kernel's whole command line; or, as in xl, the parts `root` and `extra`
 *   memory    MiB     required; even, 4 to 1048576
 *   vcpus     N       1 to 32, default 1
 *   seclabel  "..."   required; seclabel.h
 *   uuid      "..."   default: random
 *   cpu_weight N      1 to 65535, default 256
 *   cap       N       per cent of one CPU, 0 (none) to 3200
 *   signature "PATH"  who vouches for the launch (bh-sign); optional
 *   type      "pv"    the only one there is
 */
#ifndef DOMCFG_H
#define DOMCFG_H

#include "bulkhead.h"
#include "seclabel.h"
#include "xlcfg.h"

#define DOMCFG_PATH_MAX    1024u /* with the NUL */
#define DOMCFG_CMDLINE_MAX 1024u /* with the NUL */

struct domcfg {
    char name[BH_NAME_MAX];
    char kernel[DOMCFG_PATH_MAX];
    char ramdisk[DOMCFG_PATH_MAX];   /* "" where there is none */
    char signature[DOMCFG_PATH_MAX]; /* "" where there is none */
    char cmdline[DOMCFG_CMDLINE_MAX];
    uint64_t memory_kib;
    uint32_t vcpus, weight, cap; /* weight 0: the hypervisor's default */
    struct seclabel label;
    bool has_uuid;
    uint8_t uuid[16];
};

/* 0, or -EINVAL with *err filled in. */
int domcfg_read(const struct xlcfg *xl, struct domcfg *out, struct xlcfg_error *err);

/* A domain's name: BH_NAME_MAX's rule. */
bool domcfg_name_valid(const char *name);

#endif
