/* SPDX-License-Identifier: MIT */
/*
 * Which line of a policy's CIL sources says what: allow and neverallow rules after their macros are expanded, each
 * with the line that was written and the calls that led to it; constraints; declarations of types.
 * Not followed: names inside blocks (they would need CIL's name resolution); rules there are found by their last part.
 */
#ifndef CILINDEX_H
#define CILINDEX_H

#include "cilread.h"
#include "polmodel.h"

#define CILINDEX_DEPTH 8

struct cilrule {
    enum { CILRULE_ALLOW, CILRULE_NEVERALLOW } kind;
    struct poltypes subjects, objects;
    bool self; /* object is the subject's own type */
    uint64_t perms[POL_WORDS];
    const struct cilnode *node;                  /* the rule as written */
    const struct cilnode *calls[CILINDEX_DEPTH]; /* innermost first; NULL after the last */
};

struct cilindex {
    struct cilnode root;
    struct cilrule *rules;
    size_t rule_count;
};

/* Reads the sources and adds their attributes to the model's sets: the compiler drops those that no rule of the binary
 * policy needs. Nodes live as long as the index. */
int cilindex_add(struct cilindex *x, const char *file, const char *text, size_t size, struct policy_error *e);
void cilindex_build(struct cilindex *x, struct polmodel *m);
void cilindex_free(struct cilindex *x);

bool cilindex_covers(const struct cilrule *r, uint32_t subject, uint32_t object, uint32_t perm);
/* The next allow rule after `after` (NULL: the first) that gives the permission; NULL. */
const struct cilrule *cilindex_find(const struct cilindex *x, const struct cilrule *after, uint32_t subject,
                                    uint32_t object, uint32_t perm);
/* The constraint on that permission; NULL. */
const struct cilnode *cilindex_constraint(const struct cilindex *x, uint32_t perm);
/* Where a type is declared; NULL. */
const struct cilnode *cilindex_type(const struct cilindex *x, const char *name);

/* The line that a person would change: the outermost call, or the rule. */
const struct cilnode *cilindex_line(const struct cilrule *r);

#endif
