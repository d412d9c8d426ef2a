/* SPDX-License-Identifier: MIT */
#include "cilindex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments of the macro calls around a statement, innermost last. */
struct frame {
    const struct frame *outer;
    const struct cilnode *call, *params, *arguments;
};

struct builder {
    struct cilindex *x;
    struct polmodel *m;
    unsigned int calls; /* macros that call each other in circles come from no compiler, but maybe from a file */
};
#define CALLS_MAX 200000

static bool is(const struct cilnode *node, const char *word)
{
    return node && node->atom && strcmp(node->atom, word) == 0;
}

static const struct cilnode *nth(const struct cilnode *list, int n)
{
    const struct cilnode *c = list ? list->child : NULL;
    while (c && n-- > 0)
        c = c->next;
    return c;
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* A name as the caller of the macro wrote it. */
static const struct cilnode *resolve(const struct frame *f, const struct cilnode *node)
{
    for (; f && node && node->atom; f = f->outer) {
        const struct cilnode *p = f->params->child, *a = f->arguments ? f->arguments->child : NULL;
        for (; p && a; p = p->next, a = a->next) {
            if (nth(p, 1) && is(nth(p, 1), node->atom)) {
                node = a;
                break;
            }
        }
    }
    return node;
}

/* First statement of that kind and name, in any block. */
static const struct cilnode *find(const struct cilnode *list, const char *kind, const char *name)
{
    for (const struct cilnode *c = list->child; c; c = c->next) {
        if (is(c->child, kind) && nth(c, 1) && nth(c, 1)->atom &&
            strcmp(last_part(nth(c, 1)->atom), last_part(name)) == 0)
            return c;
        if (is(c->child, "block") || is(c->child, "optional") || is(c->child, "in")) {
            const struct cilnode *inner = find(c, kind, name);
            if (inner) return inner;
        }
    }
    return NULL;
}

/* ---- Sets of types ---------------------------------------------------------------------------- */

static struct poltypes all_types(const struct polmodel *m)
{
    struct poltypes set = {{0}};
    for (uint32_t t = 0; t < m->flat.types; t++)
        poltypes_add(&set, t);
    return set;
}

static struct poltypes types_named(struct builder *b, const struct frame *f, const struct cilnode *node)
{
    struct poltypes set = {{0}};
    node = resolve(f, node);
    if (!node || !node->atom) return set;
    int t = polmodel_type(b->m, node->atom);
    if (t < 0) t = polmodel_type(b->m, last_part(node->atom));
    if (t >= 0)
        poltypes_add(&set, (uint32_t)t);
    else if (polmodel_set(b->m, node->atom))
        set = *polmodel_set(b->m, node->atom);
    return set;
}

static struct poltypes combine(const char *op, struct poltypes a, struct poltypes b)
{
    for (size_t i = 0; i < POLICY_TYPES_MAX / 64; i++)
        a.bit[i] = strcmp(op, "and") == 0   ? a.bit[i] & b.bit[i]
                   : strcmp(op, "xor") == 0 ? a.bit[i] ^ b.bit[i]
                                            : a.bit[i] | b.bit[i];
    return a;
}

/* typeattributeset's expression: a name, (a b ...), (and x y), (or x y), (xor x y), (not x), (all). */
static struct poltypes expression(struct builder *b, const struct frame *f, const struct cilnode *node)
{
    struct poltypes none = {{0}}, all = all_types(b->m);
    if (!node || node->atom) return node ? types_named(b, f, node) : none;
    const struct cilnode *op = node->child;
    if (is(op, "all")) return all;
    if (is(op, "not")) return combine("and", all, combine("xor", all, expression(b, f, op->next)));
    if (is(op, "and") || is(op, "or") || is(op, "xor"))
        return combine(op->atom, expression(b, f, op->next), expression(b, f, nth(node, 2)));
    struct poltypes sum = none;
    for (; op; op = op->next)
        sum = combine("or", sum, expression(b, f, op));
    return sum;
}

/* ---- Permissions -------------------------------------------------------------------------------- */

static void set_bit(uint64_t perms[POL_WORDS], int p)
{
    if (p >= 0) perms[p / 64] |= 1ull << (p % 64);
}

static void class_perms(struct builder *b, const struct cilnode *node, uint64_t perms[POL_WORDS], int depth);

/* Permissions of a classmap's name: what classmapping statements give it. */
static void map_perms(struct builder *b, const char *map, const char *name, uint64_t perms[POL_WORDS], int depth)
{
    for (const struct cilnode *c = b->x->root.child; c; c = c->next)
        if (is(c->child, "classmapping") && is(nth(c, 1), map) && (is(nth(c, 2), name) || strcmp(name, "all") == 0))
            class_perms(b, nth(c, 3), perms, depth + 1);
}

static void one_perm(struct builder *b, const char *class_name, const char *name, uint64_t perms[POL_WORDS], int depth)
{
    int known = polmodel_permission(class_name, name);
    if (known >= 0 || strcmp(name, "all") == 0)
        for (int p = 0; p < BH_PERM_COUNT; p++)
            if (p == known || (known < 0 && strcmp(bh_permissions[p].class_name, class_name) == 0)) set_bit(perms, p);
    if (known < 0) map_perms(b, class_name, name, perms, depth);
}

/* (not (p q)): every permission of the class but these. */
static void negated(struct builder *b, const char *class_name, const struct cilnode *names, uint64_t perms[POL_WORDS],
                    int depth)
{
    uint64_t without[POL_WORDS] = {0};
    for (const struct cilnode *p = names && !names->atom ? names->child : names; p; p = p->next)
        if (p->atom) one_perm(b, class_name, p->atom, without, depth);
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (strcmp(bh_permissions[p].class_name, class_name) == 0 && !(without[p / 64] >> (p % 64) & 1))
            set_bit(perms, p);
}

/* (CLASS (PERM ...)), or the name of a classpermission. */
static void class_perms(struct builder *b, const struct cilnode *node, uint64_t perms[POL_WORDS], int depth)
{
    if (!node || depth > CILINDEX_DEPTH) return;
    if (node->atom) {
        for (const struct cilnode *c = b->x->root.child; c; c = c->next)
            if (is(c->child, "classpermissionset") && is(nth(c, 1), node->atom))
                class_perms(b, nth(c, 2), perms, depth + 1);
        return;
    }
    const struct cilnode *class_node = node->child, *list = nth(node, 1);
    if (!class_node || !class_node->atom || !list || list->atom) return;
    if (is(list->child, "not")) {
        negated(b, class_node->atom, list->child->next, perms, depth);
        return;
    }
    for (const struct cilnode *p = list->child; p; p = p->next)
        if (p->atom) one_perm(b, class_node->atom, p->atom, perms, depth);
}

/* ---- Statements --------------------------------------------------------------------------------- */

static void take_rule(struct builder *b, const struct frame *f, const struct cilnode *node, bool never)
{
    struct cilrule rule = {.kind = never ? CILRULE_NEVERALLOW : CILRULE_ALLOW, .node = node};
    rule.subjects = types_named(b, f, nth(node, 1));
    rule.self = is(resolve(f, nth(node, 2)), "self");
    if (!rule.self) rule.objects = types_named(b, f, nth(node, 2));
    const struct cilnode *perms = resolve(f, nth(node, 3));
    class_perms(b, perms, rule.perms, 0);
    for (int i = 0; f && i < CILINDEX_DEPTH - 1; f = f->outer)
        rule.calls[i++] = f->call;
    struct cilindex *x = b->x;
    x->rules = realloc(x->rules, (x->rule_count + 1) * sizeof(*x->rules));
    x->rules[x->rule_count++] = rule;
}

enum pass { PASS_SETS, PASS_RULES };

static void walk(struct builder *b, const struct cilnode *list, const struct frame *f, enum pass pass, int depth)
{
    for (const struct cilnode *c = list; c && depth < CILINDEX_DEPTH; c = c->next) {
        const struct cilnode *word = c->child;
        if (is(word, "call")) {
            const struct cilnode *macro =
                nth(c, 1) && nth(c, 1)->atom ? find(&b->x->root, "macro", nth(c, 1)->atom) : NULL;
            struct frame inner = {f, c, nth(macro, 2), nth(c, 2)};
            if (macro && inner.params && b->calls++ < CALLS_MAX) walk(b, inner.params->next, &inner, pass, depth + 1);
        } else if (is(word, "block") || is(word, "optional") || is(word, "in")) {
            walk(b, nth(c, 2), f, pass, depth + 1);
        } else if (pass == PASS_RULES && (is(word, "allow") || is(word, "neverallow"))) {
            take_rule(b, f, c, is(word, "neverallow"));
        } else if (pass == PASS_SETS && is(word, "typeattributeset")) {
            struct poltypes set = expression(b, f, nth(c, 2));
            const struct cilnode *name = resolve(f, nth(c, 1));
            if (name && name->atom) polmodel_add_set(b->m, name->atom, &set);
        } else if (pass == PASS_SETS && is(word, "typeattribute") && nth(c, 1) && nth(c, 1)->atom) {
            polmodel_add_set(b->m, nth(c, 1)->atom, &(struct poltypes){{0}});
        }
    }
}

int cilindex_add(struct cilindex *x, const char *file, const char *text, size_t size, struct policy_error *e)
{
    return cilread_file(&x->root, file, text, size, e);
}

void cilindex_build(struct cilindex *x, struct polmodel *m)
{
    struct builder b = {.x = x, .m = m};
    /* Attributes of attributes: as often as they may be nested. */
    for (int i = 0; i < 4; i++)
        walk(&b, x->root.child, NULL, PASS_SETS, 0);
    walk(&b, x->root.child, NULL, PASS_RULES, 0);
}

void cilindex_free(struct cilindex *x)
{
    cilread_free(&x->root);
    free(x->rules);
    memset(x, 0, sizeof(*x));
}

bool cilindex_covers(const struct cilrule *r, uint32_t subject, uint32_t object, uint32_t perm)
{
    return poltypes_has(&r->subjects, subject) && (r->self ? subject == object : poltypes_has(&r->objects, object)) &&
           (r->perms[perm / 64] >> (perm % 64) & 1);
}

const struct cilrule *cilindex_find(const struct cilindex *x, const struct cilrule *after, uint32_t subject,
                                    uint32_t object, uint32_t perm)
{
    for (size_t i = after ? (size_t)(after - x->rules) + 1 : 0; i < x->rule_count; i++)
        if (x->rules[i].kind == CILRULE_ALLOW && cilindex_covers(&x->rules[i], subject, object, perm))
            return &x->rules[i];
    return NULL;
}

const struct cilnode *cilindex_constraint(const struct cilindex *x, uint32_t perm)
{
    struct builder b = {.x = (struct cilindex *)(uintptr_t)x};
    for (const struct cilnode *c = x->root.child; c; c = c->next) {
        uint64_t perms[POL_WORDS] = {0};
        if (!is(c->child, "mlsconstrain") && !is(c->child, "constrain")) continue;
        class_perms(&b, nth(c, 1), perms, 0);
        if (perms[perm / 64] >> (perm % 64) & 1) return c;
    }
    return NULL;
}

const struct cilnode *cilindex_type(const struct cilindex *x, const char *name)
{
    return find(&x->root, "type", name);
}

const struct cilnode *cilindex_line(const struct cilrule *r)
{
    const struct cilnode *line = r->node;
    for (int i = 0; r->calls[i]; i++)
        line = r->calls[i];
    return line;
}
