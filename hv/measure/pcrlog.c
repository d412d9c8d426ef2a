/* SPDX-License-Identifier: MIT */
#include "measure/pcrlog.h"
#include "measure/crypto.h"
#include "lib.h"

struct record {
    uint32_t pcr;
    uint32_t type;
    uint8_t digest[32];
    uint32_t size;
};
_Static_assert(sizeof(struct record) == 44, "layout of a record's head");

int pcrlog_append(struct pcrlog *log, uint32_t pcr, uint32_t type, const uint8_t digest[32], const void *data,
                  uint32_t size)
{
    struct record r = {.pcr = pcr, .type = type, .size = size};
    size_t room = log->capacity - log->len;

    if (room < sizeof(r) || room - sizeof(r) < size) return -XEN_ENOSPC;
    memcpy(r.digest, digest, 32);
    memcpy(log->data + log->len, &r, sizeof(r));
    memcpy(log->data + log->len + sizeof(r), data, size);
    log->len += sizeof(r) + size;
    return 0;
}

void pcrlog_replay(const struct pcrlog *log, uint32_t pcr, uint8_t value[32])
{
    struct record r;
    struct sha256_state s;

    for (size_t at = 0; at < log->len; at += sizeof(r) + r.size) {
        memcpy(&r, log->data + at, sizeof(r));
        if (r.pcr != pcr) continue;
        sha256_start(&s);
        sha256_update(&s, value, 32);
        sha256_update(&s, r.digest, 32);
        sha256_finish(&s, value);
    }
}
