/* SPDX-License-Identifier: MIT */
/* The compiler: policies that it must refuse, and that what it writes is what libsepol says. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sepol/policydb/policydb.h>
#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>

#include "monitor/permissions.h"
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"
#include "policy_support.h"

/* The least that is a policy; %s: something to add. */
static const char minimal[] = "(mls true)(sensitivity s0)(sensitivityorder (s0))"
                              "(sensitivitycategory s0 (range c0 c1023))"
                              "(user u)(role r)(userrole u r)(userlevel u (s0))(userrange u ((s0)(s0(range c0 c1023))))"
                              "(type a_t)(type b_t)(roletype r a_t)(roletype r b_t)"
                              "(sid xen)(sid dom0)(sidorder (xen dom0))"
                              "(sidcontext xen (u r a_t ((s0)(s0))))(sidcontext dom0 (u r b_t ((s0)(s0))))"
                              "(allow b_t a_t (domain (create)))\n";

static char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out;
    assert_non_null(at);
    assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
    return out;
}

/* Compiles CIL text; the flat policy, or the reason why not. */
static int flatten_text(const char *declarations, const char *text, struct policy_flat *flat, struct policy_error *e)
{
    const char *files[] = {support_write("d.cil", declarations), support_write("p.cil", text), NULL};
    const char *binary = support_secilc(files);
    if (!binary) fail_msg("secilc does not take: %s", text);
    size_t size;
    uint8_t *image = support_read(binary, &size);
    int rc = policy_flatten(image, size, flat, e);
    free(image);
    return rc;
}

static struct policy_flat flat;

static void takes_the_least_policy(void **state)
{
    (void)state;
    struct policy_error e;
    char *declarations = support_declarations();
    assert_int_equal(flatten_text(declarations, minimal, &flat, &e), 0);
    assert_int_equal(flat.types, 2);
    assert_string_equal(flat.names[0], "a_t");
    assert_int_equal(flat.xen_type, 0);
    assert_int_equal(flat.boot_type, 1);
    for (size_t row = 0; row < 16; row++) /* b_t over a_t: rows 8 to 11 */
        assert_int_equal(flat.rows[row * policy_format_words(BH_PERM_COUNT)],
                         row / 4 == 2 ? 1ull << PERM_domain_create : 0);
    policy_flat_free(&flat);
    free(declarations);
}

static void refuse(const char *declarations, const char *text, const char *why)
{
    struct policy_error e = {""};
    assert_int_equal(flatten_text(declarations, text, &flat, &e), -EINVAL);
    assert_null(flat.rows);
    for (int s = 0; s < POLICY_SECTIONS; s++)
        assert_null(flat.section[s].entries);
    if (!strstr(e.text, why)) fail_msg("refused with \"%s\", not \"%s\"", e.text, why);
}

static void refuses_other_classes_and_permissions(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {" map_write", "", "permission map_write of class grant is missing"},
        {" map_write", " map_writ", "permission map_write of class grant is missing"},
        {"(class tpm ", "(class tmp ", "class tpm is missing"},
        {" map_write", " map_write map_all", "class grant has a permission"},
        {"(class tpm ", "(class file (read))(class tpm ", "no class file"},
    };
    char *declarations = support_declarations();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *changed = replace(declarations, cases[i].from, cases[i].to);
        if (strstr(cases[i].to, "(class tmp")) {
            char *order = replace(changed, "hw tpm attest", "hw tmp attest");
            free(changed);
            changed = order;
        } else if (strstr(cases[i].to, "(class file")) {
            char *order = replace(changed, "hw tpm attest", "hw tpm file attest");
            free(changed);
            changed = order;
        }
        refuse(changed, minimal, cases[i].why);
        free(changed);
    }
    free(declarations);
}

