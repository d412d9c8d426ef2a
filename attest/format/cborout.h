/* SPDX-License-Identifier: MIT */
/* Writes deterministic CBOR: the shortest forms. The caller keeps map keys in order. */
#ifndef CBOROUT_H
#define CBOROUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cborout {
    uint8_t *out;
    size_t used, capacity;
    bool full; /* something did not fit: the output is worthless */
};

void cborout_int(struct cborout *w, int64_t value);
void cborout_bytes(struct cborout *w, const void *data, size_t size);
void cborout_text(struct cborout *w, const char *text);
void cborout_array(struct cborout *w, size_t count);
void cborout_map(struct cborout *w, size_t pairs);
void cborout_tag(struct cborout *w, uint64_t tag);

#endif
