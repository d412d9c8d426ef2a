/* SPDX-License-Identifier: MIT */
/*
 * Assertions about a policy, one a line (README.md has the language). A pure function of the text; names are
 * resolved later, against a policy.
 */
#ifndef POLSPEC_H
#define POLSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLSPEC_WORD  64  /* a name, with its NUL */
#define POLSPEC_NAMES 64  /* names in one list */
#define POLSPEC_TEXT  400 /* a sentence, with its NUL */

struct polspec_names {
    char name[POLSPEC_NAMES][POLSPEC_WORD];
    unsigned int count;
};

enum polspec_kind {
    POLSPEC_SET,      /* NAME = SET */
    POLSPEC_NO_FLOW,  /* no flow from A to B: no single step */
    POLSPEC_NO_PATH,  /* no path from A to B: nor through others, but those of `through` */
    POLSPEC_FLOW,     /* flow A -> B: a step from each of A to each of B */
    POLSPEC_PATH,     /* path A -> B */
    POLSPEC_ONLY_BY,  /* flow A -> B only through C */
    POLSPEC_NEVER,    /* A never VERB B */
    POLSPEC_NONE_MAY, /* no A may C:P [to B] */
    POLSPEC_ONLY_MAY, /* only A may C:P [to B] */
    POLSPEC_CONFLICT, /* conflict set NAME covers A */
    POLSPEC_LAUNCH,   /* launch of A is bound */
    POLSPEC_ACCEPT,   /* accept CODE of A because "..." */
};

enum polspec_place { POLSPEC_ANYWHERE, POLSPEC_SAME, POLSPEC_OTHER };
enum polspec_verb { POLSPEC_READS, POLSPEC_WRITES, POLSPEC_SIGNALS, POLSPEC_CONTROLS, POLSPEC_REACHES };

struct polspec_line {
    enum polspec_kind kind;
    enum polspec_place place;
    enum polspec_verb verb;
    bool both_ways;   /* between A and B */
    bool but_console; /* never ... but console */
    unsigned int line;
    unsigned int kinds;         /* bits of enum pol_kind; 0: all information */
    char label[POLSPEC_WORD];   /* given before a colon, or empty */
    char word[POLSPEC_WORD];    /* a set's name, a code */
    char text[POLSPEC_TEXT];    /* the sentence as written, in one line */
    char because[POLSPEC_TEXT]; /* of accept */
    struct polspec_names a, b, through, perms;
};

struct polspec {
    struct polspec_line *lines;
    size_t count;
};

struct polspec_error {
    unsigned int line;
    char text[160];
};

/* 0, or -1 with *e; lines are freed by polspec_free() in both cases. The text has no NUL of its own. */
int polspec_parse(struct polspec *spec, const char *text, size_t size, struct polspec_error *e);
void polspec_free(struct polspec *spec);

#endif
