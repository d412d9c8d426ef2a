/* SPDX-License-Identifier: MIT */
/* The tables of permissions and of operations: each permission guards an operation, and nothing in the hypervisor asks
 * but by a row. That a handler exists for each row, and a row for each handler, the compiler sees to. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hypercall/operations.h"
#include "monitor/permissions.h"
#include "policy_support.h"

/* Guard no operation of the hypervisor yet. An entry that has a row fails the test: take it out then. */
static const enum bh_perm unused[] = {
    PERM_domain_launch,
};

static void every_permission_has_a_row(void **state)
{
    (void)state;
    for (enum bh_perm p = 0; p < BH_PERM_COUNT; p++) {
        int rows = 0, excused = 0;
        for (int op = 1; op < OPERATION_COUNT; op++)
            rows += operations[op].perm == p;
        for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
            excused += unused[i] == p;
        if (!rows == !excused)
            fail_msg("%s:%s: %d operations, %d excuses", bh_permissions[p].class_name, bh_permissions[p].name, rows,
                     excused);
    }
}

static void cases_follow_their_row(void **state)
{
    (void)state;
    for (unsigned int op = 1; op < OPERATION_COUNT; op++) {
        assert_in_range(operations[op].perm, 0, BH_PERM_COUNT - 1);
        assert_int_equal(operations[operations[op].of].of, operations[op].of);
        assert_true(operations[op].of == op || operations[op - 1].of == operations[op].of);
    }
}

/* The monitor's own sources, the table, and the TPM's list of commands. */
static bool may_name_permissions(const char *path)
{
    return strstr(path, "hv/monitor/") || strstr(path, "operations") || strstr(path, "tpm_allow");
}

/* Where a permission is named in a text, or NULL: PERM_ and a class. */
static const char *named(const char *text)
{
    for (const char *at = strstr(text, "PERM_"); at; at = strstr(at + 1, "PERM_")) {
        if (at > text && (isalnum(at[-1]) || at[-1] == '_')) continue; /* GNTMAP_, _XEN_... */
        for (int c = 0; c < BH_CLASS_COUNT; c++)
            if (strncmp(at + 5, bh_class_names[c], strlen(bh_class_names[c])) == 0) return at;
    }
    return NULL;
}

static void nobody_asks_but_by_a_row(void **state)
{
    (void)state;
    glob_t g;
    size_t n;

    assert_non_null(named("rc = monitor_check(d, d, PERM_memory_map, 0);"));
    assert_int_equal(glob("hv/*/*.[ch]", 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        uint8_t *text = support_read(g.gl_pathv[i], &n);
        char *copy = strndup((char *)text, n);
        const char *at = named(copy);
        if (at && !may_name_permissions(g.gl_pathv[i]))
            fail_msg("%s names %.24s: it belongs into hv/hypercall/operations.h", g.gl_pathv[i], at);
        free(copy);
        free(text);
    }
    globfree(&g);
}

static void names_are_unique_and_say_what_they_guard(void **state)
{
    (void)state;
    int in_class[BH_CLASS_COUNT] = {0};
    for (int p = 0; p < BH_PERM_COUNT; p++) {
        assert_true(strlen(bh_permissions[p].guards) > 0);
        assert_string_equal(bh_permissions[p].class_name, bh_class_names[bh_permissions[p].class]);
        in_class[bh_permissions[p].class]++;
        for (int q = 0; q < p; q++)
            assert_true(bh_permissions[p].class != bh_permissions[q].class ||
                        strcmp(bh_permissions[p].name, bh_permissions[q].name) != 0);
    }
    for (int c = 0; c < BH_CLASS_COUNT; c++)
        assert_in_range(in_class[c], 1, 32); /* an access vector has 32 bits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_permission_has_a_row),
        cmocka_unit_test(cases_follow_their_row),
        cmocka_unit_test(nobody_asks_but_by_a_row),
        cmocka_unit_test(names_are_unique_and_say_what_they_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
