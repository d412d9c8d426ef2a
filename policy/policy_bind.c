/* SPDX-License-Identifier: MIT */
#include "policy_bind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"

struct binder {
    const char *file;
    const struct policy_rule *rule; /* at work */
    struct policy_flat *flat;
    struct policy_error *e;
    /* Lines of the entries, in the order in which they were added; ceilings: of each type's limits. */
    unsigned int line[POLICY_SECTIONS][POLICY_SECTION_MAX];
    unsigned int limit_line[POLICY_TYPES_MAX + 1][POLICY_LIMITS];
    struct policy_ceiling any;
};

static int __attribute__((format(printf, 3, 4))) fail_at(struct binder *b, unsigned int line, const char *fmt, ...)
{
    va_list args;
    int n = snprintf(b->e->text, sizeof(b->e->text), "%s:%u: ", b->file, line);

    va_start(args, fmt);
    if (n > 0 && (size_t)n < sizeof(b->e->text)) vsnprintf(b->e->text + n, sizeof(b->e->text) - (size_t)n, fmt, args);
    va_end(args);
    return -EINVAL;
}

#define fail(b, ...) fail_at(b, (b)->rule->line, __VA_ARGS__)

/* Room for one more entry, zeroed; NULL: too many. */
static void *add(struct binder *b, enum policy_section s)
{
    struct policy_flat_section *out = &b->flat->section[s];
    uint32_t most = s == POLICY_CONFLICT ? POLICY_SETS_MAX
                    : s == POLICY_MEMBER ? POLICY_MEMBERS_MAX
                                         : POLICY_SECTION_MAX;

    if (!out->entries) out->entries = calloc(most, policy_entry_size[s]);
    if (!out->entries || out->count == most) {
        fail(b, "more than %u rules of its kind", most);
        return NULL;
    }
    b->line[s][out->count] = b->rule->line;
    return (char *)out->entries + (size_t)out->count++ * policy_entry_size[s];
}

static int find_type(struct binder *b, const char *name, uint16_t *out)
{
    if (strcmp(name, "*") == 0) {
        *out = POLICY_TYPE_ANY;
        return 0;
    }
    for (uint32_t i = 0; i < b->flat->types; i++)
        if (strcmp(b->flat->names[i], name) == 0) {
            *out = (uint16_t)i;
            return 0;
        }
    return fail(b, "the policy has no type %s that a domain may have", name);
}

static int set_span(struct binder *b, struct policy_span *span, uint16_t a, const struct policy_item *label)
{
    uint16_t type = 0;
    int rc = find_type(b, label->name, &type);

    *span = (struct policy_span){a, type, label->low, label->high};
    return rc;
}

static int bind_assign(struct binder *b)
{
    uint16_t creator = 0;
    int rc = find_type(b, b->rule->name, &creator);

    for (size_t i = 0; rc == 0 && i < b->rule->items; i++) {
        struct policy_assign *out = add(b, POLICY_ASSIGN);
        rc = out ? set_span(b, &out->span, creator, &b->rule->item[i]) : -EINVAL;
    }
    return rc;
}

static int bind_clearance(struct binder *b)
{
    struct policy_clearance *out = add(b, POLICY_CLEARANCE);

    if (!out) return -EINVAL;
    for (size_t i = 0; i < b->rule->items; i++)
        for (uint32_t c = b->rule->item[i].low; c <= b->rule->item[i].high; c++)
            out->cleared[c / 64] |= 1ull << (c % 64);
    return set_span(b, &out->span, 0, &b->rule->label);
}

