/* SPDX-License-Identifier: MIT */
#include "polprove.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct prover {
    const struct polgraph *g;
    struct polmodel *m;
    const struct cilindex *cil;
    const struct polspec_line *l;
    struct poltypes a, b, through;
    unsigned int kinds;
    FILE *out;
};

const char *polprove_label(const struct polmodel *m, struct pollabel l, char out[64])
{
    snprintf(out, 64, "%s:c%u", m->flat.names[l.type], l.compartment);
    return out;
}

const char *polprove_source(const struct cilindex *cil, uint32_t subject, uint32_t object, uint32_t perm, char out[256])
{
    out[0] = 0;
    const struct cilrule *r = cil ? cilindex_find(cil, NULL, subject, object, perm) : NULL;
    if (r) {
        const struct cilnode *line = cilindex_line(r);
        snprintf(out, 256, " (%.200s:%u)", line->file, line->line);
    }
    return out;
}

void polprove_step(FILE *out, const struct polgraph *g, const struct cilindex *cil, struct pollabel from,
                   struct pollabel to, unsigned int kinds, const char *indent)
{
    struct polreason reasons[POL_REASONS_MAX];
    size_t count = 0;
    polflow_step(&g->w, from, to, reasons, &count);
    for (size_t i = 0; i < count; i++) {
        const struct polreason *r = &reasons[i];
        char source[256];
        if (!(kinds >> r->kind & 1)) continue;
        fprintf(out, "%s%s: %s may %s:%s %s%s%s%s\n", indent, pol_kind_names[r->kind], g->w.m->flat.names[r->subject],
                bh_permissions[r->perm].class_name, bh_permissions[r->perm].name, g->w.m->flat.names[r->object],
                r->by ? ", by " : "", r->by ? r->by : "", polprove_source(cil, r->subject, r->object, r->perm, source));
    }
}

int polprove_types(const struct polmodel *m, const struct polspec_names *names, struct poltypes *out,
                   struct policy_error *e)
{
    memset(out, 0, sizeof(*out));
    for (unsigned int i = 0; i < names->count; i++) {
        int t = polmodel_type(m, names->name[i]);
        const struct poltypes *set = strcmp(names->name[i], "any") == 0 ? &m->domains : polmodel_set(m, names->name[i]);
        if (t < 0 && !set) {
            snprintf(e->text, sizeof(e->text), "the policy has no type or set %s", names->name[i]);
            return -EINVAL;
        }
        if (t >= 0) poltypes_add(out, (uint32_t)t);
        for (size_t k = 0; t < 0 && k < POLICY_TYPES_MAX / 64; k++)
            out->bit[k] |= set->bit[k];
    }
    return 0;
}

static bool in_place(const struct prover *p, struct pollabel a, struct pollabel b)
{
    return p->l->place == POLSPEC_ANYWHERE || (p->l->place == POLSPEC_SAME) == (a.compartment == b.compartment);
}

/* Two labels of one type in one compartment are two domains; everything else is decided by the labels. */
static void print_path(const struct prover *p, const size_t *path, size_t n, unsigned int kinds)
{
    char label[64];
    fprintf(p->out, "path:");
    for (size_t i = 0; i < n; i++)
        fprintf(p->out, "%s%s", i ? " -> " : " ", polprove_label(p->m, p->g->nodes[path[i]], label));
    fputc('\n', p->out);
    for (size_t i = 0; i + 1 < n; i++) {
        struct pollabel from = p->g->nodes[path[i]], to = p->g->nodes[path[i + 1]];
        char other[64];
        fprintf(p->out, "  %s -> %s\n", polprove_label(p->m, from, label), polprove_label(p->m, to, other));
        polprove_step(p->out, p->g, p->cil, from, to, kinds, "    ");
    }
}

