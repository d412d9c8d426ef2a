/* SPDX-License-Identifier: MIT */
/* What an auditor would ask about: findings with a code that stays, a severity, and the line that causes them. */
#ifndef POLCHECK_H
#define POLCHECK_H

#include <stdio.h>

#include "cilindex.h"
#include "polgraph.h"
#include "polspec.h"

enum pol_severity { POL_NOTE, POL_WARNING, POL_ERROR, POL_SEVERITIES };
extern const char *const pol_severity_names[POL_SEVERITIES];

struct polcode {
    const char *code;
    enum pol_severity severity;
    const char *about;
};

struct polfinding {
    const struct polcode *code;
    int type;        /* whom it is about, -1: nobody in particular */
    char where[256]; /* file:line, or empty */
    char *text;
    const char *because; /* the reason for which somebody accepted it, in the spec; else NULL */
};

struct polfindings {
    struct polfinding *list;
    size_t count;
    size_t open[POL_SEVERITIES]; /* without what is accepted */
};

/* The accept lines of the specs count; one without its finding is a finding itself. files: their names. */
void polcheck(struct polfindings *f, const struct polgraph *g, const struct cilindex *cil, const char *const *files,
              const struct polspec *specs, size_t count);
void polcheck_free(struct polfindings *f);
/* Every code with its severity and meaning. */
void polcheck_codes(FILE *out);

#endif
