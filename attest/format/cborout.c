/* SPDX-License-Identifier: MIT */
#include "cborout.h"
#include "cborhead.h"

#include <string.h>

static void append(struct cborout *w, const void *data, size_t size)
{
    if (w->full || size > w->capacity - w->used) {
        w->full = true;
        return;
    }
    if (size != 0) memcpy(w->out + w->used, data, size);
    w->used += size;
}

static void head(struct cborout *w, enum cborhead_major major, uint64_t argument)
{
    uint8_t bytes[CBORHEAD_MAX];

    append(w, bytes, cborhead(major, argument, bytes));
}

void cborout_int(struct cborout *w, int64_t value)
{
    if (value >= 0)
        head(w, CBORHEAD_UINT, (uint64_t)value);
    else
        head(w, CBORHEAD_NEGATIVE, (uint64_t)(-1 - value));
}

void cborout_bytes(struct cborout *w, const void *data, size_t size)
{
    head(w, CBORHEAD_BYTES, size);
    append(w, data, size);
}

void cborout_text(struct cborout *w, const char *text)
{
    head(w, CBORHEAD_TEXT, strlen(text));
    append(w, text, strlen(text));
}

void cborout_array(struct cborout *w, size_t count)
{
    head(w, CBORHEAD_ARRAY, count);
}

void cborout_map(struct cborout *w, size_t pairs)
{
    head(w, CBORHEAD_MAP, pairs);
}

void cborout_tag(struct cborout *w, uint64_t tag)
{
    head(w, CBORHEAD_TAG, tag);
}