static void refuses_what_a_table_cannot_say(void **state)
{
    (void)state;
    static const struct {
        const char *add, *why;
    } cases[] = {
        {"(boolean on true)(booleanif on (true (allow a_t b_t (domain (info)))))", "booleans"},
        {"(typepermissive a_t)", "permissive"},
        {"(allow b_t b_t (domain (info)))(mlsconstrain (domain (info)) (or (eq l1 l2) (and (dom h1 l2) (domby l1 "
         "h2))))",
         "both cleared is not the same"},
        {"(allow b_t b_t (domain (info)))(mlsconstrain (domain (info)) (eq h1 h2))", "asks more of clearances"},
        {"(ioportcon (9 8) (u r a_t ((s0)(s0))))", "the end is below"},
        {"(ioportcon (9 12) (u r a_t ((s0)(s0))))(ioportcon (1 9) (u r a_t ((s0)(s0))))", "0x1-0x9 overlaps 0x9-0xc"},
        {"(pirqcon 5 (u r a_t ((s0)(s0(c1)))))", "pirqcon 0x5-0x5: a label with one compartment"},
        {"(pirqcon 5 (u r a_t ((s0(c1 c2))(s0(c1 c2)))))", "one compartment"},
        {"(type a23456789_123456789_123456789_123456789_12345678)"
         "(roletype r a23456789_123456789_123456789_123456789_12345678)",
         "at most 47 characters"},
    };
    char *declarations = support_declarations();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text;
        assert_true(asprintf(&text, "%s%s\n", minimal, cases[i].add) > 0);
        refuse(declarations, text, cases[i].why);
        free(text);
    }
    static const struct {
        const char *from, *to, *why;
    } changes[] = {
        {"(sensitivity s0)(sensitivityorder (s0))", "(sensitivity s0)(sensitivity s1)(sensitivityorder (s0 s1))",
         "2 sensitivities"},
        {"(sensitivitycategory s0 (range c0 c1023))(user", "(sensitivitycategory s0 (range c0 c9))(user", "c1023"},
        {"(roletype r a_t)", "(role q)(userrole u q)(roletype q a_t)", "initial SID xen"},
        {"(mls true)", "(mls false)", "MLS"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char *text = replace(minimal, changes[i].from, changes[i].to);
        if (strstr(changes[i].why, "c1023")) {
            char *range = replace(text, "(s0(range c0 c1023))))", "(s0(range c0 c9))))");
            free(text);
            text = range;
        } else if (strstr(changes[i].why, "SID xen")) {
            char *context = replace(text, "(u r a_t ", "(u q a_t ");
            free(text);
            text = context;
        }
        refuse(declarations, text, changes[i].why);
        free(text);
    }
    free(declarations);
}

static void refuses_more_types_than_fit(void **state)
{
    (void)state;
    char *declarations = support_declarations(), *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    fputs(minimal, f);
    for (int i = 0; i < POLICY_TYPES_MAX - 1; i++)
        fprintf(f, "(type more%d_t)(roletype r more%d_t)\n", i, i);
    fclose(f);
    refuse(declarations, text, "more than 512 types");
    free(text);
    free(declarations);
}

static void refuses_what_is_no_policy(void **state)
{
    (void)state;
    struct policy_error e;
    char garbage[64] = "not a policy";
    assert_int_equal(policy_flatten(garbage, 0, &flat, &e), -EINVAL);
    assert_int_equal(policy_flatten(garbage, sizeof(garbage), &flat, &e), -EINVAL);
    assert_non_null(strstr(e.text, "libsepol"));

    char *declarations = support_declarations();
    const char *files[] = {support_write("d.cil", declarations), support_write("p.cil", minimal), NULL};
    free(declarations);
    size_t size;
    uint8_t *image = support_read(support_secilc(files), &size);
    for (size_t n = 1; n < size; n += 211) {
        if (policy_flatten(image, n, &flat, &e) != -EINVAL) fail_msg("%zu of %zu bytes: taken", n, size);
    }
    free(image);
}

/* ---- The policy that is shipped ---------------------------------------------------------------- */

/* Compiles base.cil and bulkhead.cil with one more line; NULL where secilc refuses it. */
static const char *shipped_with(const char *line)
{
    char *declarations = support_declarations();
    const char *files[] = {support_write("d.cil", declarations), "policy/base.cil", "policy/bulkhead.cil",
                           support_write("more.cil", line), NULL};
    free(declarations);
    return support_secilc(files);
}

/* For asking libsepol here. */
static policydb_t db;
static sidtab_t sids;

static const char additions[] =
    "(type up_t)(call guest (up_t))(type down_t)(call guest (down_t))(allow down_t up_t (grant (map_read)))"
    "(type driver_t)(call guest (driver_t))(type nic_t)(call device (nic_t))(call drives (driver_t nic_t))"
    "(ioportcon (0xc000 0xc01f) (system_u object_r nic_t ((s0 (c3)) (s0 (c3)))))"
    "(iomemcon (0xfebc0 0xfebdf) (system_u object_r nic_t ((s0 (c0)) (s0 (c0)))))"
    "(iomemcon 0xfffffffff (system_u object_r nic_t ((s0) (s0))))"
    "(pirqcon 11 (system_u object_r nic_t ((s0 (c0)) (s0 (c0)))))"
    "(pcidevicecon 0x18 (system_u object_r nic_t ((s0 (c0)) (s0 (c0)))))\n";

