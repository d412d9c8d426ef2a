/* SPDX-License-Identifier: MIT */
/* What the compiler prints: a table's content, refusals, and the listing that the README repeats. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "policy_support.h"

static void dumps_what_is_allowed(void **state)
{
    (void)state;
    struct policy_flat flat;
    struct policy_error e;
    size_t size, text_size;
    char *text;
    support_flat(&flat, 3);
    support_allow(&flat, 0, 2, true, PERM_grant_map_read);
    support_allow(&flat, 0, 2, true, PERM_grant_copy_to);
    support_allow(&flat, 0, 2, true, PERM_platform_console_read);
    support_allow(&flat, 2, 1, false, PERM_domain_create);
    uint8_t *file = support_file(&flat, 9, &size);
    FILE *out = open_memstream(&text, &text_size);
    assert_int_equal(policy_file_dump(file, size, out, &e), 0);
    fclose(out);
    const char *rules = strstr(text, "permissions }\n");
    assert_non_null(rules);
    assert_string_equal(rules, "permissions }\n"
                               "t000 t002 same grant { map_read copy_to }\n"
                               "t000 t002 same platform { console_read }\n"
                               "t002 t001 other domain { create }\n");
    assert_non_null(strstr(text, "# policy test, version 9, format 2, 3 types"));
    assert_non_null(strstr(text, "# boot domain t000, hypervisor t002"));
    free(text);
    free(file);
    policy_flat_free(&flat);
}

static void says_where_a_file_is_bad(void **state)
{
    (void)state;
    struct policy_flat flat;
    struct policy_error e;
    size_t size;
    support_flat(&flat, 1);
    uint8_t *file = support_file(&flat, 1, &size);
    file[8]++;
    assert_int_equal(policy_file_dump(file, size, stdout, &e), -EINVAL);
    assert_non_null(strstr(e.text, "offset 8:"));
    free(file);
    policy_flat_free(&flat);
}

static void refuses_a_long_name(void **state)
{
    (void)state;
    struct policy_flat flat;
    struct policy_error e;
    size_t size;
    support_flat(&flat, 1);
    assert_null(policy_file_build(&flat, "a23456789_123456789_123456789_12", 1, &size, &e));
    assert_non_null(strstr(e.text, "31 characters"));
    assert_null(policy_file_build(&flat, "bell\a", 1, &size, &e));
    assert_null(policy_file_build(&flat, "version", 0, &size, &e));
    policy_flat_free(&flat);
}

/* policy/README.md repeats the output of --coverage, word for word. */
static void the_readme_lists_every_permission(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    policy_file_coverage(out);
    fclose(out);
    char *readme = (char *)support_read("policy/README.md", &size);
    assert_non_null(readme);
    readme[size] = 0;
    if (!strstr(readme, text)) fail_msg("policy/README.md does not have what `make policy-coverage` prints");
    free(readme);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dumps_what_is_allowed),
        cmocka_unit_test(says_where_a_file_is_bad),
        cmocka_unit_test(refuses_a_long_name),
        cmocka_unit_test(the_readme_lists_every_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
