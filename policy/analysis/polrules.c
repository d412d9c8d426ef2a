/* SPDX-License-Identifier: MIT */
#include "polrules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool polspan_has(const struct polspan *s, struct pollabel l)
{
    return (s->type == POL_ANY_TYPE || s->type == l.type) && l.compartment >= s->low && l.compartment <= s->high;
}

bool polrules_cleared(const struct polrules *r, struct pollabel l, uint32_t compartment)
{
    for (size_t i = 0; i < r->clearance_count; i++)
        if (polspan_has(&r->clearances[i].span, l) &&
            (r->clearances[i].cleared[compartment / 64] >> (compartment % 64) & 1))
            return true;
    return false;
}

bool polrules_assignable(const struct polrules *r, uint32_t creator, struct pollabel l)
{
    bool any = !r->present;
    for (size_t i = 0; i < r->assign_count && !any; i++)
        any = r->assigns[i].creator == creator && polspan_has(&r->assigns[i].span, l);
    return any;
}

bool polrules_bound(const struct polrules *r, struct pollabel l)
{
    for (size_t i = 0; i < r->launch_count; i++)
        if (polspan_has(&r->launches[i].span, l)) return true;
    return false;
}

/* Splits each class in those inside and those outside of what `in` says. */
struct splitter {
    uint16_t *class_of;
    unsigned int classes;
};

static void split(struct splitter *s, const bool in[POL_COMPARTMENTS])
{
    uint16_t renamed[POL_COMPARTMENTS];
    bool inside[POL_COMPARTMENTS] = {false}, outside[POL_COMPARTMENTS] = {false};
    for (uint32_t c = 0; c < POL_COMPARTMENTS; c++)
        *(in[c] ? &inside[s->class_of[c]] : &outside[s->class_of[c]]) = true;
    unsigned int before = s->classes;
    for (unsigned int k = 0; k < before; k++)
        renamed[k] = inside[k] && outside[k] ? (uint16_t)s->classes++ : (uint16_t)k;
    for (uint32_t c = 0; c < POL_COMPARTMENTS; c++)
        if (in[c]) s->class_of[c] = renamed[s->class_of[c]];
}

static void split_span(struct splitter *s, const struct polspan *span)
{
    bool in[POL_COMPARTMENTS];
    for (uint32_t c = 0; c < POL_COMPARTMENTS; c++)
        in[c] = c >= span->low && c <= span->high;
    split(s, in);
}

unsigned int polrules_classes(const struct polrules *r, uint32_t own, uint16_t class_of[POL_COMPARTMENTS])
{
    struct splitter s = {class_of, 1};
    memset(class_of, 0, POL_COMPARTMENTS * sizeof(*class_of));
    split_span(&s, &(struct polspan){0, (uint16_t)own, (uint16_t)own});
    for (size_t i = 0; i < r->assign_count; i++)
        split_span(&s, &r->assigns[i].span);
    for (size_t i = 0; i < r->launch_count; i++)
        split_span(&s, &r->launches[i].span);
    for (size_t i = 0; i < r->member_count; i++)
        split_span(&s, &r->members[i].span);
    for (size_t i = 0; i < r->clearance_count; i++) {
        bool in[POL_COMPARTMENTS];
        for (uint32_t c = 0; c < POL_COMPARTMENTS; c++)
            in[c] = r->clearances[i].cleared[c / 64] >> (c % 64) & 1;
        split_span(&s, &r->clearances[i].span);
        split(&s, in);
    }
    return s.classes;
}

/* ---- From the rules file -------------------------------------------------------------------------- */

static struct polspan span_of(const struct policy_span *s)
{
    uint16_t type = s->b;
    return (struct polspan){.type = type == POLICY_TYPE_ANY ? POL_ANY_TYPE : type, .low = s->low, .high = s->high};
}

static void *room(size_t count, size_t size)
{
    void *p = calloc(count + 1, size);
    if (!p) abort();
    return p;
}

/* n: how many entries of the section there are; e: their array, with its type. */
#define EACH(r, flat, number, field, kind, section_)                                                                   \
    const struct kind *e = (flat)->section[section_].entries;                                                          \
    (r)->number = (flat)->section[section_].count;                                                                     \
    (r)->field = room((r)->number, sizeof(*(r)->field));                                                               \
    for (size_t i = 0; i < (r)->number; i++)

static void fill_labels(struct polrules *r, const struct policy_flat *flat)
{
    {
        EACH(r, flat, assign_count, assigns, policy_assign, POLICY_ASSIGN)
        r->assigns[i] = (struct polassign){.creator = e[i].span.a, .span = span_of(&e[i].span)};
    }
    {EACH(r, flat, clearance_count, clearances, policy_clearance,
          POLICY_CLEARANCE){r->clearances[i].span = span_of(&e[i].span);
    memcpy(r->clearances[i].cleared, e[i].cleared, sizeof(r->clearances[i].cleared));
}
}
{
    EACH(r, flat, launch_count, launches, policy_launch, POLICY_LAUNCH)
    {
        r->launches[i].span = span_of(&e[i].span);
        r->launches[i].signer = e[i].span.a == POLICY_LAUNCH_SIGNER;
        memcpy(r->launches[i].id, e[i].id, sizeof(r->launches[i].id));
    }
}
}

