/* SPDX-License-Identifier: MIT */
/*
 * What stands in a policy file beside the table of permissions (policy_format.h): checking it, and
 * asking it. Pure, as policy_table.c. Bounded: at most POLICY_SECTION_MAX entries are looked at.
 */
#ifndef BULKHEAD_POLICY_SECTION_H
#define BULKHEAD_POLICY_SECTION_H

#include "policy_table.h"

/* Checks all sections; t->section, count and types are filled in. NULL, or what is wrong, with its offset. */
const char *policy_section_check(const struct policy_table *t, uint32_t *offset);

/* Entry i of a section; i < t->count[s]. */
#define POLICY_ENTRY(t, s, kind, i)                                                                                    \
    ((const struct kind *)(const void *)((t)->section[s] + (size_t)(i) * sizeof(struct kind)))

/* What belongs into label->clearance, as long as t is in force. */
uint32_t policy_section_clearance(const struct policy_table *t, const struct label *label);

/* Is the label cleared for that compartment (not its own)? Constant time. */
static inline bool policy_section_cleared(const struct policy_table *t, const struct label *label, uint32_t compartment)
{
    return label->clearance && (t->data + label->clearance)[compartment / 8] >> (compartment % 8) & 1;
}

/* May a domain of type creator create one with that label (as far as compartments go)? */
bool policy_section_assigns(const struct policy_table *t, uint16_t creator, const struct label *label);

/* The most of that which a domain of the type may have; 0: the policy does not say. */
uint32_t policy_section_ceiling(const struct policy_table *t, uint16_t type, enum policy_limit limit);

/* May a domain with that label start with this launch? signer is zeros where nobody signed. */
bool policy_section_launches(const struct policy_table *t, const struct label *label, const uint8_t digest[32],
                             const uint8_t signer[32], uint32_t svn);

/* Number of the member of conflict set `set` that the label is, or -1. */
int policy_section_member(const struct policy_table *t, uint32_t set, const struct label *label);

/* The label of all of [first, last]; false where they have more than one. */
bool policy_section_resource(const struct policy_table *t, enum policy_hardware kind, uint64_t first, uint64_t last,
                             struct label *label);

#endif
