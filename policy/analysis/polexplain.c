/* SPDX-License-Identifier: MIT */
#include "polexplain.h"

#include <string.h>

#include "jsonout.h"

/* Relations, in words, in which a permission is there. */
static const char *relations(const struct polmodel *m, uint32_t a, uint32_t b, uint32_t p, char out[128])
{
    static const char *const words[POL_RELATIONS] = {"in the same compartment", "in different ones",
                                                     "where the first is cleared", "where the second is cleared"};
    bool has[POL_RELATIONS], all = true;
    for (int r = 0; r < POL_RELATIONS; r++)
        all &= has[r] = polmodel_allows(m, a, b, (enum pol_relation)r, p);
    if (all) {
        strcpy(out, "in any compartments");
        return out;
    }
    /* What holds in different compartments holds for those that are cleared, too: clearance never takes away. */
    size_t n = 0;
    out[0] = 0;
    for (int r = 0; r < POL_RELATIONS; r++)
        if (has[r] && !(r > POL_OTHER && has[POL_OTHER]))
            n += (size_t)snprintf(out + n, 128 - n, "%s%s", n ? ", " : "", words[r]);
    return out;
}

/* Is the permission a question about this pair at all? */
static bool applies(const struct polworld *w, uint32_t a, uint32_t b, uint32_t p)
{
    bool domain = poltypes_has(&w->m->domains, b);
    switch (bh_permissions[p].object) {
    case BH_OBJECT_SELF:
        return a == b;
    case BH_OBJECT_DOMAIN:
        return domain;
    default:
        return !domain;
    }
}

static void print_rules(FILE *out, const struct cilindex *cil, const struct polmodel *m, uint32_t a, uint32_t b,
                        uint32_t p)
{
    char text[200];
    const struct cilrule *r = cilindex_find(cil, NULL, a, b, p);
    if (!r) {
        fprintf(out, "      (allow %s %s (%s (%s)))\n", m->flat.names[a], m->flat.names[b],
                bh_permissions[p].class_name, bh_permissions[p].name);
        return;
    }
    for (; r; r = cilindex_find(cil, r, a, b, p)) {
        fprintf(out, "      %s:%u: %s\n", r->node->file, r->node->line, cilread_print(r->node, text, sizeof(text)));
        for (int i = 0; r->calls[i]; i++)
            fprintf(out, "        by %s:%u: %s\n", r->calls[i]->file, r->calls[i]->line,
                    cilread_print(r->calls[i], text, sizeof(text)));
    }
}

static void print_constraint(FILE *out, const struct cilindex *cil, uint32_t p)
{
    char text[200];
    const struct cilnode *c = cilindex_constraint(cil, p);
    if (c)
        fprintf(out, "      refused by %s:%u: %s\n", c->file, c->line, cilread_print(c, text, sizeof(text)));
    else
        fprintf(out, "      refused by a constraint of the policy\n");
}

static bool wanted(const struct polworld *w, const char *class_name, uint32_t a, uint32_t b, uint32_t p)
{
    return applies(w, a, b, p) && (!class_name || strcmp(bh_permissions[p].class_name, class_name) == 0);
}

/* Those without any rule, in a line or two: that they are missing is the whole reason. */
static void print_missing(FILE *out, const struct polworld *w, uint32_t a, uint32_t b, const char *class_name)
{
    int class = -1;
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!wanted(w, class_name, a, b, p) || polmodel_ever(w->m, a, b, p) || polmodel_rule(w->m, a, b, p)) continue;
        if (class < 0) fputs("\nno rule gives it:", out);
        if ((int)bh_permissions[p].class != class) fprintf(out, "\n  %s:", bh_permissions[p].class_name);
        class = (int)bh_permissions[p].class;
        fprintf(out, " %s", bh_permissions[p].name);
    }
    if (class >= 0) fputc('\n', out);
}

static void print_steps(FILE *out, const struct polworld *w, uint32_t a, uint32_t b)
{
    static const struct {
        const char *where;
        uint16_t x, y;
    } places[] = {{"in the same compartment", 1, 1}, {"in different ones", 1, 2}};
    if (!poltypes_has(&w->m->domains, a) || !poltypes_has(&w->m->domains, b)) return;
    for (int i = 0; i < 2; i++) {
        for (int back = 0; back < 1 + (a != b); back++) {
            struct pollabel from = {(uint16_t)(back ? b : a), places[i].x},
                            to = {(uint16_t)(back ? a : b), places[i].y};
            unsigned int kinds = polflow_step(w, from, to, NULL, NULL);
            fprintf(out, "%s -> %s, %s:", w->m->flat.names[from.type], w->m->flat.names[to.type], places[i].where);
            for (int k = 0; k < POL_KINDS; k++)
                if (kinds >> k & 1) fprintf(out, " %s", pol_kind_names[k]);
            fprintf(out, "%s\n", kinds ? "" : " nothing");
        }
    }
    fputc('\n', out);
}

