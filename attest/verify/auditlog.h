/* SPDX-License-Identifier: MIT */
/* A saved audit log (`bhctl audit --save`), and whether it is whole: eight bytes "BHAUDIT1", then struct
 * bh_audit_record after record, numbered from 1 without holes. */
#ifndef AUDITLOG_H
#define AUDITLOG_H

#include "bulkhead.h"
#include "bytes.h"

#define AUDITLOG_MAGIC "BHAUDIT1"

struct auditlog {
    const uint8_t *records; /* view into the input; unaligned */
    uint64_t count;
    const char *error; /* after a failure: what is wrong, ... */
    uint64_t at;       /* ... and at which byte */
};

/* 0, or -EBADMSG with error and at. */
int auditlog_open(struct bytes file, struct auditlog *log);

/* Record number n, 1..count, with its strings ended by NULs. */
struct bh_audit_record auditlog_record(const struct auditlog *log, uint64_t n);

/* The running hash over records 1..n (n <= count), as the hypervisor computes it. */
void auditlog_hash(const struct auditlog *log, uint64_t n, uint8_t hash[32]);

/* The number of the record after which the running hash is `hash` (0: before the first), or -1. */
int64_t auditlog_find(const struct auditlog *log, const uint8_t hash[32]);

#endif
