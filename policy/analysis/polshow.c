/* SPDX-License-Identifier: MIT */
#include "polshow.h"

#include <stdlib.h>
#include <string.h>

#include "jsonout.h"
#include "polprove.h"

static void *zeroed(size_t n)
{
    void *p = calloc(n + 1, 1);
    if (!p) abort();
    return p;
}

/* Everything that information from a node can get to. */
static void reach(const struct polgraph *g, size_t from, bool through_boot, bool *seen, size_t *queue)
{
    size_t head = 0, tail = 0;
    uint32_t boot = g->w.m->flat.boot_type;
    memset(seen, 0, g->count);
    queue[tail++] = from;
    while (head < tail) {
        size_t at = queue[head++];
        if (at != from && !through_boot && g->nodes[at].type == boot) continue;
        for (size_t to = 0; to < g->count; to++) {
            if (seen[to] || !(g->kinds[at * g->count + to] & POL_INFORMATION)) continue;
            seen[to] = true;
            if (to != from) queue[tail++] = to;
        }
    }
}

void polshow_init(struct polshow *s, const struct polgraph *g)
{
    s->g = g;
    s->types = g->w.m->flat.types;
    for (int same = 0; same < 2; same++) {
        s->step[same] = zeroed((size_t)s->types * s->types);
        s->reach[same] = zeroed((size_t)s->types * s->types);
        s->indirect[same] = zeroed((size_t)s->types * s->types);
    }
    bool *seen = zeroed(g->count), *seen_without = zeroed(g->count);
    size_t *queue = zeroed((g->count + 1) * sizeof(*queue));
    for (size_t i = 0; i < g->count; i++) {
        reach(g, i, true, seen, queue);
        reach(g, i, false, seen_without, queue);
        for (size_t k = 0; k < g->count; k++) {
            struct pollabel a = g->nodes[i], b = g->nodes[k];
            int same = a.compartment == b.compartment;
            size_t cell = (size_t)a.type * s->types + b.type;
            s->step[same][cell] |= g->kinds[i * g->count + k];
            s->reach[same][cell] |= seen[k];
            s->indirect[same][cell] |= seen_without[k];
        }
    }
    free(seen);
    free(seen_without);
    free(queue);
}

void polshow_free(struct polshow *s)
{
    for (int same = 0; same < 2; same++) {
        free(s->step[same]);
        free(s->reach[same]);
        free(s->indirect[same]);
    }
}

static void print_kinds(FILE *out, unsigned int kinds, const char *between)
{
    const char *sep = "";
    for (int k = 0; k < POL_KINDS; k++) {
        if (!(kinds >> k & 1)) continue;
        fprintf(out, "%s%s", sep, pol_kind_names[k]);
        sep = between;
    }
}

static const char *const places[] = {"other", "same"};

/* Two labels of these types for which the step is there. */
static bool example(const struct polshow *s, uint32_t a, uint32_t b, int same, unsigned int kinds,
                    struct pollabel out[2])
{
    const struct polgraph *g = s->g;
    for (size_t i = 0; i < g->count; i++)
        for (size_t k = 0; k < g->count && g->nodes[i].type == a; k++)
            if (g->nodes[k].type == b && (g->nodes[i].compartment == g->nodes[k].compartment) == same &&
                (g->kinds[i * g->count + k] & kinds)) {
                out[0] = g->nodes[i];
                out[1] = g->nodes[k];
                return true;
            }
    return false;
}

static void direct(FILE *out, const struct polshow *s, const struct cilindex *cil, bool rules, unsigned int mask)
{
    for (uint32_t a = 0; a < s->types; a++) {
        for (uint32_t b = 0; b < s->types; b++) {
            for (int same = 1; same >= 0; same--) {
                unsigned int kinds = s->step[same][a * s->types + b] & mask;
                struct pollabel labels[2];
                if (!kinds) continue;
                fprintf(out, "%s -> %s  %s compartment: ", s->g->w.m->flat.names[a], s->g->w.m->flat.names[b],
                        places[same]);
                print_kinds(out, kinds, " ");
                fputc('\n', out);
                if (rules && example(s, a, b, same, kinds, labels))
                    polprove_step(out, s->g, cil, labels[0], labels[1], kinds, "    ");
            }
        }
    }
}

