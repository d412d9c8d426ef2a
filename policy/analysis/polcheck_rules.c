/* SPDX-License-Identifier: MIT */
#include "polcheck_parts.h"

#include <string.h>

#define REDUNDANT_TYPES_MAX 64 /* more types than that, and the question takes too long */

static bool each_cell(const struct checker *c, const struct cilrule *r,
                      bool (*good)(const struct checker *c, const struct cilrule *r, uint32_t s, uint32_t t,
                                   uint32_t p))
{
    for (uint32_t s = 0; s < c->m->flat.types; s++)
        for (uint32_t t = 0; t < c->m->flat.types && poltypes_has(&r->subjects, s); t++)
            for (uint32_t p = 0; p < BH_PERM_COUNT; p++)
                if (cilindex_covers(r, s, t, p) && !good(c, r, s, t, p)) return false;
    return true;
}

static bool refused(const struct checker *c, const struct cilrule *r, uint32_t s, uint32_t t, uint32_t p)
{
    (void)r;
    return !polmodel_ever(c->m, s, t, p);
}

static bool absent(const struct checker *c, const struct cilrule *r, uint32_t s, uint32_t t, uint32_t p)
{
    (void)r;
    return !polmodel_rule(c->m, s, t, p);
}

static bool given_elsewhere(const struct checker *c, const struct cilrule *r, uint32_t s, uint32_t t, uint32_t p)
{
    for (const struct cilrule *o = cilindex_find(c->cil, NULL, s, t, p); o; o = cilindex_find(c->cil, o, s, t, p))
        if (o != r) return true;
    return false;
}

static bool empty(const struct cilrule *r)
{
    uint64_t any = 0;
    for (size_t i = 0; i < POL_WORDS; i++)
        any |= r->perms[i];
    return !any || poltypes_empty(&r->subjects) || (!r->self && poltypes_empty(&r->objects));
}

/* The object that a permission is never asked about. Hardware may have labels of its own. */
static bool misplaced(const struct checker *c, const struct cilrule *r, uint32_t s, uint32_t t, uint32_t p)
{
    (void)r;
    bool domain = poltypes_has(&c->m->domains, t) && t != c->m->flat.xen_type;
    switch (bh_permissions[p].object) {
    case BH_OBJECT_SELF:
        return s != t;
    case BH_OBJECT_DOMAIN:
        return t == c->m->flat.xen_type;
    default:
        return domain;
    }
}

static void check_misplaced(struct checker *c, const struct cilrule *r)
{
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!(r->perms[p / 64] >> (p % 64) & 1)) continue;
        for (uint32_t s = 0; s < c->m->flat.types; s++) {
            for (uint32_t t = 0; t < c->m->flat.types; t++) {
                if (!cilindex_covers(r, s, t, p) || !misplaced(c, r, s, t, p)) continue;
                static const char *const asked[] = {"the calling domain itself", "another domain",
                                                    "the hypervisor or hardware"};
                polcheck_add_at(c, "misplaced-rule", (int)s, cilindex_line(r),
                                "%s:%s is asked about %s, never about %s for %s", bh_permissions[p].class_name,
                                bh_permissions[p].name, asked[bh_permissions[p].object], c->m->flat.names[t],
                                c->m->flat.names[s]);
                return;
            }
        }
    }
}

static void check_neverallow(struct checker *c, const struct cilrule *r)
{
    for (uint32_t s = 0; s < c->m->flat.types; s++)
        for (uint32_t t = 0; t < c->m->flat.types; t++)
            for (uint32_t p = 0; p < BH_PERM_COUNT; p++)
                if (cilindex_covers(r, s, t, p) && polmodel_rule(c->m, s, t, p)) {
                    polcheck_add_at(c, "neverallow", (int)s, r->node, "%s may %s:%s %s, which this neverallow forbids",
                                    c->m->flat.names[s], bh_permissions[p].class_name, bh_permissions[p].name,
                                    c->m->flat.names[t]);
                    return;
                }
}

void polcheck_rules(struct checker *c)
{
    char text[160];
    for (size_t i = 0; i < c->cil->rule_count; i++) {
        const struct cilrule *r = &c->cil->rules[i];
        if (r->kind == CILRULE_NEVERALLOW) {
            check_neverallow(c, r);
            continue;
        }
        if (empty(r) || each_cell(c, r, absent))
            continue; /* an optional block that is not in the binary policy, or a name in a block */
        if (each_cell(c, r, refused))
            polcheck_add_at(c, "dead-rule", -1, cilindex_line(r), "%s", cilread_print(r->node, text, sizeof(text)));
        else
            check_misplaced(c, r);
        /* Macros repeat each other by design; a rule that somebody wrote out does not have to. */
        if (!r->calls[0] && c->m->flat.types <= REDUNDANT_TYPES_MAX && each_cell(c, r, given_elsewhere))
            polcheck_add_at(c, "redundant-rule", -1, r->node, "%s", cilread_print(r->node, text, sizeof(text)));
    }
}

