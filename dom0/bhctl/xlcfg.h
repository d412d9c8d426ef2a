/* SPDX-License-Identifier: MIT */
/*
 * The syntax of xl.cfg(5): KEY = VALUE statements, ended by a line's end or ';', where a value is a
 * number, a quoted string or a list of those in brackets; '#' starts a comment.
 *
 * Pure: reads `text`, writes `*out`, allocates nothing. What the keys mean is domcfg.h's business.
 */
#ifndef XLCFG_H
#define XLCFG_H

#include <stdbool.h>
#include <stddef.h>

#define XLCFG_FILE_MAX    65536u /* bytes in a file */
#define XLCFG_ENTRIES_MAX 64u
#define XLCFG_VALUES_MAX  256u /* strings and numbers in all entries together */
#define XLCFG_KEY_MAX     32u  /* with the NUL */
#define XLCFG_ERROR_MAX   256u

struct xlcfg_value {
    const char *text; /* in xlcfg.store, NUL-terminated; escapes are resolved, quotes removed */
    bool quoted;      /* a string, not a number */
};

struct xlcfg_entry {
    char key[XLCFG_KEY_MAX];
    int line;     /* from 1 */
    bool list;    /* else exactly one value */
    size_t first; /* index into xlcfg.values */
    size_t count;
};

struct xlcfg {
    struct xlcfg_entry entries[XLCFG_ENTRIES_MAX]; /* in the file's order; keys are unique */
    size_t count;
    struct xlcfg_value values[XLCFG_VALUES_MAX];
    size_t value_count;
    char store[XLCFG_FILE_MAX + XLCFG_VALUES_MAX];
    size_t store_used;
};

struct xlcfg_error {
    int line; /* 0 where the error has no line */
    char text[XLCFG_ERROR_MAX];
};

/* 0, or -EINVAL with *err filled in (then *out is undefined). */
int xlcfg_parse(const char *text, size_t size, struct xlcfg *out, struct xlcfg_error *err);

#endif
