/* SPDX-License-Identifier: MIT */
/* A view of bytes that somebody else owns. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* NULL: absent */
    size_t size;
};

static inline bool bytes_equal(struct bytes a, const void *data, size_t size)
{
    return a.data != NULL && a.size == size && memcmp(a.data, data, size) == 0;
}

static inline bool bytes_is_text(struct bytes a, const char *text)
{
    return bytes_equal(a, text, strlen(text));
}

static inline bool bytes_has_prefix(struct bytes a, const char *prefix)
{
    return a.data != NULL && a.size >= strlen(prefix) && memcmp(a.data, prefix, strlen(prefix)) == 0;
}

static inline bool bytes_all(const uint8_t *data, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != value) return false;
    }
    return true;
}

#endif
