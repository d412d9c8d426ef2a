/* SPDX-License-Identifier: MIT */
/* Decides the assertions of a .spec on a policy's label graph, with a counter-example where one does not hold. */
#ifndef POLPROVE_H
#define POLPROVE_H

#include <stdio.h>

#include "cilindex.h"
#include "polgraph.h"
#include "polspec.h"

struct polresult {
    const struct polspec_line *line;
    bool holds;
    char *why; /* lines of text: the counter-example, or what it was decided on */
};

struct polproof {
    struct polresult *results;
    size_t count, failed;
};

/* The sets that a spec names are added to the model's. 0, or -EINVAL with "file:line: ..." for a name that is neither
 * type nor set, or a permission that does not exist. `file` is for messages. */
int polprove(struct polproof *p, const char *file, const struct polspec *spec, const struct polgraph *g,
             struct polmodel *m, const struct cilindex *cil, struct policy_error *e);
void polprove_free(struct polproof *p);

/* Types that a list of names means; types and sets, `any`: all domains. -EINVAL with the first unknown name in e. */
int polprove_types(const struct polmodel *m, const struct polspec_names *names, struct poltypes *out,
                   struct policy_error *e);

/* "tenant_t:c1" */
const char *polprove_label(const struct polmodel *m, struct pollabel l, char out[64]);
/* A step's permissions of these kinds with their rules' lines, each line after `indent`. */
void polprove_step(FILE *out, const struct polgraph *g, const struct cilindex *cil, struct pollabel from,
                   struct pollabel to, unsigned int kinds, const char *indent);
/* " (file:line)" of the rule that gives a permission; "" without sources. */
const char *polprove_source(const struct cilindex *cil, uint32_t subject, uint32_t object, uint32_t perm,
                            char out[256]);

#endif