/* Is there a way from one of a to one of b? `avoid` are types that may not be on it. Prints it where wanted. */
static bool any_way(const struct prover *p, const struct poltypes *a, const struct poltypes *b,
                    const struct poltypes *avoid, bool steps_only, bool show)
{
    const struct polgraph *g = p->g;
    bool *goals = calloc(g->count + 1, 1), *avoided = calloc(g->count + 1, 1), found = false;
    size_t *path = calloc(g->count + 2, sizeof(*path));
    for (size_t i = 0; i < g->count; i++)
        avoided[i] = steps_only || (avoid && poltypes_has(avoid, g->nodes[i].type));
    for (size_t i = 0; i < g->count && !found; i++) {
        if (!poltypes_has(a, g->nodes[i].type)) continue;
        for (size_t k = 0; k < g->count; k++)
            goals[k] = poltypes_has(b, g->nodes[k].type) && in_place(p, g->nodes[i], g->nodes[k]);
        size_t n = polgraph_path(g, i, goals, avoided, p->kinds, path);
        found = n != 0;
        if (found && show) print_path(p, path, n, p->kinds);
    }
    free(goals);
    free(avoided);
    free(path);
    return found;
}

static bool prove_no_way(const struct prover *p)
{
    bool step = p->l->kind == POLSPEC_NO_FLOW;
    if (any_way(p, &p->a, &p->b, &p->through, step, true)) return false;
    return !p->l->both_ways || !any_way(p, &p->b, &p->a, &p->through, step, true);
}

/* From each type of a to each of b. */
static bool prove_ways(const struct prover *p)
{
    bool all = true, some = false;
    for (uint32_t s = 0; s < p->m->flat.types; s++) {
        for (uint32_t t = 0; t < p->m->flat.types && poltypes_has(&p->a, s); t++) {
            struct poltypes one = {{0}}, other = {{0}};
            if (!poltypes_has(&p->b, t) || (s == t && p->l->a.count + p->l->b.count > 2)) continue;
            poltypes_add(&one, s);
            poltypes_add(&other, t);
            some = true;
            if (!any_way(p, &one, &other, NULL, p->l->kind == POLSPEC_FLOW, false)) {
                fprintf(p->out, "nothing from %s to %s\n", p->m->flat.names[s], p->m->flat.names[t]);
                all = false;
            }
        }
    }
    if (!some) fprintf(p->out, "one of the two sets is empty\n");
    return all && some;
}

static bool prove_only_through(const struct prover *p)
{
    if (any_way(p, &p->a, &p->b, &p->through, false, true)) return false;
    if (any_way(p, &p->a, &p->b, NULL, false, false)) return true;
    fprintf(p->out, "there is no way at all, not through these either\n");
    return false;
}

/* Does a domain of label x, by a call of its own, do the verb to y? */
static bool does(const struct prover *p, struct pollabel x, struct pollabel y, uint32_t perm)
{
    const struct polspec_line *l = p->l;
    if (bh_permissions[perm].object != BH_OBJECT_DOMAIN || (l->but_console && polflow_is_console(perm))) return false;
    bool asked = false;
    switch (l->verb) {
    case POLSPEC_READS:
        asked = polflow_reads(perm);
        break;
    case POLSPEC_WRITES:
        asked = polflow_writes(perm);
        break;
    case POLSPEC_CONTROLS:
        asked = polflow_controls(perm);
        break;
    case POLSPEC_SIGNALS:
        asked = perm == PERM_event_send && !l->but_console;
        break;
    case POLSPEC_REACHES:
        asked = true;
        break;
    }
    if (!asked || !polflow_allows(&p->g->w, x, y, perm)) return false;
    struct polreason reasons[POL_REASONS_MAX];
    size_t count;
    /* A signal needs a channel. */
    return l->verb != POLSPEC_SIGNALS || (polflow_step(&p->g->w, x, y, reasons, &count) & 1u << POL_SIGNAL);
}

static bool prove_never(const struct prover *p)
{
    const struct polgraph *g = p->g;
    char one[64], other[64], source[256];
    for (size_t i = 0; i < g->count; i++) {
        for (size_t k = 0; k < g->count && poltypes_has(&p->a, g->nodes[i].type); k++) {
            struct pollabel x = g->nodes[i], y = g->nodes[k];
            if (!poltypes_has(&p->b, y.type) || !in_place(p, x, y)) continue;
            for (uint32_t perm = 0; perm < BH_PERM_COUNT; perm++) {
                if (!does(p, x, y, perm)) continue;
                fprintf(p->out, "%s may %s:%s %s: it %s%s\n", polprove_label(p->m, x, one),
                        bh_permissions[perm].class_name, bh_permissions[perm].name, polprove_label(p->m, y, other),
                        polflow_effect(perm), polprove_source(p->cil, x.type, y.type, perm, source));
                return false;
            }
        }
    }
    return true;
}

