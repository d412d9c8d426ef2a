/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes in each direction through one shared page. Each side keeps its own counts to itself and believes
 * of the other's only that they are possible: a hostile peer can stop the stream or change bytes in it, no more. What
 * needs to be secret or whole is TLS's to keep. Pure but for the page.
 */
#ifndef SHARERING_H
#define SHARERING_H

#include <stddef.h>
#include <stdint.h>

#define SHARERING_SIZE 1024u /* a power of two: counts wrap at 2^32 */

struct sharering_half {
    uint32_t produced, consumed; /* bytes since the start, by producer and consumer */
    uint8_t data[SHARERING_SIZE];
};

struct sharering_page {
    struct sharering_half half[2]; /* to the taker, to the giver */
};

/* One side's view; zeroed at the start, but for `page`. */
struct sharering {
    struct sharering_page *page;
    int taker;
    uint32_t produced, consumed;
};

/* Bytes moved, 0 where there is no room or nothing, -1: the peer's count is impossible. */
long sharering_put(struct sharering *r, const uint8_t *data, size_t size);
long sharering_get(struct sharering *r, uint8_t *data, size_t size);

#endif
