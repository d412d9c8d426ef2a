/* SPDX-License-Identifier: MIT */
/* The head of a CBOR item in its shortest form (RFC 8949 section 4.2.1): the one place that knows how. Needs no
 * library, so that guests can use it. */
#ifndef CBORHEAD_H
#define CBORHEAD_H

#include <stddef.h>
#include <stdint.h>

#define CBORHEAD_MAX 9u

enum cborhead_major {
    CBORHEAD_UINT,
    CBORHEAD_NEGATIVE, /* the argument of n is -1 - n */
    CBORHEAD_BYTES,
    CBORHEAD_TEXT,
    CBORHEAD_ARRAY,
    CBORHEAD_MAP,
    CBORHEAD_TAG,
};

/* Returns the head's size. */
static inline size_t cborhead(enum cborhead_major major, uint64_t argument, uint8_t out[CBORHEAD_MAX])
{
    size_t bytes = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
    uint8_t info = bytes == 0 ? (uint8_t)argument : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;

    out[0] = (uint8_t)(major << 5 | info);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(argument >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

#endif