/* Bits of the permissions that a sentence lists; the names were checked. */
static void listed(const struct polspec_names *names, uint64_t perms[POL_WORDS])
{
    memset(perms, 0, POL_WORDS * sizeof(*perms));
    for (unsigned int i = 0; i < names->count; i++) {
        const char *colon = strchr(names->name[i], ':');
        for (int k = 0; k < BH_PERM_COUNT; k++) {
            size_t n = strlen(bh_permissions[k].class_name);
            bool class_fits =
                (size_t)(colon - names->name[i]) == n && strncmp(names->name[i], bh_permissions[k].class_name, n) == 0;
            if (class_fits && (strcmp(colon, ":*") == 0 || strcmp(colon + 1, bh_permissions[k].name) == 0))
                perms[k / 64] |= 1ull << (k % 64);
        }
    }
}

static bool prove_may(const struct prover *p)
{
    uint64_t perms[POL_WORDS];
    char source[256];
    bool only = p->l->kind == POLSPEC_ONLY_MAY, somebody = false;
    listed(&p->l->perms, perms);
    for (uint32_t s = 0; s < p->m->flat.types; s++) {
        for (uint32_t t = 0; t < p->m->flat.types; t++) {
            if (!poltypes_has(&p->m->domains, s) || (p->l->b.count && !poltypes_has(&p->b, t))) continue;
            for (uint32_t k = 0; k < BH_PERM_COUNT; k++) {
                if (!(perms[k / 64] >> (k % 64) & 1) || !polmodel_ever(p->m, s, t, k)) continue;
                somebody = true;
                if (poltypes_has(&p->a, s) == only) continue;
                fprintf(p->out, "%s may %s:%s %s%s\n", p->m->flat.names[s], bh_permissions[k].class_name,
                        bh_permissions[k].name, p->m->flat.names[t], polprove_source(p->cil, s, t, k, source));
                return false;
            }
        }
    }
    if (only && !somebody) fprintf(p->out, "nobody may\n");
    return !only || somebody;
}

static bool prove_conflict(const struct prover *p)
{
    const struct polrules *r = p->g->w.rules;
    bool all = true;
    size_t set = 0;
    while (set < r->conflict_count && strcmp(r->conflicts[set].name, p->l->word) != 0)
        set++;
    if (set == r->conflict_count) {
        fprintf(p->out, "the rules have no conflict set %s\n", p->l->word);
        return false;
    }
    /* Wherever a domain of the type can be, it has to be a member. */
    for (size_t i = 0; i < p->g->count; i++) {
        struct pollabel l = p->g->nodes[i];
        bool member = !poltypes_has(&p->a, l.type);
        for (size_t k = 0; k < r->member_count && !member; k++)
            member = r->members[k].set == set && polspan_has(&r->members[k].span, l);
        if (!member) {
            char label[64];
            fprintf(p->out, "%s is no member of conflict set %s\n", polprove_label(p->m, l, label), p->l->word);
            all = false;
            break;
        }
    }
    return all;
}

static bool prove_launch(const struct prover *p)
{
    for (size_t i = 0; i < p->g->count; i++) {
        struct pollabel l = p->g->nodes[i];
        if (poltypes_has(&p->a, l.type) && l.type != p->m->flat.boot_type && !polrules_bound(p->g->w.rules, l)) {
            char label[64];
            fprintf(p->out, "%s may be started with any kernel: no launch rule\n", polprove_label(p->m, l, label));
            return false;
        }
    }
    return true;
}

