/* SPDX-License-Identifier: MIT */
/* JSON (RFC 8259) written piece by piece; commas and quoting are taken care of. */
#ifndef JSONOUT_H
#define JSONOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct jsonout {
    FILE *file;
    bool comma; /* something stands before in the innermost object or array */
};

/* `key` is NULL inside an array and at the top. */
void jsonout_open(struct jsonout *j, const char *key, char bracket); /* '{' or '[' */
void jsonout_close(struct jsonout *j, char bracket);                 /* '}' or ']' */
void jsonout_string(struct jsonout *j, const char *key, const char *value);
void jsonout_number(struct jsonout *j, const char *key, uint64_t value);
void jsonout_bool(struct jsonout *j, const char *key, bool value);
void jsonout_hex(struct jsonout *j, const char *key, const uint8_t *data, size_t size);

#endif