/* ---- The rules file ------------------------------------------------------------------------------ */

static bool lives_within(const struct checker *c, const struct polspan *span)
{
    for (size_t i = 0; i < c->g->count; i++)
        if (polspan_has(span, c->g->nodes[i])) return true;
    return false;
}

static const char *span_name(const struct checker *c, const struct polspan *s, char out[96])
{
    const char *type = s->type == POL_ANY_TYPE ? "*" : c->m->flat.names[s->type];
    if (s->low == 0 && s->high == POL_COMPARTMENTS - 1)
        snprintf(out, 96, "%s", type);
    else if (s->low == s->high)
        snprintf(out, 96, "%s:c%u", type, s->low);
    else
        snprintf(out, 96, "%s:c%u-c%u", type, s->low, s->high);
    return out;
}

/* The finding just made is about that line of the rules file. */
static void at_line(struct checker *c, enum policy_rule_kind kind, const char *name, const char *type)
{
    const struct polrules *r = c->g->w.rules;
    unsigned int line = polrules_line(r, kind, name, type);
    struct polfinding *f = &c->f->list[c->f->count - 1];
    if (line) snprintf(f->where, sizeof(f->where), "%.200s:%u", r->file, line);
}

static void check_conflicts(struct checker *c)
{
    const struct polrules *r = c->g->w.rules;
    char label[96];
    for (size_t set = 0; set < r->conflict_count; set++) {
        unsigned int living = 0;
        for (size_t i = 0; i < r->member_count; i++) {
            if (r->members[i].set != set) continue;
            if (lives_within(c, &r->members[i].span)) {
                living++;
                continue;
            }
            polcheck_add_at(c, "conflict-dead-member", r->members[i].span.type, NULL,
                            "conflict set %s: no domain can be %s", r->conflicts[set].name,
                            span_name(c, &r->members[i].span, label));
            at_line(c, RULE_CONFLICT, r->conflicts[set].name, NULL);
        }
        if (living >= 2) continue;
        polcheck_add_at(c, "conflict-alone", -1, NULL, "conflict set %s has %u members that can be",
                        r->conflicts[set].name, living);
        at_line(c, RULE_CONFLICT, r->conflicts[set].name, NULL);
    }
}

static void check_assigns(struct checker *c)
{
    const struct polrules *r = c->g->w.rules;
    char label[96];
    for (size_t i = 0; i < r->assign_count; i++) {
        bool can = false;
        for (uint32_t t = 0; t < c->m->flat.types; t++)
            can |= (r->assigns[i].span.type == t || r->assigns[i].span.type == POL_ANY_TYPE) &&
                   polmodel_ever(c->m, r->assigns[i].creator, t, PERM_domain_create);
        if (can) continue;
        const struct polspan *s = &r->assigns[i].span;
        polcheck_add_at(c, "assign-dead", r->assigns[i].creator, NULL, "%s may not create %s",
                        c->m->flat.names[r->assigns[i].creator], span_name(c, s, label));
        at_line(c, RULE_ASSIGN, c->m->flat.names[r->assigns[i].creator],
                s->type == POL_ANY_TYPE ? NULL : c->m->flat.names[s->type]);
    }
}

/* Does any answer for the type depend on a clearance of it? Ports that nobody may bind to do not count. */
static bool clearance_matters(const struct checker *c, uint32_t type)
{
    for (uint32_t t = 0; t < c->m->flat.types; t++)
        for (uint32_t p = 0; p < BH_PERM_COUNT; p++)
            if (p != PERM_event_alloc && p != PERM_event_send &&
                (polmodel_allows(c->m, type, t, POL_SOURCE_CLEARED, p) !=
                     polmodel_allows(c->m, type, t, POL_OTHER, p) ||
                 polmodel_allows(c->m, t, type, POL_TARGET_CLEARED, p) != polmodel_allows(c->m, t, type, POL_OTHER, p)))
                return true;
    return false;
}

void polcheck_limits(struct checker *c)
{
    const struct polrules *r = c->g->w.rules;
    char label[96];
    check_conflicts(c);
    check_assigns(c);
    for (size_t i = 0; i < r->clearance_count; i++) {
        const struct polspan *s = &r->clearances[i].span;
        if (s->type == POL_ANY_TYPE || clearance_matters(c, s->type)) continue;
        polcheck_add_at(c, "clearance-unused", s->type, NULL, "clearance of %s: no rule asks for it",
                        span_name(c, s, label));
        at_line(c, RULE_CLEARANCE, NULL, c->m->flat.names[s->type]);
    }
    for (uint32_t t = 0; r->ceiling_count && t < c->m->flat.types; t++) {
        bool any = !polcheck_guest(c, t);
        for (size_t i = 0; i < r->ceiling_count; i++)
            any |= r->ceilings[i].type == t;
        if (!any) polcheck_add(c, "ceiling-missing", (int)t, 0, -1, "%s has no ceiling", c->m->flat.names[t]);
    }
}