static int bind_ceiling(struct binder *b)
{
    uint16_t type = 0;
    int rc = find_type(b, b->rule->name, &type);
    uint32_t row = type == POLICY_TYPE_ANY ? POLICY_TYPES_MAX : type;
    struct policy_flat_section *out = &b->flat->section[POLICY_CEILING];

    if (rc != 0) return rc;
    while (out->count < b->flat->types)
        if (!add(b, POLICY_CEILING)) return -EINVAL;
    struct policy_ceiling *c = type == POLICY_TYPE_ANY ? &b->any : (struct policy_ceiling *)out->entries + type;
    for (int l = 0; l < POLICY_LIMITS; l++) {
        if (!b->rule->most[l]) continue;
        if (b->limit_line[row][l])
            return fail(b, "line %u has a ceiling of %s for %s already", b->limit_line[row][l], policy_limit_names[l],
                        b->rule->name);
        b->limit_line[row][l] = b->rule->line;
        c->most[l] = b->rule->most[l];
    }
    return 0;
}

static int bind_launch(struct binder *b)
{
    struct policy_launch *out = add(b, POLICY_LAUNCH);

    if (!out) return -EINVAL;
    out->svn = b->rule->svn;
    memcpy(out->id, b->rule->id, sizeof(out->id));
    return set_span(b, &out->span, (uint16_t)b->rule->launch_kind, &b->rule->label);
}

static int bind_conflict(struct binder *b)
{
    const struct policy_flat_section *sets = &b->flat->section[POLICY_CONFLICT];
    const struct policy_conflict *before = sets->entries;

    for (uint32_t i = 0; i < sets->count; i++)
        if (strcmp((const char *)before[i].name, b->rule->name) == 0)
            return fail(b, "line %u has a conflict set %s already", b->line[POLICY_CONFLICT][i], b->rule->name);
    uint16_t number = (uint16_t)sets->count;
    struct policy_conflict *out = add(b, POLICY_CONFLICT);
    int rc = out ? 0 : -EINVAL;
    if (rc == 0) {
        memcpy(out->name, b->rule->name, strlen(b->rule->name));
        out->per_boot = b->rule->per_boot;
    }
    for (size_t i = 0; rc == 0 && i < b->rule->items; i++) {
        struct policy_member *m = add(b, POLICY_MEMBER);
        rc = m ? set_span(b, &m->span, number, &b->rule->item[i]) : -EINVAL;
    }
    return rc;
}

static int bind_record(struct binder *b)
{
    for (size_t i = 0; i < b->rule->items; i++) {
        int c = 0;
        while (c < BH_CLASS_COUNT && strcmp(bh_class_names[c], b->rule->item[i].name) != 0)
            c++;
        if (c == BH_CLASS_COUNT)
            return fail(b, "the hypervisor has no class %s (bh-policyc --coverage prints them)", b->rule->item[i].name);
        b->flat->records |= 1u << c;
    }
    return 0;
}

/* Entries with their lines, to sort them together. */
struct sorted {
    struct policy_launch entry; /* the largest of those that are sorted, but clearances */
    const void *whole;
    unsigned int line;
    size_t size;
};
_Static_assert(sizeof(struct policy_assign) <= sizeof(struct policy_launch), "fits");
_Static_assert(sizeof(struct policy_member) <= sizeof(struct policy_launch), "fits");

static int by_span(const void *x, const void *y)
{
    const struct sorted *a = x, *b = y;
    const struct policy_span *s = &a->entry.span, *t = &b->entry.span;

    if (s->a != t->a || s->b != t->b) return s->a != t->a ? s->a - t->a : s->b - t->b;
    if (s->low != t->low || s->high != t->high) return s->low != t->low ? s->low - t->low : s->high - t->high;
    int rc = memcmp((const struct policy_span *)a->whole + 1, (const struct policy_span *)b->whole + 1,
                    a->size - sizeof(*s));
    return rc ? rc : (a->line > b->line) - (a->line < b->line);
}

