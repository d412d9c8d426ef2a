/* SPDX-License-Identifier: MIT */
#include "eventlog.h"
#include "p256.h"

#include <errno.h>

#define HEADER_SIZE 44u /* pcr, type, digest, size */

static uint32_t read_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int eventlog_next(struct bytes *log, struct eventlog_record *record)
{
    uint32_t size;

    if (log->size == 0)
        return 0;
    if (log->size < HEADER_SIZE)
        return -EBADMSG;
    size = read_le32(log->data + 40);
    if (size > log->size - HEADER_SIZE)
        return -EBADMSG;
    record->pcr = read_le32(log->data);
    record->type = read_le32(log->data + 4);
    record->digest = log->data + 8;
    record->data = (struct bytes){log->data + HEADER_SIZE, size};
    log->data += HEADER_SIZE + size;
    log->size -= HEADER_SIZE + size;
    return 1;
}

int eventlog_parse(struct bytes log)
{
    struct eventlog_record record;
    int rc;

    while ((rc = eventlog_next(&log, &record)) > 0)
        ;
    return rc;
}

void eventlog_replay(struct bytes log, uint32_t pcr, uint8_t value[32])
{
    struct eventlog_record record;

    while (eventlog_next(&log, &record) > 0) {
        if (record.pcr == pcr)
            p256_extend(value, record.digest);
    }
}

int eventlog_only(struct bytes log, uint32_t type, struct eventlog_record *record)
{
    struct eventlog_record each;
    int found = 0;

    while (eventlog_next(&log, &each) > 0) {
        if (each.type != type)
            continue;
        *record = each;
        found++;
    }
    return found == 1 ? 0 : -ENOENT;
}
