/* SPDX-License-Identifier: MIT */
/*
 * The label graph: every label that a domain can have, and the steps between them.
 *
 * Compartments are many and the policy does not tell most of them apart. Those that no rule tells apart are one class,
 * and three of a class stand for all of it: a path only needs neighbours to be in the same or in different
 * compartments, and any walk between two given compartments of a class can be told with one more. So what holds for
 * these representatives holds for all 1024.
 */
#ifndef POLGRAPH_H
#define POLGRAPH_H

#include "polflow.h"

#define POLGRAPH_NODES_MAX 8192

struct polgraph {
    struct polworld w;
    struct pollabel *nodes;
    size_t count;
    uint8_t *kinds; /* [from * count + to]: bits of enum pol_kind */
};

/* 0, or -EINVAL: too many labels. */
int polgraph_build(struct polgraph *g, const struct polworld *w, struct policy_error *e);
void polgraph_free(struct polgraph *g);

/* A shortest path by steps of these kinds, from node `from` to a node of `goals`, with no other node of `avoid` on its
 * way (bool arrays by node). At least one step. Its nodes, from first to last, in path (room for count + 1); their
 * number, 0: none. */
size_t polgraph_path(const struct polgraph *g, size_t from, const bool *goals, const bool *avoid, unsigned int kinds,
                     size_t *path);

#endif
