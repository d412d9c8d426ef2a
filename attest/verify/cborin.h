/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of deterministic CBOR (RFC 8949 section 4.2.1), over libcbor's streaming decoder:
 * no allocation, no recursion, views into the input. Each function takes the next item or, when it is
 * not the wanted one or not encoded in the shortest form, makes the reader bad for good and returns
 * false; so a caller may read a whole structure and ask once at the end.
 */
#ifndef CBORIN_H
#define CBORIN_H

#include "bytes.h"

struct cborin {
    const uint8_t *next, *end;
    bool bad;
};

/* A map's keys, integers only, in the order that the encoding demands. */
struct cborin_map {
    size_t left;
    bool first;
    int64_t key; /* the pair's key after cborin_pair() */
};

struct cborin cborin_open(struct bytes input);
bool cborin_uint(struct cborin *in, uint64_t *value);
bool cborin_int(struct cborin *in, int64_t *value);
bool cborin_bytes(struct cborin *in, struct bytes *value);
bool cborin_text(struct cborin *in, struct bytes *value);
bool cborin_array(struct cborin *in, size_t *count);
bool cborin_map(struct cborin *in, struct cborin_map *map);
bool cborin_tag(struct cborin *in, uint64_t wanted);

/* Moves to the next pair and reads its key: false at the map's end or when the reader is bad. */
bool cborin_pair(struct cborin *in, struct cborin_map *map);

/* The whole input was one good item and nothing follows it. */
bool cborin_done(const struct cborin *in);

/* Makes the reader bad: the value read is not what the format allows. Returns false. */
bool cborin_refuse(struct cborin *in);

#endif
