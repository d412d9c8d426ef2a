/* SPDX-License-Identifier: MIT */
/* Runs a tenant's program, whose source a test includes, as a process of its own in a folder of the test's. */
#ifndef GUESTPROG_H
#define GUESTPROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program's own main, renamed. */
typedef int (*guestprog_main)(int argc, char **argv);

extern char guestprog_folder[64];         /* where it runs */
extern char guestprog_errors[4096];       /* what the last one said on stderr */
extern unsigned char guestprog_out[8192]; /* and on stdout, with a NUL behind */
extern size_t guestprog_out_size;

void guestprog_start(void); /* makes the folder and goes there */
void guestprog_stop(void);

/* argv ends with NULL. full: as on a full disk, no file can be written. mixed: stderr goes where stdout goes. The exit
 * status, or -1 where it was killed. */
int guestprog_run(guestprog_main run, char *const argv[], bool full, bool mixed);
#define GUESTPROG_RUN(run, ...) guestprog_run(run, (char *[]){__VA_ARGS__, NULL}, false, false)

void guestprog_put(const char *name, const void *data, size_t size);
/* Its size; -1: there is none. */
long guestprog_get(const char *name, void *out, size_t capacity);

/* Fails the test where the last program's stderr lacks the text. */
void guestprog_said(const char *text);

/* Memory that this test and the programs share, zeroed. */
void *guestprog_shared(size_t size);

#endif
