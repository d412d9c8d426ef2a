/* SPDX-License-Identifier: MIT */
/* The label graph for people and programs: text, JSON, DOT; and by types, as pictures and matrices want it. */
#ifndef POLSHOW_H
#define POLSHOW_H

#include <stdio.h>

#include "cilindex.h"
#include "polgraph.h"

/* Kinds of steps (or of paths) between types, within one compartment and across two. */
struct polshow {
    const struct polgraph *g;
    uint32_t types;
    uint8_t *step[2];  /* [0] other, [1] same: [from * types + to], bits of enum pol_kind */
    bool *reach[2];    /* a path of information, of any length */
    bool *indirect[2]; /* such a path that does not pass the boot domain */
};

void polshow_init(struct polshow *s, const struct polgraph *g);
void polshow_free(struct polshow *s);

void polshow_text(FILE *out, const struct polshow *s, const struct cilindex *cil, bool rules);
void polshow_json(FILE *out, const struct polshow *s);
void polshow_dot(FILE *out, const struct polshow *s);

#endif
