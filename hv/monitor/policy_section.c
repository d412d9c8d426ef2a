/* SPDX-License-Identifier: MIT */
#include "policy_section.h"

#include <string.h>

#include <bulkhead.h>

_Static_assert(POLICY_COMPARTMENTS == BH_COMPARTMENT_MAX + 1, "a bit for each compartment");

static bool zeros(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return any == 0;
}

static uint32_t key_of(const struct policy_span *s)
{
    return (uint32_t)s->a << 16 | s->b;
}

static bool covers(const struct policy_span *s, uint16_t compartment)
{
    return s->low <= compartment && compartment <= s->high;
}

/* Of the sections whose entries begin with a span: how far a may go, and whether ranges may overlap. */
struct span_rule {
    uint8_t section;
    bool any, overlap;
    uint32_t a_end;
};

static const char *check_span(const struct policy_table *t, const struct span_rule *r, const uint8_t *entry, bool first)
{
    const struct policy_span *s = (const void *)entry;
    size_t size = policy_entry_size[r->section];

    if (s->a >= r->a_end || (s->b >= t->types && !(r->any && s->b == POLICY_TYPE_ANY)))
        return "a rule is about a type or a set that is not there";
    if (s->low > s->high || s->high > BH_COMPARTMENT_MAX) return "a range of compartments";
    if (first) return NULL;
    const struct policy_span *p = (const void *)(entry - size);
    if (key_of(p) > key_of(s) || (key_of(p) == key_of(s) && p->low > s->low)) return "rules are not in ascending order";
    if (key_of(p) < key_of(s)) return NULL;
    if (!r->overlap) return p->high < s->low ? NULL : "ranges of compartments overlap";
    bool ascending =
        p->low < s->low || p->high < s->high || (p->high == s->high && memcmp(p + 1, s + 1, size - sizeof(*s)) < 0);
    return ascending ? NULL : "rules are not in ascending order";
}

static const char *check_launch(const struct policy_launch *l)
{
    if (zeros(l->id, sizeof(l->id))) /* what a domain has that nobody signed */
        return "a launch rule for nobody";
    return l->reserved || (l->span.a == POLICY_LAUNCH_DIGEST && l->svn) ? "reserved bytes are not 0" : NULL;
}

static const char *check_conflict(const struct policy_conflict *c)
{
    size_t n = 0;

    while (n < POLICY_SET_NAME && c->name[n] > ' ' && c->name[n] <= '~')
        n++;
    if (!n || n == POLICY_SET_NAME || !zeros(c->name + n, sizeof(c->name) - n)) return "name of a conflict set";
    return c->per_boot > 1 || c->reserved ? "kind of a conflict set" : NULL;
}

static const char *check_resource(const struct policy_table *t, const struct policy_resource *r, bool first)
{
    if (r->kind >= POLICY_HARDWARE || r->type >= t->types || r->compartment > BH_COMPARTMENT_MAX || r->reserved)
        return "kind or label of a range of hardware";
    if (r->low > r->high || (!first && r[-1].kind > r->kind) ||
        (!first && r[-1].kind == r->kind && r[-1].high >= r->low))
        return "ranges of hardware overlap or are not in ascending order";
    return NULL;
}

static const char *check_entry(const struct policy_table *t, unsigned int section, const uint8_t *entry, bool first)
{
    const struct span_rule rules[] = {
        {POLICY_ASSIGN, true, false, t->types},
        {POLICY_CLEARANCE, false, false, 1},
        {POLICY_LAUNCH, false, true, 2},
        {POLICY_MEMBER, false, false, t->count[POLICY_CONFLICT]},
    };
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].section == section) why = check_span(t, &rules[i], entry, first);
    if (!why && section == POLICY_LAUNCH) why = check_launch((const void *)entry);
    if (!why && section == POLICY_CONFLICT) why = check_conflict((const void *)entry);
    if (!why && section == POLICY_RESOURCE) why = check_resource(t, (const void *)entry, first);
    return why;
}

