/* SPDX-License-Identifier: MIT */
/*
 * What a registrar remembers: a folder with one file for each fact, so that nothing is ever half written
 * (toolfile_write) and a person can read it with ls.
 *
 *     ek/DIGEST             an EK that may have an AK certified: its profile, and how it came to be known
 *     forgotten/DIGEST      one that may not any more; its profile stays
 *     pending/DIGEST        of a request that was challenged: the secret
 *     issued/DIGEST.der     every certificate ever given out, by SHA-256 of it
 *     revoked/DIGEST-TIME.der   those that are revoked, and since when (UTC, YYYYMMDDhhmmss)
 *     crl-number            of the last list
 *
 * One program at a time: castate_open() waits for others to end.
 */
#ifndef CASTATE_H
#define CASTATE_H

#include "../verify/bytes.h"

#include <stdio.h>

#define CASTATE_PATH 512u

/* DIR/kind/NAME, where NAME is hex of id; 0, or -1 where it does not fit. */
int castate_path(char out[CASTATE_PATH], const char *dir, const char *kind, struct bytes id, const char *suffix);

/* Makes the folders that are missing, and locks: 0 or -1, complained of. */
int castate_open(const char *dir);

bool castate_has(const char *dir, const char *kind, struct bytes id, const char *suffix);

/* Calls each with every file's name in DIR/kind, in their order; stops at the first result that is not 0 and returns
 * it. Names that toolfile_write left behind in a crash are not among them. */
int castate_each(const char *dir, const char *kind, int (*each)(const char *name, void *context), void *context);

/* One more than ever before, written down: 0 or -1, complained of. */
int castate_next_number(const char *dir, uint64_t *number);

#endif
