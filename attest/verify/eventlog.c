/* SPDX-License-Identifier: MIT */
#include "eventlog.h"
#include "bulkhead.h"
#include "p256.h"

#include <errno.h>

#define HEADER_SIZE 44u /* pcr, type, digest, size */

uint32_t eventlog_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int eventlog_next(struct bytes *log, struct eventlog_record *record)
{
    uint32_t size;

    if (log->size == 0) return 0;
    if (log->size < HEADER_SIZE) return -EBADMSG;
    size = eventlog_le32(log->data + 40);
    if (size > log->size - HEADER_SIZE) return -EBADMSG;
    record->pcr = eventlog_le32(log->data);
    record->type = eventlog_le32(log->data + 4);
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
        if (record.pcr == pcr) p256_extend(value, record.digest);
    }
}

static bool is_policy(const struct eventlog_record *record)
{
    return (record->type == BH_EV_POLICY || record->type == BH_EV_POLICY_LOAD) && record->data.size == 4;
}

bool eventlog_policy(struct bytes log, struct eventlog_record *record)
{
    struct eventlog_record each;
    bool found = false;

    while (eventlog_next(&log, &each) > 0) {
        if (!is_policy(&each)) continue;
        *record = each;
        found = true;
    }
    return found;
}

bool eventlog_had_policy(struct bytes log, const uint8_t digest[32], uint32_t version)
{
    struct eventlog_record each;

    while (eventlog_next(&log, &each) > 0) {
        if (is_policy(&each) && memcmp(each.digest, digest, 32) == 0 && eventlog_le32(each.data.data) == version)
            return true;
    }
    return false;
}

int eventlog_only(struct bytes log, uint32_t type, struct eventlog_record *record)
{
    struct eventlog_record each;
    int found = 0;

    while (eventlog_next(&log, &each) > 0) {
        if (each.type != type) continue;
        *record = each;
        found++;
    }
    return found == 1 ? 0 : -ENOENT;
}

bool eventlog_has(struct bytes log, uint32_t type)
{
    struct eventlog_record each;

    while (eventlog_next(&log, &each) > 0) {
        if (each.type == type) return true;
    }
    return false;
}