static int open_shipped(void **state)
{
    struct policy_error e;
    size_t size;
    uint8_t *image = support_read(shipped_with(additions), &size);
    policy_flat_free(&flat);
    assert_int_equal(policy_flatten(image, size, &flat, &e), 0);
    assert_int_equal(policydb_init(&db), 0);
    assert_int_equal(policydb_from_image(NULL, image, size, &db), 0);
    assert_int_equal(policydb_load_isids(&db, &sids), 0);
    sepol_set_policydb(&db);
    sepol_set_sidtab(&sids);
    free(image);
    static uint8_t *file;
    file = support_file(&flat, 1, &size);
    static struct policy_table table;
    assert_int_equal(policy_table_open(&table, file, size), 0);
    *state = &table;
    return 0;
}

static int close_shipped(void **state)
{
    struct policy_table *t = *state;
    free((void *)(uintptr_t)t->data);
    policy_flat_free(&flat);
    sepol_sidtab_destroy(&sids);
    policydb_destroy(&db);
    return 0;
}

static sepol_security_id_t sid_of(const char *type, const char *range)
{
    static const char *const roles[] = {"system_r", "object_r"};
    sepol_security_id_t sid;
    char context[128];
    for (int i = 0; i < 2; i++) {
        int n = snprintf(context, sizeof(context), "system_u:%s:%s:%s", roles[i], type, range);
        if (sepol_context_to_sid(context, (size_t)n + 1, &sid) == 0) return sid;
    }
    fail_msg("no context %s %s", type, range);
    return 0;
}

static bool libsepol_allows(const char *s, const char *srange, const char *t, const char *trange, uint32_t perm)
{
    sepol_security_class_t class;
    sepol_access_vector_t bit;
    struct sepol_av_decision d;
    assert_int_equal(sepol_string_to_security_class(bh_permissions[perm].class_name, &class), 0);
    assert_int_equal(sepol_string_to_av_perm(class, bh_permissions[perm].name, &bit), 0);
    assert_int_equal(sepol_compute_av(sid_of(s, srange), sid_of(t, trange), class, bit, &d), 0);
    return d.allowed & bit;
}

