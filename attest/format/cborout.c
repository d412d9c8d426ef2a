/* SPDX-License-Identifier: MIT */
#include "cborout.h"

#include <cbor.h>
#include <string.h>

/* libcbor's encoders return 0 when there is no room. */
static void advance(struct cborout *w, size_t written)
{
    w->used += written;
    w->full |= written == 0;
}

#define ROOM(w) (w)->out + (w)->used, (w)->capacity - (w)->used

void cborout_int(struct cborout *w, int64_t value)
{
    if (value >= 0)
        advance(w, cbor_encode_uint((uint64_t)value, ROOM(w)));
    else
        advance(w, cbor_encode_negint((uint64_t)(-1 - value), ROOM(w)));
}

static void append(struct cborout *w, const void *data, size_t size)
{
    if (w->full || size > w->capacity - w->used) {
        w->full = true;
        return;
    }
    if (size != 0)
        memcpy(w->out + w->used, data, size);
    w->used += size;
}

void cborout_bytes(struct cborout *w, const void *data, size_t size)
{
    advance(w, cbor_encode_bytestring_start(size, ROOM(w)));
    append(w, data, size);
}

void cborout_text(struct cborout *w, const char *text)
{
    advance(w, cbor_encode_string_start(strlen(text), ROOM(w)));
    append(w, text, strlen(text));
}

void cborout_array(struct cborout *w, size_t count)
{
    advance(w, cbor_encode_array_start(count, ROOM(w)));
}

void cborout_map(struct cborout *w, size_t pairs)
{
    advance(w, cbor_encode_map_start(pairs, ROOM(w)));
}

void cborout_tag(struct cborout *w, uint64_t tag)
{
    advance(w, cbor_encode_tag(tag, ROOM(w)));
}