/* Two neighbours that say the same or contradict each other: which lines. */
static int check_neighbours(struct binder *b, enum policy_section s, const struct sorted *x, const struct sorted *y)
{
    const struct policy_span *p = &x->entry.span, *q = &y->entry.span;

    if (p->a != q->a || p->b != q->b || p->high < q->low) return 0;
    if (s == POLICY_LAUNCH && (p->low != q->low || p->high != q->high ||
                               memcmp((const struct policy_span *)x->whole + 1,
                                      (const struct policy_span *)y->whole + 1, x->size - sizeof(*p)) != 0))
        return 0;
    unsigned int line = x->line > y->line ? x->line : y->line;
    if (x->line == y->line)
        return fail_at(b, line, "%s c%u-c%u is in the rule twice", p->b == POLICY_TYPE_ANY ? "*" : b->flat->names[p->b],
                       q->low, q->high);
    return fail_at(b, line, "line %u is about %s in some of the compartments c%u-c%u already",
                   x->line < y->line ? x->line : y->line, p->b == POLICY_TYPE_ANY ? "*" : b->flat->names[p->b], q->low,
                   q->high);
}

static int sort_section(struct binder *b, enum policy_section s)
{
    struct policy_flat_section *out = &b->flat->section[s];
    size_t size = policy_entry_size[s];
    struct sorted *all = calloc(out->count + 1u, sizeof(*all));
    char *entries = calloc(out->count + 1u, size);
    int rc = 0;

    if (!all || !entries) rc = fail_at(b, 0, "no memory");
    for (uint32_t i = 0; rc == 0 && i < out->count; i++) {
        const char *entry = (const char *)out->entries + i * size;
        memcpy(&all[i].entry, entry, sizeof(struct policy_span));
        all[i].whole = entry;
        all[i].line = b->line[s][i];
        all[i].size = size;
    }
    if (rc == 0 && out->count) qsort(all, out->count, sizeof(*all), by_span);
    for (uint32_t i = 0; rc == 0 && i < out->count; i++) {
        memcpy(entries + i * size, all[i].whole, size);
        rc = i ? check_neighbours(b, s, &all[i - 1], &all[i]) : 0;
    }
    free(all);
    if (rc != 0) {
        free(entries);
        return rc;
    }
    free(out->entries);
    out->entries = entries;
    return 0;
}

/* Where a type's line is silent, the line of `*` holds. */
static void spread_ceilings(struct binder *b)
{
    struct policy_ceiling *c = b->flat->section[POLICY_CEILING].entries;

    for (uint32_t t = 0; t < b->flat->section[POLICY_CEILING].count; t++)
        for (int l = 0; l < POLICY_LIMITS; l++)
            if (!c[t].most[l]) c[t].most[l] = b->any.most[l];
}

static int bind_all(struct binder *b, const struct policy_rules *rules)
{
    static int (*const binders[])(struct binder *) = {
        [RULE_ASSIGN] = bind_assign, [RULE_CLEARANCE] = bind_clearance, [RULE_CEILING] = bind_ceiling,
        [RULE_LAUNCH] = bind_launch, [RULE_CONFLICT] = bind_conflict,   [RULE_RECORD] = bind_record,
    };
    static const enum policy_section spans[] = {POLICY_ASSIGN, POLICY_CLEARANCE, POLICY_LAUNCH, POLICY_MEMBER};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < rules->count; i++) {
        b->rule = &rules->rule[i];
        rc = binders[b->rule->kind](b);
    }
    for (size_t i = 0; rc == 0 && i < sizeof(spans) / sizeof(spans[0]); i++)
        rc = sort_section(b, spans[i]);
    if (rc == 0) spread_ceilings(b);
    return rc;
}

int policy_bind(const char *file, const struct policy_rules *rules, struct policy_flat *flat, struct policy_error *e)
{
    struct binder *b = calloc(1, sizeof(*b));

    if (!b) {
        snprintf(e->text, sizeof(e->text), "%s: no memory", file);
        return -EINVAL;
    }
    *b = (struct binder){.file = file, .flat = flat, .e = e};
    int rc = bind_all(b, rules);
    free(b);
    return rc;
}
