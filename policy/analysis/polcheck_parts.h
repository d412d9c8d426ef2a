/* SPDX-License-Identifier: MIT */
/* Inside of polcheck: what its parts share. */
#ifndef POLCHECK_PARTS_H
#define POLCHECK_PARTS_H

#include "polcheck.h"

struct checker {
    struct polfindings *f;
    const struct polgraph *g;
    const struct polmodel *m;
    const struct cilindex *cil;
    uint8_t *signals; /* [from * types + to]: in some compartments */
};

/* A finding; where it is: the rule that gives (s, t, perm), or the type's declaration where perm < 0. */
void polcheck_add(struct checker *c, const char *code, int type, int object, int perm, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void polcheck_add_at(struct checker *c, const char *code, int type, const struct cilnode *node, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Can be alive and is not the domain that the machine boots with. */
bool polcheck_guest(const struct checker *c, uint32_t type);

void polcheck_rules(struct checker *c);  /* rules of the sources */
void polcheck_limits(struct checker *c); /* the rules file */

#endif
