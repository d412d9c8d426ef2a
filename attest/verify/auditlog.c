/* SPDX-License-Identifier: MIT */
#include "auditlog.h"

#include <errno.h>
#include <mbedtls/sha256.h>
#include <string.h>

#define HEAD   (sizeof(AUDITLOG_MAGIC) - 1)
#define RECORD sizeof(struct bh_audit_record)

_Static_assert(sizeof(struct bh_audit_record) == 216, "no padding: the hash is over all bytes");

static int bad(struct auditlog *log, const char *error, uint64_t at)
{
    log->error = error;
    log->at = at;
    return -EBADMSG;
}

int auditlog_open(struct bytes file, struct auditlog *log)
{
    *log = (struct auditlog){.records = NULL};
    if (file.size < HEAD || memcmp(file.data, AUDITLOG_MAGIC, HEAD) != 0)
        return bad(log, "it does not begin with " AUDITLOG_MAGIC, 0);
    if ((file.size - HEAD) % RECORD != 0)
        return bad(log, "a record is cut off", HEAD + (file.size - HEAD) / RECORD * RECORD);
    for (uint64_t i = 0; i < (file.size - HEAD) / RECORD; i++) {
        uint64_t seq;
        memcpy(&seq, file.data + HEAD + i * RECORD + offsetof(struct bh_audit_record, seq), sizeof(seq));
        if (seq != i + 1)
            return bad(log, "records are missing or out of order: numbers must go up from 1 by one", HEAD + i * RECORD);
    }
    log->records = file.data + HEAD;
    log->count = (file.size - HEAD) / RECORD;
    return 0;
}

struct bh_audit_record auditlog_record(const struct auditlog *log, uint64_t n)
{
    struct bh_audit_record r;
    memcpy(&r, log->records + (n - 1) * RECORD, RECORD);
    r.source_type[sizeof(r.source_type) - 1] = r.target_type[sizeof(r.target_type) - 1] = '\0';
    r.class_name[sizeof(r.class_name) - 1] = r.perm_name[sizeof(r.perm_name) - 1] = '\0';
    r.reason[sizeof(r.reason) - 1] = '\0';
    return r;
}

static void step(const struct auditlog *log, uint64_t index, uint8_t hash[32])
{
    uint8_t input[32 + RECORD];
    memcpy(input, hash, 32);
    memcpy(input + 32, log->records + index * RECORD, RECORD);
    mbedtls_sha256_ret(input, sizeof(input), hash, 0);
}

void auditlog_hash(const struct auditlog *log, uint64_t n, uint8_t hash[32])
{
    memset(hash, 0, 32);
    for (uint64_t i = 0; i < n; i++)
        step(log, i, hash);
}

int64_t auditlog_find(const struct auditlog *log, const uint8_t wanted[32])
{
    uint8_t hash[32] = {0};
    uint64_t n = 0;
    while (memcmp(hash, wanted, 32) != 0) {
        if (n == log->count) return -1;
        step(log, n++, hash);
    }
    return (int64_t)n;
}
