/* SPDX-License-Identifier: MIT */
#include "poldiff.h"

#include <stdlib.h>
#include <string.h>

#include "jsonout.h"

/* One kind of difference goes through all of them and hands each to `say`. */
enum poldiff_what { GAINED, LOST };
static const char *const signs[] = {"+", "-"};
static const char *const words[] = {"gained", "lost"};

struct differ {
    FILE *out;
    struct jsonout *j;           /* NULL: text */
    const struct polgraph *g[2]; /* before, after */
    size_t count;
};

static void say(struct differ *d, const char *kind, enum poldiff_what what, const char *text)
{
    d->count++;
    if (!d->j) {
        fprintf(d->out, "%s %s\n", signs[what], text);
        return;
    }
    jsonout_open(d->j, NULL, '{');
    jsonout_string(d->j, "kind", kind);
    jsonout_string(d->j, "change", words[what]);
    jsonout_string(d->j, "text", text);
    jsonout_close(d->j, '}');
}

static void heading(const struct differ *d, const char *text)
{
    if (!d->j) fprintf(d->out, "# %s\n", text);
}

static const struct polmodel *model(const struct differ *d, int side)
{
    return d->g[side]->w.m;
}

static void types(struct differ *d)
{
    for (int side = 0; side < 2; side++) {
        const struct polmodel *m = model(d, side), *other = model(d, !side);
        for (uint32_t t = 0; t < m->flat.types; t++) {
            char text[128];
            int there = polmodel_type(other, m->flat.names[t]);
            bool lives = poltypes_has(&m->domains, t),
                 lived = there >= 0 && poltypes_has(&other->domains, (uint32_t)there);
            if (there < 0)
                snprintf(text, sizeof(text), "type %s", m->flat.names[t]);
            else if (lives && !lived)
                snprintf(text, sizeof(text), "%s can come to life", m->flat.names[t]);
            else
                continue;
            say(d, "type", side ? GAINED : LOST, text);
        }
    }
}

static bool allows_named(const struct polmodel *m, const char *s, const char *t, int r, uint32_t p)
{
    int a = polmodel_type(m, s), b = polmodel_type(m, t);
    return a >= 0 && b >= 0 && polmodel_allows(m, (uint32_t)a, (uint32_t)b, (enum pol_relation)r, p);
}

/* Relations (bits) in which `m` allows what `other` does not. */
static unsigned int gained(const struct polmodel *m, const struct polmodel *other, uint32_t s, uint32_t t, uint32_t p)
{
    unsigned int bits = 0;
    for (int r = 0; r < POL_RELATIONS; r++)
        if (polmodel_allows(m, s, t, (enum pol_relation)r, p) &&
            !allows_named(other, m->flat.names[s], m->flat.names[t], r, p))
            bits |= 1u << r;
    return bits;
}

static void relations(unsigned int bits, char out[96])
{
    size_t n = 0;
    if (bits == (1u << POL_RELATIONS) - 1) {
        strcpy(out, "any");
        return;
    }
    out[0] = 0;
    for (int r = 0; r < POL_RELATIONS; r++)
        if ((bits >> r & 1) && !(r > POL_OTHER && (bits >> POL_OTHER & 1)))
            n += (size_t)snprintf(out + n, 96 - n, "%s%s", n ? "," : "", pol_relation_names[r]);
}

/* One line for a pair of types, a class and a set of relations. */
static void pair(struct differ *d, int side, uint32_t s, uint32_t t)
{
    const struct polmodel *m = model(d, side), *other = model(d, !side);
    bool done[BH_PERM_COUNT] = {false};
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        unsigned int bits = done[p] ? 0 : gained(m, other, s, t, p);
        if (!bits) continue;
        char where[96], text[1024];
        relations(bits, where);
        size_t n = (size_t)snprintf(text, sizeof(text), "%s %s (%s compartment) %s:", m->flat.names[s],
                                    m->flat.names[t], where, bh_permissions[p].class_name);
        for (uint32_t q = p; q < BH_PERM_COUNT && bh_permissions[q].class == bh_permissions[p].class; q++)
            if (!done[q] && gained(m, other, s, t, q) == bits && n < sizeof(text) - 32) {
                n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", bh_permissions[q].name);
                done[q] = true;
            }
        say(d, "permissions", side ? GAINED : LOST, text);
    }
}