/* With compartments that the compiler does not ask about. The rows whose answers count, as in the hypervisor. */
static const struct {
    const char *source, *target;
    enum policy_relation row, or ;
} cases[] = {
    {"s0:c0", "s0:c0", POLICY_SAME, POLICY_SAME},
    {"s0:c1023", "s0:c1023", POLICY_SAME, POLICY_SAME},
    {"s0:c77-s0:c77,c78", "s0:c77", POLICY_SAME, POLICY_SAME},
    {"s0:c0", "s0:c1023", POLICY_OTHER, POLICY_OTHER},
    {"s0:c77", "s0:c78", POLICY_OTHER, POLICY_OTHER},
    {"s0:c77-s0:c77,c80", "s0:c78", POLICY_OTHER, POLICY_OTHER},
    {"s0:c1023-s0:c0.c1023", "s0:c0", POLICY_SOURCE_CLEARED, POLICY_SOURCE_CLEARED},
    {"s0:c77-s0:c77,c78", "s0:c78", POLICY_SOURCE_CLEARED, POLICY_SOURCE_CLEARED},
    {"s0:c77-s0:c77,c78", "s0:c78-s0:c78,c100", POLICY_SOURCE_CLEARED, POLICY_SOURCE_CLEARED},
    {"s0:c77", "s0:c78-s0:c77,c78", POLICY_TARGET_CLEARED, POLICY_TARGET_CLEARED},
    {"s0:c5", "s0:c6-s0:c0.c1023", POLICY_TARGET_CLEARED, POLICY_TARGET_CLEARED},
    {"s0:c5-s0:c5,c6", "s0:c6-s0:c5,c6", POLICY_SOURCE_CLEARED, POLICY_TARGET_CLEARED},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void every_cell_is_libsepols_answer(void **state)
{
    const struct policy_table *t = *state;
    uint32_t cells = 0, allowed[CASES] = {0};
    assert_int_equal(t->types, 9);
    for (uint16_t a = 0; a < t->types; a++) {
        for (uint16_t b = 0; b < t->types; b++) {
            for (uint16_t p = 0; p < BH_PERM_COUNT; p++) {
                for (size_t i = 0; i < CASES; i++) {
                    const char *s = policy_table_type_name(t, a), *o = policy_table_type_name(t, b);
                    bool ours =
                        policy_table_allows(t, a, b, cases[i].row, p) || policy_table_allows(t, a, b, cases[i].or, p);
                    if (ours != libsepol_allows(s, cases[i].source, o, cases[i].target, p))
                        fail_msg("%s:%s -> %s:%s %s:%s: table says %d", s, cases[i].source, o, cases[i].target,
                                 bh_permissions[p].class_name, bh_permissions[p].name, ours);
                    cells++;
                    allowed[i] += ours;
                }
            }
        }
    }
    assert_int_equal(cells, 9 * 9 * BH_PERM_COUNT * CASES);
    for (size_t i = 0; i < CASES; i++) /* it was not all one answer, and compartments make a difference */
        assert_in_range(allowed[i], 300, cells / CASES / 2);
    assert_true(allowed[3] < allowed[7] && allowed[7] <= allowed[0]);
}

/* A guard between two compartments: down_t reads what up_t grants it, when it is cleared for it; nothing goes back. */
static void a_guard_lets_through_one_way(void **state)
{
    const struct policy_table *t = *state;
    uint16_t up = (uint16_t)policy_table_type_index(t, "up_t"), down = (uint16_t)policy_table_type_index(t, "down_t");
    assert_true(policy_table_allows(t, down, up, POLICY_SOURCE_CLEARED, PERM_grant_map_read));
    assert_true(policy_table_allows(t, down, up, POLICY_SAME, PERM_grant_map_read));
    assert_false(policy_table_allows(t, down, up, POLICY_OTHER, PERM_grant_map_read));
    for (int r = 0; r < POLICY_RELATIONS; r++) {
        assert_false(policy_table_allows(t, down, up, r, PERM_grant_map_write));
        assert_false(policy_table_allows(t, up, down, r, PERM_grant_map_read));
    }
}

static void hardware_has_the_labels_of_its_statements(void **state)
{
    const struct policy_table *t = *state;
    static const struct {
        enum policy_hardware kind;
        uint64_t first, last;
        const char *type;
        uint16_t compartment;
    } pieces[] = {
        {POLICY_HW_IOPORT, 0xbfff, 0xbfff, "xen_t", 0},
        {POLICY_HW_IOPORT, 0xc000, 0xc01f, "nic_t", 3},
        {POLICY_HW_IOPORT, 0xc020, 0xffff, "xen_t", 0},
        {POLICY_HW_IOMEM, 0xfebc0, 0xfebc0, "nic_t", 0},
        {POLICY_HW_IOMEM, 0xfebe0, 0xfebe0, "xen_t", 0},
        {POLICY_HW_IRQ, 11, 11, "nic_t", 0},
        {POLICY_HW_IRQ, 12, 12, "xen_t", 0},
        {POLICY_HW_PCI, 0x18, 0x18, "nic_t", 0},
        {POLICY_HW_IOMEM, 0x10000000000, ~0ull, "xen_t", 0},
        {POLICY_HW_IOMEM, 0xfffffffff, 0xfffffffff, "nic_t", 0},
    };
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct label l;
        assert_true(policy_section_resource(t, pieces[i].kind, pieces[i].first, pieces[i].last, &l));
        assert_string_equal(policy_table_type_name(t, l.type), pieces[i].type);
        assert_int_equal(l.compartment, pieces[i].compartment);
    }
    struct label l;
    assert_false(policy_section_resource(t, POLICY_HW_IOPORT, 0xbfff, 0xc000, &l));
    uint16_t driver = (uint16_t)policy_table_type_index(t, "driver_t"),
             nic = (uint16_t)policy_table_type_index(t, "nic_t");
    assert_true(policy_table_allows(t, driver, nic, POLICY_OTHER, PERM_hw_iomem));
    assert_false(
        policy_table_allows(t, (uint16_t)policy_table_type_index(t, "dom0_t"), nic, POLICY_SAME, PERM_hw_iomem));
}

static bool may(const struct policy_table *t, const char *s, const char *o, bool same, uint16_t p)
{
    int a = policy_table_type_index(t, s), b = policy_table_type_index(t, o);
    assert_true(a >= 0 && b >= 0);
    return policy_table_allows(t, (uint16_t)a, (uint16_t)b, same, p);
}