static void fill_sets(struct polrules *r, const struct policy_flat *flat)
{
    {EACH(r, flat, conflict_count, conflicts, policy_conflict,
          POLICY_CONFLICT){memcpy(r->conflicts[i].name, e[i].name, sizeof(r->conflicts[i].name) - 1);
    r->conflicts[i].per_boot = e[i].per_boot;
}
}
{
    EACH(r, flat, member_count, members, policy_member, POLICY_MEMBER)
    r->members[i] = (struct polmember){.span = span_of(&e[i].span), .set = e[i].span.a};
}
{
    EACH(r, flat, resource_count, resources, policy_resource, POLICY_RESOURCE)
    r->resources[i] = (struct polresource){.kind = e[i].kind,
                                           .label = {.type = e[i].type, .compartment = e[i].compartment},
                                           .low = e[i].low,
                                           .high = e[i].high};
}
}

static void fill_ceilings(struct polrules *r, const struct policy_flat *flat)
{
    const struct policy_ceiling *e = flat->section[POLICY_CEILING].entries;
    uint32_t types = flat->section[POLICY_CEILING].count;
    r->ceilings = room((size_t)types * POLICY_LIMITS, sizeof(*r->ceilings));
    for (uint32_t t = 0; t < types; t++)
        for (uint16_t l = 0; l < POLICY_LIMITS; l++)
            if (e[t].most[l])
                r->ceilings[r->ceiling_count++] =
                    (struct polceiling){.type = (uint16_t)t, .limit = l, .most = e[t].most[l]};
}

void polrules_fill(struct polrules *r, const struct policy_flat *flat, const char *file, struct policy_rules *source)
{
    memset(r, 0, sizeof(*r));
    r->present = file != NULL;
    r->file = file;
    if (source) r->source = *source;
    fill_labels(r, flat);
    fill_sets(r, flat);
    fill_ceilings(r, flat);
}

unsigned int polrules_line(const struct polrules *r, enum policy_rule_kind kind, const char *name, const char *type)
{
    for (size_t i = 0; i < r->source.count; i++) {
        const struct policy_rule *rule = &r->source.rule[i];
        if (rule->kind != kind || (name && strcmp(rule->name, name) != 0)) continue;
        bool fits = !type || strcmp(rule->label.name, type) == 0;
        for (size_t k = 0; k < rule->items && !fits; k++)
            fits = strcmp(rule->item[k].name, type) == 0 || strcmp(rule->item[k].name, "*") == 0;
        if (fits) return rule->line;
    }
    return 0;
}

static const char *const rule_words[] = {"assign", "clearance", "ceiling", "launch", "conflict", "record"};

/* " TYPE:cLOW-cHIGH", or without what it does not have. */
static size_t item_text(const struct policy_item *item, char *out, size_t size)
{
    int n = 0;
    bool all = item->low == 0 && item->high == POL_COMPARTMENTS - 1;
    if (item->name[0]) n = snprintf(out, size, " %s", item->name);
    if ((size_t)n < size && item->high && !all)
        n += snprintf(out + n, size - (size_t)n, item->low == item->high ? "%sc%u" : "%sc%u-c%u",
                      item->name[0] ? ":" : " ", item->low, item->high);
    return (size_t)n;
}

bool polrules_text(const struct polrules *r, size_t i, size_t k, char *out, size_t size)
{
    const struct policy_rule *rule = &r->source.rule[i];
    size_t items = rule->kind == RULE_CEILING ? POLICY_LIMITS : rule->items ? rule->items : 1;
    if (k >= items) return false;
    size_t n = (size_t)snprintf(out, size, "%s %s", rule_words[rule->kind], rule->name);
    if (rule->label.name[0]) n += item_text(&rule->label, out + n, size - n);
    if (rule->kind == RULE_CEILING && rule->most[k])
        snprintf(out + n, size - n, " %s=%u", policy_limit_names[k], rule->most[k]);
    else if (rule->kind == RULE_CEILING)
        out[0] = 0;
    if (rule->kind == RULE_CONFLICT)
        n += (size_t)snprintf(out + n, size - n, rule->per_boot ? " per-boot" : " at-a-time");
    if (rule->kind == RULE_LAUNCH) {
        n += (size_t)snprintf(out + n, size - n, rule->launch_kind == POLICY_LAUNCH_SIGNER ? " signer " : " digest ");
        for (size_t b = 0; b < sizeof(rule->id) && n + 3 < size; b++)
            n += (size_t)snprintf(out + n, size - n, "%02x", rule->id[b]);
        if (rule->svn && n < size) n += (size_t)snprintf(out + n, size - n, " svn>=%u", rule->svn);
    }
    if (rule->items && n < size) item_text(&rule->item[k], out + n, size - n);
    return true;
}

void polrules_free(struct polrules *r)
{
    policy_rules_free(&r->source);
    free(r->assigns);
    free(r->clearances);
    free(r->launches);
    free(r->conflicts);
    free(r->members);
    free(r->resources);
    free(r->ceilings);
    memset(r, 0, sizeof(*r));
}