const char *policy_section_check(const struct policy_table *t, uint32_t *offset)
{
    for (unsigned int s = 0; s < POLICY_SECTIONS; s++)
        for (uint32_t i = 0; i < t->count[s]; i++) {
            const uint8_t *entry = t->section[s] + (size_t)i * policy_entry_size[s];
            const char *why = check_entry(t, s, entry, i == 0);
            *offset = (uint32_t)(entry - t->data);
            if (why) return why;
        }
    return NULL;
}

uint32_t policy_section_clearance(const struct policy_table *t, const struct label *label)
{
    for (uint32_t i = 0; i < t->count[POLICY_CLEARANCE]; i++) {
        const struct policy_clearance *c = POLICY_ENTRY(t, POLICY_CLEARANCE, policy_clearance, i);
        if (c->span.b == label->type && covers(&c->span, label->compartment))
            return (uint32_t)((const uint8_t *)c->cleared - t->data);
    }
    return 0;
}

bool policy_section_assigns(const struct policy_table *t, uint16_t creator, const struct label *label)
{
    for (uint32_t i = 0; i < t->count[POLICY_ASSIGN]; i++) {
        const struct policy_span *s = &POLICY_ENTRY(t, POLICY_ASSIGN, policy_assign, i)->span;
        if (s->a == creator && (s->b == label->type || s->b == POLICY_TYPE_ANY) && covers(s, label->compartment))
            return true;
    }
    return false;
}

uint32_t policy_section_ceiling(const struct policy_table *t, uint16_t type, enum policy_limit limit)
{
    return type < t->count[POLICY_CEILING] ? POLICY_ENTRY(t, POLICY_CEILING, policy_ceiling, type)->most[limit] : 0;
}

bool policy_section_launches(const struct policy_table *t, const struct label *label, const uint8_t digest[32],
                             const uint8_t signer[32], uint32_t svn)
{
    bool bound = false;

    for (uint32_t i = 0; i < t->count[POLICY_LAUNCH]; i++) {
        const struct policy_launch *l = POLICY_ENTRY(t, POLICY_LAUNCH, policy_launch, i);
        if (l->span.b != label->type || !covers(&l->span, label->compartment)) continue;
        bound = true;
        if (memcmp(l->id, l->span.a == POLICY_LAUNCH_DIGEST ? digest : signer, 32) == 0 && svn >= l->svn) return true;
    }
    return !bound;
}

int policy_section_member(const struct policy_table *t, uint32_t set, const struct label *label)
{
    for (uint32_t i = 0; i < t->count[POLICY_MEMBER]; i++) {
        const struct policy_span *s = &POLICY_ENTRY(t, POLICY_MEMBER, policy_member, i)->span;
        if (s->a == set && s->b == label->type && covers(s, label->compartment)) return (int)i;
    }
    return -1;
}

bool policy_section_resource(const struct policy_table *t, enum policy_hardware kind, uint64_t first, uint64_t last,
                             struct label *label)
{
    uint32_t from = 0, to = t->count[POLICY_RESOURCE];

    while (from < to) { /* the first range that does not end before `first` */
        uint32_t mid = (from + to) / 2;
        const struct policy_resource *r = POLICY_ENTRY(t, POLICY_RESOURCE, policy_resource, mid);
        if (r->kind < kind || (r->kind == kind && r->high < first))
            from = mid + 1;
        else
            to = mid;
    }
    *label = t->hardware[kind];
    if (from == t->count[POLICY_RESOURCE]) return true;
    const struct policy_resource *r = POLICY_ENTRY(t, POLICY_RESOURCE, policy_resource, from);
    if (r->kind != kind || r->low > last) return true;
    *label = (struct label){.type = r->type, .compartment = r->compartment};
    return r->low <= first && last <= r->high;
}
