/* SPDX-License-Identifier: MIT */
#include "polgraph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPRESENTATIVES 3

/* May a domain with that label come to life? */
static bool can_live(const struct polworld *w, struct pollabel l)
{
    const struct polmodel *m = w->m;
    if (l.type == m->flat.boot_type && l.compartment == m->boot_compartment) return true;
    if (!poltypes_has(&m->domains, l.type) || !polmodel_creatable(m, l.type)) return false;
    for (uint32_t c = 0; c < m->flat.types; c++)
        if (poltypes_has(&m->domains, c) && polmodel_ever(m, c, l.type, PERM_domain_create) &&
            polrules_assignable(w->rules, c, l))
            return true;
    return false;
}

static bool add_nodes(struct polgraph *g)
{
    uint16_t class_of[POL_COMPARTMENTS];
    polrules_classes(g->w.rules, g->w.m->boot_compartment, class_of);
    for (uint32_t t = 0; t < g->w.m->flat.types; t++) {
        uint8_t seen[POL_COMPARTMENTS] = {0}; /* by class */
        for (uint32_t c = 0; c < POL_COMPARTMENTS && poltypes_has(&g->w.m->domains, t); c++) {
            struct pollabel l = {(uint16_t)t, (uint16_t)c};
            if (seen[class_of[c]] == REPRESENTATIVES) continue;
            seen[class_of[c]]++; /* the same compartments stand for a class with every type */
            if (!can_live(&g->w, l)) continue;
            if (g->count == POLGRAPH_NODES_MAX) return false;
            g->nodes[g->count++] = l;
        }
    }
    return true;
}

int polgraph_build(struct polgraph *g, const struct polworld *w, struct policy_error *e)
{
    memset(g, 0, sizeof(*g));
    g->w = *w;
    g->nodes = calloc(POLGRAPH_NODES_MAX, sizeof(*g->nodes));
    if (!g->nodes || !add_nodes(g)) {
        snprintf(e->text, sizeof(e->text), "more than %d labels that the rules tell apart", POLGRAPH_NODES_MAX);
        return -EINVAL;
    }
    g->kinds = calloc(g->count * g->count + 1, 1);
    if (!g->kinds) {
        snprintf(e->text, sizeof(e->text), "no memory");
        return -EINVAL;
    }
    for (size_t a = 0; a < g->count; a++) {
        for (size_t b = 0; b < g->count; b++) {
            /* There is one boot domain; every other label may be that of two domains, that reach each other. */
            if (a == b && g->nodes[a].type == w->m->flat.boot_type && !polmodel_creatable(w->m, w->m->flat.boot_type))
                continue;
            g->kinds[a * g->count + b] = (uint8_t)polflow_step(w, g->nodes[a], g->nodes[b], NULL, NULL);
        }
    }
    return 0;
}

void polgraph_free(struct polgraph *g)
{
    free(g->nodes);
    free(g->kinds);
    memset(g, 0, sizeof(*g));
}

static size_t trace(const size_t *parent, size_t from, size_t last, size_t goal, size_t *path)
{
    size_t n = 0, at = last;
    path[n++] = goal;
    while (at != from) {
        path[n++] = at;
        at = parent[at];
    }
    path[n++] = from;
    for (size_t i = 0; i < n / 2; i++) {
        size_t swap = path[i];
        path[i] = path[n - 1 - i];
        path[n - 1 - i] = swap;
    }
    return n;
}

size_t polgraph_path(const struct polgraph *g, size_t from, const bool *goals, const bool *avoid, unsigned int kinds,
                     size_t *path)
{
    size_t *queue = malloc((g->count + 1) * sizeof(*queue)), *parent = malloc((g->count + 1) * sizeof(*parent));
    bool *seen = calloc(g->count + 1, sizeof(*seen));
    size_t head = 0, tail = 0, length = 0;
    if (!queue || !parent || !seen) abort();
    queue[tail++] = from;
    seen[from] = true;
    while (head < tail && !length) {
        size_t at = queue[head++];
        for (size_t to = 0; to < g->count && !length; to++) {
            if (!(g->kinds[at * g->count + to] & kinds)) continue;
            if (goals[to]) {
                length = trace(parent, from, at, to, path);
            } else if (!seen[to] && !(avoid && avoid[to])) {
                seen[to] = true;
                parent[to] = at;
                queue[tail++] = to;
            }
        }
    }
    free(queue);
    free(parent);
    free(seen);
    return length;
}
