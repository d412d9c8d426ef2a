/* SPDX-License-Identifier: MIT */
#include "streamfind.h"

#include <errno.h>
#include <string.h>

int streamfind_init(struct streamfind *f, const char *text)
{
    f->text = text;
    f->size = strlen(text);
    f->tail_size = 0;
    return f->size && f->size <= STREAMFIND_MAX ? 0 : -EINVAL;
}

bool streamfind_feed(struct streamfind *f, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        f->tail[f->tail_size++] = data[i];
        if (f->tail_size < f->size) continue;
        if (memcmp(f->tail, f->text, f->size) == 0) return true;
        memmove(f->tail, f->tail + 1, --f->tail_size);
    }
    return false;
}
