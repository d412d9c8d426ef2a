/* SPDX-License-Identifier: MIT */
#include "measure/evstore.h"
#include "types.h"
#include "bulkhead.h"

uint8_t *evstore_place(struct evstore *s, uint32_t writer, uint64_t offset, uint32_t size, uint32_t total)
{
    if (!total || total > BH_EVIDENCE_MAX || !size || offset > total || size > total - offset) return NULL;
    if (offset == 0) {
        s->writer = writer;
        s->coming_len = 0;
        s->coming_total = total;
    }
    if (writer != s->writer || offset != s->coming_len || total != s->coming_total) return NULL;
    return s->coming + offset;
}

void evstore_placed(struct evstore *s, uint32_t size)
{
    uint8_t *was = s->visible;

    s->coming_len += size;
    if (s->coming_len < s->coming_total) return;
    s->visible = s->coming;
    s->visible_len = s->coming_total;
    s->coming = was;
    s->coming_len = s->coming_total = 0;
}

uint32_t evstore_read(const struct evstore *s, uint64_t offset, uint32_t size, const uint8_t **at)
{
    if (offset >= s->visible_len) return 0;
    *at = s->visible + offset;
    return MIN(size, s->visible_len - (uint32_t)offset);
}