void polshow_text(FILE *out, const struct polshow *s, const struct cilindex *cil, bool rules)
{
    const struct polmodel *m = s->g->w.m;
    fputs("# information, in one step: who informs -> who is informed\n", out);
    direct(out, s, cil, rules, POL_INFORMATION);
    fputs("\n# control: who -> whose life\n", out);
    direct(out, s, cil, rules, 1u << POL_CONTROL);
    fputs("\n# information only through others (! not through the boot domain)\n", out);
    for (uint32_t a = 0; a < s->types; a++) {
        for (uint32_t b = 0; b < s->types; b++) {
            for (int same = 1; same >= 0; same--) {
                size_t cell = (size_t)a * s->types + b;
                bool alone = a == b && a == m->flat.boot_type && same;
                if (!alone && s->reach[same][cell] && !(s->step[same][cell] & POL_INFORMATION))
                    fprintf(out, "%s -> %s  %s compartment%s\n", m->flat.names[a], m->flat.names[b], places[same],
                            s->indirect[same][cell] ? " !" : "");
            }
        }
    }
}

void polshow_json(FILE *out, const struct polshow *s)
{
    struct jsonout j = {.file = out};
    const struct polmodel *m = s->g->w.m;
    jsonout_open(&j, NULL, '[');
    for (uint32_t a = 0; a < s->types; a++) {
        for (uint32_t b = 0; b < s->types; b++) {
            for (int same = 1; same >= 0; same--) {
                size_t cell = (size_t)a * s->types + b;
                if (!s->step[same][cell] && !s->reach[same][cell]) continue;
                jsonout_open(&j, NULL, '{');
                jsonout_string(&j, "from", m->flat.names[a]);
                jsonout_string(&j, "to", m->flat.names[b]);
                jsonout_string(&j, "compartments", places[same]);
                jsonout_open(&j, "direct", '[');
                for (int k = 0; k < POL_KINDS; k++)
                    if (s->step[same][cell] >> k & 1) jsonout_string(&j, NULL, pol_kind_names[k]);
                jsonout_close(&j, ']');
                jsonout_bool(&j, "reaches", s->reach[same][cell]);
                jsonout_bool(&j, "reaches_without_boot_domain", s->indirect[same][cell]);
                jsonout_close(&j, '}');
            }
        }
    }
    jsonout_close(&j, ']');
    fputc('\n', out);
}

void polshow_dot(FILE *out, const struct polshow *s)
{
    const struct polmodel *m = s->g->w.m;
    fputs("digraph policy {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
          "    edge [fontname=\"sans-serif\", fontsize=10];\n",
          out);
    for (uint32_t t = 0; t < s->types; t++)
        if (poltypes_has(&m->domains, t))
            fprintf(out, "    \"%s\"%s;\n", m->flat.names[t],
                    t == m->flat.boot_type ? " [style=\"rounded,bold\"]" : "");
    for (uint32_t a = 0; a < s->types; a++) {
        for (uint32_t b = 0; b < s->types; b++) {
            for (int same = 1; same >= 0; same--) {
                unsigned int kinds = s->step[same][a * s->types + b];
                if (!kinds || (!same && kinds == s->step[1][a * s->types + b]))
                    continue; /* across as within: one edge says both */
                bool both = same && kinds == s->step[0][a * s->types + b];
                fprintf(out, "    \"%s\" -> \"%s\" [label=\"", m->flat.names[a], m->flat.names[b]);
                print_kinds(out, kinds, "\\n");
                fprintf(out, "\"%s%s];\n", !same || both ? ", color=\"#b3261e\"" : "",
                        kinds & (1u << POL_MEMORY | 1u << POL_SIGNAL) ? "" : ", style=dashed");
            }
        }
    }
    fputs("}\n", out);
}