static void tenants_share_in_one_compartment_only(void **state)
{
    const struct policy_table *t = *state;
    for (uint16_t p = 0; p < BH_PERM_COUNT; p++)
        if (bh_permissions[p].object == BH_OBJECT_DOMAIN && may(t, "tenant_t", "tenant_t", false, p))
            fail_msg("tenants in two compartments: %s:%s", bh_permissions[p].class_name, bh_permissions[p].name);
    assert_true(may(t, "tenant_t", "tenant_t", true, PERM_grant_map_write));
    assert_true(may(t, "tenant_t", "tenant_t", true, PERM_event_bind));
    assert_true(may(t, "tenant_t", "service_t", false, PERM_grant_map_read));
    assert_true(may(t, "service_t", "tenant_t", false, PERM_grant_map_read));
    assert_false(may(t, "service_t", "service_t", true, PERM_grant_map_read));
    assert_false(may(t, "isolated_t", "isolated_t", true, PERM_grant_map_read));
}

static void dom0_gets_the_console_and_nothing_else(void **state)
{
    static const char *const guests[] = {"tenant_t", "service_t", "isolated_t"};
    const struct policy_table *t = *state;
    for (size_t i = 0; i < 3; i++) {
        for (int same = 0; same < 2; same++) {
            assert_true(may(t, "dom0_t", guests[i], same, PERM_grant_map_console));
            assert_true(may(t, "dom0_t", guests[i], same, PERM_event_bind_console));
            assert_true(may(t, "dom0_t", guests[i], same, PERM_domain_destroy));
            assert_false(may(t, "dom0_t", guests[i], same, PERM_grant_map_read));
            assert_false(may(t, "dom0_t", guests[i], same, PERM_grant_map_write));
            assert_false(may(t, "dom0_t", guests[i], same, PERM_grant_copy_from));
            assert_false(may(t, "dom0_t", guests[i], same, PERM_grant_copy_to));
            assert_false(may(t, "dom0_t", guests[i], same, PERM_event_bind));
            assert_false(may(t, guests[i], "dom0_t", same, PERM_domain_destroy));
            assert_false(may(t, guests[i], "xen_t", same, PERM_policy_audit));
            assert_false(may(t, guests[i], "xen_t", same, PERM_hw_ioport));
            assert_false(may(t, guests[i], "xen_t", same, PERM_tpm_quote));
        }
    }
}

/* A rule that breaks a promise of the shipped policy does not compile; a harmless one does. */
static void promises_are_enforced_by_the_compiler(void **state)
{
    (void)state;
    assert_non_null(shipped_with("(type web_t)(call guest (web_t))(call join (web_t tenant_t))\n"));
    assert_non_null(
        shipped_with("(type web_t)(call guest (web_t))(type db_t)(call guest (db_t))(call join (web_t db_t))"
                     "(type collector_t)(call guest (collector_t))(typeattributeset spanning collector_t)"
                     "(allow collector_t web_t (grant (map_read)))"
                     "(allow web_t collector_t (event (alloc send)))"
                     "(allow collector_t web_t (event (bind)))"
                     "(neverallow db_t collector_t (grant (map_read map_write copy_from copy_to)))\n"));
    assert_null(shipped_with("(call join (dom0_t tenant_t))\n"));
    assert_null(shipped_with("(allow dom0_t tenant_t (grant (map_read)))\n"));
    assert_null(shipped_with("(allow tenant_t dom0_t (grant (copy_to)))\n"));
    assert_null(shipped_with("(allow tenant_t xen_t (tpm (quote)))\n"));
    assert_null(shipped_with("(allow service_t tenant_t (domain (pause)))\n"));
    assert_null(shipped_with("(allow tenant_t no_such_t (grant (setup)))\n"));
    assert_null(shipped_with("(allow tenant_t service_t (grant (no_such_permission)))\n"));
    assert_null(shipped_with("(allow tenant_t service_t (grant (setup))\n"));
}

int main(void)
{
    const struct CMUnitTest compiler[] = {
        cmocka_unit_test(takes_the_least_policy),          cmocka_unit_test(refuses_other_classes_and_permissions),
        cmocka_unit_test(refuses_what_a_table_cannot_say), cmocka_unit_test(refuses_more_types_than_fit),
        cmocka_unit_test(refuses_what_is_no_policy),
    };
    const struct CMUnitTest shipped[] = {
        cmocka_unit_test(every_cell_is_libsepols_answer),
        cmocka_unit_test(a_guard_lets_through_one_way),
        cmocka_unit_test(hardware_has_the_labels_of_its_statements),
        cmocka_unit_test(tenants_share_in_one_compartment_only),
        cmocka_unit_test(dom0_gets_the_console_and_nothing_else),
        cmocka_unit_test(promises_are_enforced_by_the_compiler),
    };
    return cmocka_run_group_tests(compiler, NULL, NULL) + cmocka_run_group_tests(shipped, open_shipped, close_shipped);
}
