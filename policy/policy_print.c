/* SPDX-License-Identifier: MIT */
#include "policy_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <bulkhead.h>
#include <mbedtls/sha256.h>

#include "hypercall/operations.h"
#include "monitor/permissions.h"
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"

static void hex(FILE *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%02x", p[i]);
    fputc('\n', out);
}

static const char *const relations[POLICY_RELATIONS] = {"other", "same", "source-cleared", "target-cleared"};

static void dump_pair(const struct policy_table *t, uint16_t a, uint16_t b, enum policy_relation relation, FILE *out)
{
    int class = -1;
    for (uint16_t p = 0; p < BH_PERM_COUNT; p++) {
        if (!policy_table_allows(t, a, b, relation, p)) continue;
        if ((int)bh_permissions[p].class != class) {
            fprintf(out, "%s%s %s %s %s {", class < 0 ? "" : " }\n", policy_table_type_name(t, a),
                    policy_table_type_name(t, b), relations[relation], bh_permissions[p].class_name);
            class = (int)bh_permissions[p].class;
        }
        fprintf(out, " %s", bh_permissions[p].name);
    }
    if (class >= 0) fputs(" }\n", out);
}

static void print_label(const struct policy_table *t, const struct policy_span *s, FILE *out)
{
    fprintf(out, " %s:c%u-c%u", s->b == POLICY_TYPE_ANY ? "*" : policy_table_type_name(t, s->b), s->low, s->high);
}

static void dump_clearance(const struct policy_table *t, const struct policy_clearance *c, FILE *out)
{
    fputs("clearance", out);
    print_label(t, &c->span, out);
    for (unsigned int i = 0, from = 0; i <= POLICY_COMPARTMENTS; i++) {
        bool is = i < POLICY_COMPARTMENTS && c->cleared[i / 64] >> (i % 64) & 1;
        bool was = i > 0 && c->cleared[(i - 1) / 64] >> ((i - 1) % 64) & 1;
        if (is && !was) from = i;
        if (was && !is) fprintf(out, " c%u-c%u", from, i - 1);
    }
    fputc('\n', out);
}

static void dump_ceiling(const struct policy_table *t, uint16_t type, FILE *out)
{
    bool any = false;
    for (int l = 0; l < POLICY_LIMITS; l++) {
        uint32_t most = policy_section_ceiling(t, type, (enum policy_limit)l);
        if (!most) continue;
        if (!any) fprintf(out, "ceiling %s", policy_table_type_name(t, type));
        any = true;
        fprintf(out, " %s=%u%s", policy_limit_names[l], most, l == POLICY_LIMIT_MEMORY ? "M" : "");
    }
    if (any) fputc('\n', out);
}

static void dump_conflict(const struct policy_table *t, uint32_t set, FILE *out)
{
    const struct policy_conflict *c = POLICY_ENTRY(t, POLICY_CONFLICT, policy_conflict, set);
    fprintf(out, "conflict %.23s %s", (const char *)c->name, c->per_boot ? "per-boot" : "at-a-time");
    for (uint32_t i = 0; i < t->count[POLICY_MEMBER]; i++) {
        const struct policy_member *m = POLICY_ENTRY(t, POLICY_MEMBER, policy_member, i);
        if (m->span.a == set) print_label(t, &m->span, out);
    }
    fputc('\n', out);
}

/* In the words of the rules file. */
static void dump_rules(const struct policy_table *t, FILE *out)
{
    static const char *const hardware[POLICY_HARDWARE] = {"ioport", "iomem", "irq", "pci"};
    for (uint32_t i = 0; i < t->count[POLICY_ASSIGN]; i++) {
        const struct policy_assign *a = POLICY_ENTRY(t, POLICY_ASSIGN, policy_assign, i);
        fprintf(out, "assign %s", policy_table_type_name(t, a->span.a));
        print_label(t, &a->span, out);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < t->count[POLICY_CLEARANCE]; i++)
        dump_clearance(t, POLICY_ENTRY(t, POLICY_CLEARANCE, policy_clearance, i), out);
    for (uint32_t i = 0; i < t->count[POLICY_CEILING]; i++)
        dump_ceiling(t, (uint16_t)i, out);
    for (uint32_t i = 0; i < t->count[POLICY_LAUNCH]; i++) {
        const struct policy_launch *l = POLICY_ENTRY(t, POLICY_LAUNCH, policy_launch, i);
        fputs("launch", out);
        print_label(t, &l->span, out);
        fputs(l->span.a == POLICY_LAUNCH_DIGEST ? " digest " : " signer ", out);
        for (size_t k = 0; k < sizeof(l->id); k++)
            fprintf(out, "%02x", l->id[k]);
        if (l->svn) fprintf(out, " svn>=%u", l->svn);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < t->count[POLICY_CONFLICT]; i++)
        dump_conflict(t, i, out);
    for (int c = 0; c < BH_CLASS_COUNT; c++)
        if (t->records >> c & 1) fprintf(out, "record %s\n", bh_class_names[c]);
    for (int k = 0; k < POLICY_HARDWARE; k++)
        fprintf(out, "# hardware %s: %s:c%u\n", hardware[k], policy_table_type_name(t, t->hardware[k].type),
                t->hardware[k].compartment);
    for (uint32_t i = 0; i < t->count[POLICY_RESOURCE]; i++) {
        const struct policy_resource *r = POLICY_ENTRY(t, POLICY_RESOURCE, policy_resource, i);
        fprintf(out, "# hardware %s %#llx-%#llx: %s:c%u\n", hardware[r->kind], (unsigned long long)r->low,
                (unsigned long long)r->high, policy_table_type_name(t, r->type), r->compartment);
    }
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
    hex(out, file + h.size - POLICY_SIGNATURE, POLICY_SIGNATURE);
    dump_rules(&t, out);
    fputs("# source target compartments class { permissions }\n", out);
    for (uint16_t a = 0; a < t.types; a++) {
        for (uint16_t b = 0; b < t.types; b++) {
            for (int r = 0; r < POLICY_RELATIONS; r++)
                dump_pair(&t, a, b, (enum policy_relation)r, out);
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
            if ((int)bh_permissions[p].class != c) continue;
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