static void cells(struct differ *d)
{
    for (int side = 1; side >= 0; side--)
        for (uint32_t s = 0; s < model(d, side)->flat.types; s++)
            for (uint32_t t = 0; t < model(d, side)->flat.types; t++)
                pair(d, side, s, t);
}

/* Kinds of steps between two types, in one compartment and across; by name, so that two policies compare. */
static unsigned int steps(const struct polgraph *g, const char *a, const char *b, bool same)
{
    int s = polmodel_type(g->w.m, a), t = polmodel_type(g->w.m, b);
    unsigned int kinds = 0;
    for (size_t i = 0; i < g->count && s >= 0 && t >= 0; i++)
        for (size_t k = 0; k < g->count && g->nodes[i].type == s; k++)
            if (g->nodes[k].type == t && (g->nodes[i].compartment == g->nodes[k].compartment) == same)
                kinds |= g->kinds[i * g->count + k];
    return kinds;
}

static void flows(struct differ *d)
{
    for (int side = 1; side >= 0; side--) {
        const struct polmodel *m = model(d, side);
        for (uint32_t s = 0; s < m->flat.types; s++) {
            for (uint32_t t = 0; t < m->flat.types; t++) {
                for (int same = 1; same >= 0; same--) {
                    const char *a = m->flat.names[s], *b = m->flat.names[t];
                    unsigned int now = steps(d->g[side], a, b, same), kinds = now & ~steps(d->g[!side], a, b, same);
                    char text[256];
                    size_t n = (size_t)snprintf(text, sizeof(text), "%s -> %s (%s compartment):", a, b,
                                                same ? "same" : "other");
                    for (int k = 0; k < POL_KINDS && kinds; k++)
                        if (kinds >> k & 1) n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", pol_kind_names[k]);
                    if (kinds) say(d, "flow", side ? GAINED : LOST, text);
                }
            }
        }
    }
}

static bool has_rule(const struct polrules *r, const char *text)
{
    char own[512];
    for (size_t i = 0; i < r->source.count; i++)
        for (size_t k = 0; polrules_text(r, i, k, own, sizeof(own)); k++)
            if (strcmp(own, text) == 0) return true;
    return false;
}

/* Lines of the rules files, label by label: an assign line takes nothing away, a ceiling does; a person judges. */
static void rules(struct differ *d)
{
    char text[512];
    for (int side = 1; side >= 0; side--) {
        const struct polrules *r = d->g[side]->w.rules;
        for (size_t i = 0; i < r->source.count; i++)
            for (size_t k = 0; polrules_text(r, i, k, text, sizeof(text)); k++)
                if (text[0] && !has_rule(d->g[!side]->w.rules, text)) say(d, "rule", side ? GAINED : LOST, text);
    }
}

size_t poldiff_text(FILE *out, const struct polgraph *before, const struct polgraph *after)
{
    struct differ d = {.out = out, .g = {before, after}};
    heading(&d, "types");
    types(&d);
    heading(&d, "who can inform or control whom, in one step");
    flows(&d);
    heading(&d, "permissions: subject, object, relation of compartments, class: permissions");
    cells(&d);
    heading(&d, "rules file");
    rules(&d);
    fprintf(out, "# %zu differences\n", d.count);
    return d.count;
}

size_t poldiff_json(FILE *out, const struct polgraph *before, const struct polgraph *after)
{
    struct jsonout j = {.file = out};
    struct differ d = {.out = out, .j = &j, .g = {before, after}};
    jsonout_open(&j, NULL, '[');
    types(&d);
    flows(&d);
    cells(&d);
    rules(&d);
    jsonout_close(&j, ']');
    fputc('\n', out);
    return d.count;
}