void polexplain_text(FILE *out, const struct polworld *w, const struct cilindex *cil, uint32_t a, uint32_t b,
                     const char *class_name)
{
    const char *const *names = (const char *const[]){w->m->flat.names[a], w->m->flat.names[b]};
    bool some = false;
    char where[128];
    print_steps(out, w, a, b);
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!wanted(w, class_name, a, b, p) || !polmodel_ever(w->m, a, b, p)) continue;
        fprintf(out, "%s may %s:%s %s %s: %s\n", names[0], bh_permissions[p].class_name, bh_permissions[p].name,
                names[1], relations(w->m, a, b, p, where), polflow_effect(p));
        print_rules(out, cil, w->m, a, b, p);
        if (!polmodel_allows(w->m, a, b, POL_OTHER, p)) {
            fprintf(out, "    in different compartments:\n");
            print_constraint(out, cil, p);
        }
        some = true;
    }
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!wanted(w, class_name, a, b, p) || polmodel_ever(w->m, a, b, p) || !polmodel_rule(w->m, a, b, p)) continue;
        fprintf(out, "%s may not %s:%s %s, although a rule says so:\n", names[0], bh_permissions[p].class_name,
                bh_permissions[p].name, names[1]);
        print_rules(out, cil, w->m, a, b, p);
        print_constraint(out, cil, p);
        some = true;
    }
    if (!some)
        fprintf(out, "%s may do nothing to %s%s%s\n", names[0], names[1], class_name ? " of class " : "",
                class_name ? class_name : "");
    print_missing(out, w, a, b, class_name);
}

static void json_rules(struct jsonout *j, const struct cilindex *cil, uint32_t a, uint32_t b, uint32_t p)
{
    char text[400];
    jsonout_open(j, "rules", '[');
    for (const struct cilrule *r = cilindex_find(cil, NULL, a, b, p); r; r = cilindex_find(cil, r, a, b, p)) {
        jsonout_open(j, NULL, '{');
        jsonout_string(j, "file", r->node->file);
        jsonout_number(j, "line", r->node->line);
        jsonout_string(j, "text", cilread_print(r->node, text, sizeof(text)));
        jsonout_open(j, "calls", '[');
        for (int i = 0; r->calls[i]; i++) {
            jsonout_open(j, NULL, '{');
            jsonout_string(j, "file", r->calls[i]->file);
            jsonout_number(j, "line", r->calls[i]->line);
            jsonout_string(j, "text", cilread_print(r->calls[i], text, sizeof(text)));
            jsonout_close(j, '}');
        }
        jsonout_close(j, ']');
        jsonout_close(j, '}');
    }
    jsonout_close(j, ']');
}

void polexplain_json(FILE *out, const struct polworld *w, const struct cilindex *cil, uint32_t a, uint32_t b,
                     const char *class_name, bool all)
{
    struct jsonout j = {.file = out};
    jsonout_open(&j, NULL, '{');
    jsonout_string(&j, "subject", w->m->flat.names[a]);
    jsonout_string(&j, "object", w->m->flat.names[b]);
    jsonout_open(&j, "permissions", '[');
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!(all ? !class_name || strcmp(bh_permissions[p].class_name, class_name) == 0
                  : wanted(w, class_name, a, b, p)))
            continue;
        jsonout_open(&j, NULL, '{');
        jsonout_string(&j, "class", bh_permissions[p].class_name);
        jsonout_string(&j, "permission", bh_permissions[p].name);
        jsonout_string(&j, "effect", polflow_effect(p));
        for (int r = 0; r < POL_RELATIONS; r++)
            jsonout_bool(&j, pol_relation_names[r], polmodel_allows(w->m, a, b, (enum pol_relation)r, p));
        jsonout_bool(&j, "rule", polmodel_rule(w->m, a, b, p));
        json_rules(&j, cil, a, b, p);
        jsonout_close(&j, '}');
    }
    jsonout_close(&j, ']');
    jsonout_close(&j, '}');
    fputc('\n', out);
}
