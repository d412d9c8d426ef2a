/* SPDX-License-Identifier: MIT */
#include "polrules.h"

#include <stdlib.h>
#include <string.h>

const char *const polrules_limit_names[] = {"memory", "vcpus", "weight", "cap", "ports", "grants", "reports", "audit"};

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
    bool any = r->assign_count == 0;
    for (size_t i = 0; i < r->assign_count && !any; i++)
        any = r->assigns[i].creator == creator && polspan_has(&r->assigns[i].span, l);
    return any;
}

bool polrules_bound(const struct polrules *r, struct pollabel l)
{
    for (size_t i = 0; i < r->launch_count; i++)
        if (polspan_has(&r->launches[i].span, l))
            return true;
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
        if (in[c])
            s->class_of[c] = renamed[s->class_of[c]];
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

void polrules_free(struct polrules *r)
{
    free(r->assigns);
    free(r->clearances);
    free(r->launches);
    free(r->conflicts);
    free(r->members);
    free(r->resources);
    free(r->ceilings);
    memset(r, 0, sizeof(*r));
}
