/* SPDX-License-Identifier: MIT */
/*
 * What a registrar remembers: a folder with one file for each fact, so that nothing is ever half written
 * (toolfile_write) and a person can read it with ls: ek/DIGEST         an EK that may have an AK certified; how it came
 * to be known pending/DIGEST    of a request that was challenged: the secret issued/SERIAL.der every certificate ever
 * given out revoked/SERIAL    those that are revoked, and why crl.der           the list made of them
 */
#ifndef CASTATE_H
#define CASTATE_H

#include "../verify/bytes.h"

#include <stdio.h>

#define CASTATE_PATH 512u

/* DIR/kind/NAME, where NAME is hex of id; 0, or -1 where it does not fit. */
int castate_path(char out[CASTATE_PATH], const char *dir, const char *kind, struct bytes id, const char *suffix);

/* Makes the folders that are missing: 0 or -1, complained of. */
int castate_open(const char *dir);

bool castate_has(const char *dir, const char *kind, struct bytes id, const char *suffix);

/* Calls each with every file's name in DIR/kind, in their order; stops at the first result that is not 0 and returns
 * it. Names that toolfile_write left behind in a crash are not among them. */
int castate_each(const char *dir, const char *kind, int (*each)(const char *name, void *context), void *context);

#endif
