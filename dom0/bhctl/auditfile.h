/* SPDX-License-Identifier: MIT */
/* The audit log as a file that grows: AUDITFILE_MAGIC, then the hypervisor's records as they are (struct
 * bh_audit_record), without holes in their numbers. `bh-auditlog` recomputes the running hash over it and compares it
 * with a report's. */
#ifndef AUDITFILE_H
#define AUDITFILE_H

#include <stdint.h>
#include <stdio.h>

#include "bulkhead.h"

#define AUDITFILE_MAGIC "BHAUDIT1" /* eight bytes, no NUL */

struct auditfile {
    FILE *file;
    uint64_t last; /* number of the last record in it; 0: none */
};

/* Opens a file of this kind at its end, or makes one. A part of a record at the end, from a write that failed, is cut
 * off. 0, or a negative errno with *why (static). */
int auditfile_open(struct auditfile *a, const char *path, const char **why);

/* Appends; -EILSEQ where the first does not follow the last one in the file (records are lost: start a new file). */
int auditfile_append(struct auditfile *a, const struct bh_audit_record *records, uint32_t count);

/* 0, or -1 with errno. */
int auditfile_close(struct auditfile *a);

#endif
