/* SPDX-License-Identifier: MIT */
/*
 * What bh-policy is given: files, told apart by the ends of their names.
 *   .cil    sources; compiled here where no .bin is among the files, and read for line numbers
 *   .bin    a binary policy of secilc
 *   .rules  compartments: assign, clearance, ceiling, launch, conflict
 *   .bhp    the signed table: its digest, name, version, signer
 *   .spec   assertions
 */
#ifndef POLINPUT_H
#define POLINPUT_H

#include "cilindex.h"
#include "polmodel.h"
#include "polrules.h"

struct polfile {
    char *path;
    uint8_t *data; /* a NUL after its last byte */
    size_t size;
    uint8_t sha256[32];
};

struct polinput {
    struct polfile *files;
    size_t count;
    struct polmodel model;
    struct cilindex cil;
    struct polrules rules;
};

/* 0, or -EINVAL with e->text naming file (and line) and reason. In either case to be freed. */
int polinput_load(struct polinput *in, char *const *paths, size_t count, struct policy_error *e);
void polinput_free(struct polinput *in);

bool polinput_ends(const char *path, const char *end);
/* The next file after `after` (NULL: the first) with that end; NULL. */
const struct polfile *polinput_next(const struct polinput *in, const struct polfile *after, const char *end);
int polinput_read(struct polfile *f, const char *path, struct policy_error *e);

#endif
