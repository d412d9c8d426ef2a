/* SPDX-License-Identifier: MIT */
#include "evidence_pack.h"
#include "bulkhead.h"

#include <string.h>

#define MAJOR_UINT     0u
#define MAJOR_NEGATIVE 1u
#define MAJOR_BYTES    2u
#define MAJOR_TEXT     3u
#define MAJOR_MAP      5u

/* With out == NULL it only counts. */
struct writer {
    uint8_t *out;
    size_t used, capacity;
};

static void put(struct writer *w, const void *data, size_t size)
{
    if (w->out != NULL && w->used <= w->capacity && size <= w->capacity - w->used)
        memcpy(w->out + w->used, data, size);
    w->used += size;
}

/* RFC 8949 section 4.2.1: the shortest form of the argument. */
static void put_head(struct writer *w, unsigned int major, uint32_t value)
{
    uint8_t head[5] = {(uint8_t)(major << 5)};
    size_t bytes = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;

    if (bytes == 0)
        head[0] |= (uint8_t)value;
    else
        head[0] |= bytes == 1 ? 24 : bytes == 2 ? 25 : 26;
    for (size_t i = 0; i < bytes; i++)
        head[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    put(w, head, 1 + bytes);
}

static void put_bytes(struct writer *w, uint32_t negative_key, const void *data, size_t size)
{
    put_head(w, MAJOR_NEGATIVE, negative_key);
    put_head(w, MAJOR_BYTES, (uint32_t)size);
    put(w, data, size);
}

size_t evidence_pack(const struct evidence_parts *parts, uint8_t *out, size_t capacity)
{
    struct writer w = {.out = out, .capacity = capacity};

    if (parts->nonce_size < EVIDENCE_NONCE_MIN || parts->nonce_size > EVIDENCE_NONCE_MAX ||
        parts->platform_size > BH_EVIDENCE_MAX)
        return 0;
    if (parts->binding != NULL && (parts->binding_size == 0 || parts->binding_size > EVIDENCE_BINDING_MAX))
        return 0;

    put_head(&w, MAJOR_MAP, 5 + (parts->binding != NULL) + (parts->salt != NULL));
    put_head(&w, MAJOR_UINT, EVIDENCE_KEY_NONCE);
    put_head(&w, MAJOR_BYTES, (uint32_t)parts->nonce_size);
    put(&w, parts->nonce, parts->nonce_size);
    put_head(&w, MAJOR_UINT, EVIDENCE_KEY_PROFILE);
    put_head(&w, MAJOR_TEXT, sizeof(EVIDENCE_PROFILE) - 1);
    put(&w, EVIDENCE_PROFILE, sizeof(EVIDENCE_PROFILE) - 1);
    put_bytes(&w, EVIDENCE_NEG_PLATFORM, parts->platform, parts->platform_size);
    put_bytes(&w, EVIDENCE_NEG_REPORT, parts->report, sizeof(struct bh_report));
    put_bytes(&w, EVIDENCE_NEG_SIGNATURE, parts->signature, 64);
    if (parts->binding != NULL)
        put_bytes(&w, EVIDENCE_NEG_BINDING, parts->binding, parts->binding_size);
    if (parts->salt != NULL)
        put_bytes(&w, EVIDENCE_NEG_SALT, parts->salt, 32);
    return out != NULL && w.used > capacity ? 0 : w.used;
}
