/* SPDX-License-Identifier: MIT */
/* Files and arguments of the attestation tools. Errors go to stderr, by the tool's name, once. */
#ifndef TOOLFILE_H
#define TOOLFILE_H

#include "../verify/bytes.h"

extern const char *const toolfile_program; /* each tool defines it */

/* The whole file, in memory of its own with a NUL behind it; data is NULL after an error. */
struct bytes toolfile_read(const char *path, size_t most);

/* The same, where the first PEM block "BULKHEAD EVIDENCE" in it (a console's log around it does not matter) is
 * taken out, if there is one. */
struct bytes toolfile_read_evidence(const char *path, size_t most);

void toolfile_free(struct bytes file);

/* All of it or nothing, whatever happens meanwhile (a crash, a full disk): beside, synced, then renamed. What is no
 * file (a pipe, a terminal) is written to. 0 or -1. */
int toolfile_write(const char *path, const void *data, size_t size);
/* After a rename or removal: the folder of that path reaches the disk. 0 or -1. */
int toolfile_sync_folder(const char *path);

/* Hex digits to bytes: their number, or -1 for an odd number of digits, another character or too many. */
long toolfile_hex(const char *text, uint8_t *out, size_t capacity);

__attribute__((format(printf, 1, 2))) void toolfile_complain(const char *format, ...);

#endif
