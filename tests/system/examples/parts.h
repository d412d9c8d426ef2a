/* SPDX-License-Identifier: MIT */
/* The two roles of the kernel that tries an example's policy: conductor in dom0's place, actor in every tenant. */
#ifndef EXAMPLES_PARTS_H
#define EXAMPLES_PARTS_H

#include "rt.h"

#define WORDS_MAX 8
#define LINE_MAX  128

/* Splits at spaces, in place; the number of words. */
unsigned parts_split(char *line, char *words[WORDS_MAX]);
long parts_number(const char *text);

/*
 * An actor obeys lines from its console and answers each with "= NUMBER [NUMBER]":
 *   give DOMID READONLY VALUE  grants its page, which then begins with VALUE: the reference
 *   look                       the page's first word
 *   map DOMID REF READONLY     status of the mapping, and the word found; a writable one is written (word + 1);
 * unmapped again copy-from DOMID REF        status, and the word found copy-to DOMID REF VALUE    status offer DOMID a
 * port that DOMID may bind to bind DOMID PORT            its port send PORT                  status heard PORT 1 when
 * an event came within a second
 */
void parts_actor(void) __attribute__((noreturn));
void parts_conductor(void);

#endif
