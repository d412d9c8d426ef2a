/* SPDX-License-Identifier: MIT */
/* The PCR event log: records as in bulkhead.h, appended to one buffer, never changed. Pure. */
#ifndef HV_PCRLOG_H
#define HV_PCRLOG_H

#include <stddef.h>
#include <stdint.h>

#define PCRLOG_MAX 65536u

struct pcrlog {
    uint8_t *data;
    size_t capacity;
    size_t len;
};

/* 0, or -ENOSPC: then nothing was written. */
int pcrlog_append(struct pcrlog *log, uint32_t pcr, uint32_t type, const uint8_t digest[32], const void *data,
                  uint32_t size);
/* What `pcr` holds after all records, when it held `value` before the first: value is replaced. */
void pcrlog_replay(const struct pcrlog *log, uint32_t pcr, uint8_t value[32]);

#endif
