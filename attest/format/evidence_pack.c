/* SPDX-License-Identifier: MIT */
#include "evidence_pack.h"
#include "bulkhead.h"
#include "cborhead.h"

#include <string.h>

/* With out == NULL it only counts. */
struct writer {
    uint8_t *out;
    size_t used, capacity;
};

static void put(struct writer *w, const void *data, size_t size)
{
    if (w->out != NULL && w->used <= w->capacity && size <= w->capacity - w->used) memcpy(w->out + w->used, data, size);
    w->used += size;
}

static void put_head(struct writer *w, enum cborhead_major major, uint32_t value)
{
    uint8_t head[CBORHEAD_MAX];

    put(w, head, cborhead(major, value, head));
}

static void put_bytes(struct writer *w, uint32_t negative_key, const void *data, size_t size)
{
    put_head(w, CBORHEAD_NEGATIVE, negative_key);
    put_head(w, CBORHEAD_BYTES, (uint32_t)size);
    put(w, data, size);
}

size_t evidence_pack(const struct evidence_parts *parts, uint8_t *out, size_t capacity)
{
    struct writer w = {.out = out, .capacity = capacity};
    const struct bh_report *report = parts->report;

    if (parts->nonce_size < EVIDENCE_NONCE_MIN || parts->nonce_size > EVIDENCE_NONCE_MAX ||
        parts->platform_size > BH_EVIDENCE_MAX)
        return 0;
    if (parts->binding != NULL && (parts->binding_size == 0 || parts->binding_size > EVIDENCE_BINDING_MAX)) return 0;

    put_head(&w, CBORHEAD_MAP, 7 + (parts->binding != NULL) + (parts->salt != NULL));
    put_head(&w, CBORHEAD_UINT, EVIDENCE_KEY_NONCE);
    put_head(&w, CBORHEAD_BYTES, (uint32_t)parts->nonce_size);
    put(&w, parts->nonce, parts->nonce_size);
    put_head(&w, CBORHEAD_UINT, EVIDENCE_KEY_DBGSTAT);
    put_head(&w, CBORHEAD_UINT, report->flags & BH_FLAG_DEBUG ? EVIDENCE_DEBUG_ENABLED : EVIDENCE_DEBUG_DISABLED);
    put_head(&w, CBORHEAD_UINT, EVIDENCE_KEY_PROFILE);
    put_head(&w, CBORHEAD_TEXT, sizeof(EVIDENCE_PROFILE) - 1);
    put(&w, EVIDENCE_PROFILE, sizeof(EVIDENCE_PROFILE) - 1);
    put_head(&w, CBORHEAD_UINT, EVIDENCE_KEY_BOOTSEED);
    put_head(&w, CBORHEAD_BYTES, sizeof(report->boot_id));
    put(&w, report->boot_id, sizeof(report->boot_id));
    put_bytes(&w, EVIDENCE_NEG_PLATFORM, parts->platform, parts->platform_size);
    put_bytes(&w, EVIDENCE_NEG_REPORT, parts->report, sizeof(struct bh_report));
    put_bytes(&w, EVIDENCE_NEG_SIGNATURE, parts->signature, 64);
    if (parts->binding != NULL) put_bytes(&w, EVIDENCE_NEG_BINDING, parts->binding, parts->binding_size);
    if (parts->salt != NULL) put_bytes(&w, EVIDENCE_NEG_SALT, parts->salt, 32);
    return out != NULL && w.used > capacity ? 0 : w.used;
}
