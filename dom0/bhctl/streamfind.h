/* SPDX-License-Identifier: MIT */
/* Finds a text in a stream that arrives in pieces. Pure. */
#ifndef STREAMFIND_H
#define STREAMFIND_H

#include <stdbool.h>
#include <stddef.h>

#define STREAMFIND_MAX 256u

struct streamfind {
    const char *text;
    size_t size;
    char tail[STREAMFIND_MAX]; /* the last size - 1 bytes seen */
    size_t tail_size;
};

/* 0, or -EINVAL where the text is empty or longer than STREAMFIND_MAX. */
int streamfind_init(struct streamfind *f, const char *text);

/* Takes the next piece; true as soon as the text has passed by. */
bool streamfind_feed(struct streamfind *f, const char *data, size_t size);

#endif
