/* SPDX-License-Identifier: MIT */
/* The table of permissions against the hypervisor's sources: each is asked somewhere, none is a rule without effect. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "policy_support.h"

/* All of hv's C sources, but the table itself, as one text. */
static char *sources(void)
{
    glob_t g;
    char *all;
    size_t size, n;
    FILE *out = open_memstream(&all, &size);
    assert_int_equal(glob("hv/*/*.c", 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        if (strstr(g.gl_pathv[i], "permissions.c"))
            continue;
        uint8_t *text = support_read(g.gl_pathv[i], &n);
        fwrite(text, 1, n, out);
        free(text);
    }
    fclose(out);
    globfree(&g);
    return all;
}

static bool names(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if (!isalnum(at[n]) && at[n] != '_')
            return true;
    return false;
}

static void every_permission_is_asked(void **state)
{
    (void)state;
    char *text = sources(), word[64];
    assert_false(names(text, "PERM_domain_creat"));
    for (int p = 0; p < BH_PERM_COUNT; p++) {
        snprintf(word, sizeof(word), "PERM_%s_%s", bh_permissions[p].class_name, bh_permissions[p].name);
        if (!names(text, word))
            fail_msg("%s: nobody asks it", word);
    }
    free(text);
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
        cmocka_unit_test(every_permission_is_asked),
        cmocka_unit_test(names_are_unique_and_say_what_they_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
