/* SPDX-License-Identifier: MIT */
/* libFuzzer: any bytes as a policy file. What the parser takes must be safe to ask and to print. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "monitor/policy_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
    if (!ok)
        abort();
}

static void use(const struct policy_table *t)
{
    require(t->types > 0 && t->boot_type < t->types && t->xen_type < t->types && t->version > 0);
    for (uint32_t i = 0; i < t->types; i++) {
        const char *name = policy_table_type_name(t, (uint16_t)i);
        require(strnlen(name, POLICY_TYPE_NAME) < POLICY_TYPE_NAME);
        require(policy_table_type_index(t, name) == (int)i);
        for (uint16_t p = 0; p < BH_PERM_COUNT; p++)
            for (int same = 0; same < 2; same++) {
                policy_table_allows(t, (uint16_t)i, (uint16_t)(t->types - 1), same, p);
                policy_table_allows(t, (uint16_t)(t->types - 1), (uint16_t)i, same, p);
            }
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