static bool decide(const struct prover *p)
{
    switch (p->l->kind) {
    case POLSPEC_NO_FLOW:
    case POLSPEC_NO_PATH:
        return prove_no_way(p);
    case POLSPEC_FLOW:
    case POLSPEC_PATH:
        return prove_ways(p);
    case POLSPEC_ONLY_BY:
        return prove_only_through(p);
    case POLSPEC_NEVER:
        return prove_never(p);
    case POLSPEC_NONE_MAY:
    case POLSPEC_ONLY_MAY:
        return prove_may(p);
    case POLSPEC_CONFLICT:
        return prove_conflict(p);
    case POLSPEC_LAUNCH:
        return prove_launch(p);
    case POLSPEC_SET:
    case POLSPEC_ACCEPT:
        break;
    }
    return true;
}

/* A set of no living type makes every sentence about it true, so it is an error; a misspelt permission as well. */
static int check_names(struct prover *p, struct policy_error *e)
{
    const struct polspec_line *l = p->l;
    if (polprove_types(p->m, &l->a, &p->a, e) != 0 || polprove_types(p->m, &l->b, &p->b, e) != 0 ||
        polprove_types(p->m, &l->through, &p->through, e) != 0)
        return -EINVAL;
    for (unsigned int i = 0; i < l->perms.count; i++) {
        struct polspec_names one = {.count = 1};
        uint64_t perms[POL_WORDS], any = 0;
        memcpy(one.name[0], l->perms.name[i], sizeof(one.name[0]));
        listed(&one, perms);
        for (int k = 0; k < (int)POL_WORDS; k++)
            any |= perms[k];
        if (!any) {
            snprintf(e->text, sizeof(e->text), "the hypervisor has no permission %s", l->perms.name[i]);
            return -EINVAL;
        }
    }
    return 0;
}

static bool lives(const struct polmodel *m, const struct poltypes *set)
{
    for (size_t i = 0; i < POLICY_TYPES_MAX / 64; i++)
        if (set->bit[i] & m->domains.bit[i]) return true;
    return false;
}

static int one_line(struct prover *p, struct polproof *proof, struct policy_error *e)
{
    if (check_names(p, e) != 0) return -EINVAL;
    if (p->l->kind == POLSPEC_SET) {
        if (polmodel_type(p->m, p->l->word) >= 0 || polmodel_set(p->m, p->l->word)) {
            snprintf(e->text, sizeof(e->text), "%s is a type or a set already", p->l->word);
            return -EINVAL;
        }
        polmodel_add_set(p->m, p->l->word, &p->a);
        return 0;
    }
    if (p->l->kind == POLSPEC_ACCEPT) return 0;
    char *why = NULL;
    size_t n;
    p->out = open_memstream(&why, &n);
    p->kinds = p->l->kinds ? p->l->kinds : POL_INFORMATION;
    bool holds = true;
    bool b_used = p->l->b.count && p->l->kind != POLSPEC_NONE_MAY && p->l->kind != POLSPEC_ONLY_MAY;
    if (!lives(p->m, &p->a) || (b_used && !lives(p->m, &p->b))) {
        fprintf(p->out, "no domain can have a type of %s: it says nothing\n",
                lives(p->m, &p->a) ? "the second set" : "the first set");
        holds = false;
    } else {
        holds = decide(p);
    }
    fclose(p->out);
    proof->results = realloc(proof->results, (proof->count + 1) * sizeof(*proof->results));
    proof->results[proof->count++] = (struct polresult){.line = p->l, .holds = holds, .why = why};
    proof->failed += !holds;
    return 0;
}

int polprove(struct polproof *proof, const char *file, const struct polspec *spec, const struct polgraph *g,
             struct polmodel *m, const struct cilindex *cil, struct policy_error *e)
{
    for (size_t i = 0; i < spec->count; i++) {
        struct prover p = {.g = g, .m = m, .cil = cil, .l = &spec->lines[i]};
        struct policy_error why = {""};
        if (one_line(&p, proof, &why) != 0) {
            snprintf(e->text, sizeof(e->text), "%s:%u: %.300s", file, spec->lines[i].line, why.text);
            return -EINVAL;
        }
    }
    return 0;
}

void polprove_free(struct polproof *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->results[i].why);
    free(p->results);
    memset(p, 0, sizeof(*p));
}
