/* SPDX-License-Identifier: MIT */
/* The hypervisor's PCR event log (bulkhead.h, FORMAT.md section 2). */
#ifndef EVENTLOG_H
#define EVENTLOG_H

#include "bytes.h"

struct eventlog_record {
    uint32_t pcr, type;
    const uint8_t *digest; /* 32 bytes */
    struct bytes data;
};

uint32_t eventlog_le32(const uint8_t *p);

/* Takes the first record off log: 1, 0 at the end, -EBADMSG when what is left is no record. */
int eventlog_next(struct bytes *log, struct eventlog_record *record);

/* Every byte belongs to a record: 0 or -EBADMSG. */
int eventlog_parse(struct bytes log);

/* Extends value by every record of that PCR, in their order. The log must have parsed. */
void eventlog_replay(struct bytes log, uint32_t pcr, uint8_t value[32]);

/* The newest policy in the log: the last one loaded, else the one of the start. False when there is none. */
bool eventlog_policy(struct bytes log, struct eventlog_record *record);

/* A policy of that digest and version was in force at some time of the log. */
bool eventlog_had_policy(struct bytes log, const uint8_t digest[32], uint32_t version);

/* The one record of that type, or -ENOENT when there is none or more than one. */
int eventlog_only(struct bytes log, uint32_t type, struct eventlog_record *record);

/* Whether there is a record of that type. */
bool eventlog_has(struct bytes log, uint32_t type);

#endif
