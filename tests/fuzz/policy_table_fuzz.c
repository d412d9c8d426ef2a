/* SPDX-License-Identifier: MIT */
/* libFuzzer: any bytes as a policy file. What the parser takes must be safe to ask and to print. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
    if (!ok) abort();
}

static void use_rules(const struct policy_table *t, uint16_t type)
{
    static const uint16_t compartments[] = {0, 1, 63, 64, 1023};
    for (size_t c = 0; c < sizeof(compartments) / sizeof(compartments[0]); c++) {
        struct label l = {.type = type, .compartment = compartments[c]}, resource;
        uint8_t id[32] = {0};
        l.clearance = policy_section_clearance(t, &l);
        require(l.clearance <= t->count[POLICY_CLEARANCE]);
        policy_section_cleared(t, &l, compartments[c] ^ 1);
        policy_section_assigns(t, type, &l);
        policy_section_launches(t, &l, id, id, 0);
        for (uint32_t s = 0; s < t->count[POLICY_CONFLICT]; s++)
            require(policy_section_member(t, s, &l) < (int)t->count[POLICY_MEMBER]);
        for (int k = 0; k < POLICY_HARDWARE; k++) {
            policy_section_resource(t, k, compartments[c], ~0ull, &resource);
            require(resource.type < t->types && resource.compartment < POLICY_COMPARTMENTS);
        }
    }
    for (int l = 0; l < POLICY_LIMITS; l++)
        policy_section_ceiling(t, type, l);
}

static void use(const struct policy_table *t)
{
    require(t->types > 0 && t->boot_type < t->types && t->xen_type < t->types && t->version > 0);
    for (uint32_t i = 0; i < t->types; i++) {
        const char *name = policy_table_type_name(t, (uint16_t)i);
        require(strnlen(name, POLICY_TYPE_NAME) < POLICY_TYPE_NAME);
        require(policy_table_type_index(t, name) == (int)i);
        for (uint16_t p = 0; p < BH_PERM_COUNT; p++)
            for (int r = 0; r < POLICY_RELATIONS; r++) {
                policy_table_allows(t, (uint16_t)i, (uint16_t)(t->types - 1), r, p);
                policy_table_allows(t, (uint16_t)(t->types - 1), (uint16_t)i, r, p);
            }
        use_rules(t, (uint16_t)i);
    }
    require(!policy_table_allows(t, (uint16_t)t->types, 0, 1, 0));
    require(!policy_table_allows(t, 0, 0, 1, BH_PERM_COUNT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_table t;
    if (policy_table_open(&t, data, size) == 0) {
        use(&t);
        return 0;
    }
    require(t.error != NULL && t.error_offset <= size + sizeof(struct policy_header));
    require(t.types == 0 && !policy_table_allows(&t, 0, 0, 1, 0));
    return 0;
}
