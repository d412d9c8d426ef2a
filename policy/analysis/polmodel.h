/* SPDX-License-Identifier: MIT */
/*
 * A policy as the analysis sees it: for each pair of types and each relation of their compartments, what the
 * first may do to the second; what the allow rules alone would give, before the constraints; and sets of types.
 *
 * Glossary. Label: type and compartment. Relation: how the compartments of subject and object stand to each other.
 * Cell: subject type, object type, relation, permission.
 */
#ifndef POLMODEL_H
#define POLMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/permissions.h"
#include "policy_flatten.h"

/* In the order in which they are named to people; the table's is enum policy_relation. */
enum pol_relation { POL_SAME, POL_OTHER, POL_SOURCE_CLEARED, POL_TARGET_CLEARED, POL_RELATIONS };
extern const char *const pol_relation_names[POL_RELATIONS];

#define POL_WORDS ((BH_PERM_COUNT + 63) / 64)

/* A set of types, by index. */
struct poltypes {
    uint64_t bit[POLICY_TYPES_MAX / 64];
};

struct polset {
    char *name;
    struct poltypes types;
};

struct polmodel {
    struct policy_flat flat;
    uint64_t *te;             /* rows of POL_WORDS: [subject * types + object] */
    struct poltypes domains;  /* those that can be a living domain: the boot domain's, and what can be created */
    struct poltypes creators; /* those that may create anything */
    struct polset *sets;      /* the policy's attributes */
    size_t set_count;
    uint32_t boot_compartment;
};

/* From a binary policy. 0, or -EINVAL with e->text. Not reentrant (libsepol). */
int polmodel_load(struct polmodel *m, void *image, size_t size, struct policy_error *e);
void polmodel_free(struct polmodel *m);

int polmodel_type(const struct polmodel *m, const char *name); /* index, or -1 */
const struct poltypes *polmodel_set(const struct polmodel *m, const char *name);
/* Adds to the set of that name, which it makes where there is none. */
void polmodel_add_set(struct polmodel *m, const char *name, const struct poltypes *types);

bool polmodel_allows(const struct polmodel *m, uint32_t subject, uint32_t object, enum pol_relation r, uint32_t perm);
/* In any relation. */
bool polmodel_ever(const struct polmodel *m, uint32_t subject, uint32_t object, uint32_t perm);
/* Is there an allow rule, whatever the constraints say? */
bool polmodel_rule(const struct polmodel *m, uint32_t subject, uint32_t object, uint32_t perm);
/* Domains of the type can be created, loaded and started by a domain that can live. */
bool polmodel_creatable(const struct polmodel *m, uint32_t type);

static inline bool poltypes_has(const struct poltypes *s, uint32_t t)
{
    return s->bit[t / 64] >> (t % 64) & 1;
}

static inline void poltypes_add(struct poltypes *s, uint32_t t)
{
    s->bit[t / 64] |= 1ull << (t % 64);
}

static inline bool poltypes_empty(const struct poltypes *s)
{
    for (size_t i = 0; i < POLICY_TYPES_MAX / 64; i++)
        if (s->bit[i]) return false;
    return true;
}

/* "class:permission" of ours; -1 where there is none. */
int polmodel_permission(const char *class_name, const char *name);

#endif
