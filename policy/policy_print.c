/* SPDX-License-Identifier: MIT */
#include "policy_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <bulkhead.h>
#include <mbedtls/sha256.h>

#include "hypercall/operations.h"
#include "monitor/permissions.h"
#include "monitor/policy_table.h"

static void hex(FILE *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%02x", p[i]);
    fputc('\n', out);
}

static void dump_pair(const struct policy_table *t, uint16_t a, uint16_t b, bool same, FILE *out)
{
    int class = -1;
    for (uint16_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!policy_table_allows(t, a, b, same, p))
            continue;
        if ((int)bh_permissions[p].class != class) {
            fprintf(out, "%s%s %s %s %s {", class < 0 ? "" : " }\n", policy_table_type_name(t, a),
                    policy_table_type_name(t, b), same ? "same" : "other", bh_permissions[p].class_name);
            class = (int)bh_permissions[p].class;
        }
        fprintf(out, " %s", bh_permissions[p].name);
    }
    if (class >= 0)
        fputs(" }\n", out);
}

int policy_file_dump(const uint8_t *file, size_t size, FILE *out, struct policy_error *e)
{
    struct policy_table t;
    struct policy_header h;
    uint8_t digest[32];

    if (policy_table_open(&t, file, size) != 0) {
        snprintf(e->text, sizeof(e->text), "offset %u: %s", t.error_offset, t.error);
        return -EINVAL;
    }
    memcpy(&h, file, sizeof(h));
    mbedtls_sha256_ret(file, size, digest, 0);
    fprintf(out, "# policy %s, version %u, format %u, %u types, %zu bytes\n", (const char *)h.name, h.version, h.format,
            h.types, size);
    fprintf(out, "# boot domain %s, hypervisor %s\n", policy_table_type_name(&t, t.boot_type),
            policy_table_type_name(&t, t.xen_type));
    fputs("# digest ", out);
    hex(out, digest, sizeof(digest));
    fputs("# signature ", out);
    hex(out, file + h.signature_offset, POLICY_SIGNATURE);
    fputs("# source target compartments class { permissions }\n", out);
    for (uint16_t a = 0; a < t.types; a++) {
        for (uint16_t b = 0; b < t.types; b++) {
            dump_pair(&t, a, b, true, out);
            dump_pair(&t, a, b, false, out);
        }
    }
    return 0;
}

void policy_file_declarations(FILE *out)
{
    fputs("; Made by bh-policyc --declarations from the hypervisor's table of permissions.\n", out);
    for (int c = 0; c < BH_CLASS_COUNT; c++) {
        fprintf(out, "(class %s (", bh_class_names[c]);
        for (int p = 0, first = 1; p < BH_PERM_COUNT; p++) {
            if ((int)bh_permissions[p].class != c)
                continue;
            fprintf(out, "%s%s", first ? "" : " ", bh_permissions[p].name);
            first = 0;
        }
        fputs("))\n", out);
    }
    fputs("(classorder (", out);
    for (int c = 0; c < BH_CLASS_COUNT; c++)
        fprintf(out, "%s%s", c ? " " : "", bh_class_names[c]);
    fputs("))\n", out);
    for (int i = 0; i <= BH_COMPARTMENT_MAX; i++)
        fprintf(out, "(category c%d)\n", i);
    fputs("(categoryorder (", out);
    for (int i = 0; i <= BH_COMPARTMENT_MAX; i++)
        fprintf(out, "%sc%d", i ? " " : "", i);
    fputs("))\n", out);
}

static void coverage_row(FILE *out, const char *operation, const char *class, const char *perm, const char *object,
                         const char *note)
{
    char permission[48];

    snprintf(permission, sizeof(permission), "%s:%s", class, perm);
    fprintf(out, "%-38s %-23s %-*s%s\n", operation, permission, *note ? 7 : 0, object, note);
}

#define PRINT_CALL(name, class, permission, object, when, note)                                                        \
    coverage_row(out, #name, #class, #permission, #object, note);
#define PRINT_ROW(number, handler, class, permission, object, when, note)                                              \
    coverage_row(out, #number, #class, #permission, #object, note);
#define PRINT_CASE(number, suffix, class, permission, object, note)                                                    \
    coverage_row(out, "  or " #suffix, #class, #permission, #object, note);
#define PRINT_UNASKED(name, reason) fprintf(out, "%-38s nothing is asked: %s\n", #name, reason);
#define PRINT_NOTHING(...)

void policy_file_coverage(FILE *out)
{
    coverage_row(out, "OPERATION", "CLASS", "PERMISSION", "OBJECT", "");
    OPERATIONS(PRINT_CALL, PRINT_ROW, PRINT_CASE)
    HYPERCALL_OPERATIONS(PRINT_NOTHING, PRINT_UNASKED)
}
