/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/bootinfo.h"

static void test_get(void **state)
{
    char v[8];

    assert_int_equal(cmdline_get("a=1 bc=two  d= e", "a", v, sizeof(v)), 0);
    assert_string_equal(v, "1");
    assert_int_equal(cmdline_get("a=1 bc=two  d= e", "bc", v, sizeof(v)), 0);
    assert_string_equal(v, "two");
    assert_int_equal(cmdline_get("a=1 bc=two  d= e", "d", v, sizeof(v)), 0);
    assert_string_equal(v, "");
    assert_int_equal(cmdline_get("  a=1", "a", v, sizeof(v)), 0);
    assert_int_equal(cmdline_get("a=b=c", "a", v, sizeof(v)), 0);
    assert_string_equal(v, "b=c");
    assert_int_equal(cmdline_get("a=1 a=2", "a", v, sizeof(v)), 0);
    assert_string_equal(v, "1");
}

/* A key is a whole word: no part of another key, and not a value. */
static void test_absent(void **state)
{
    static const char *const lines[] = {"", " ", "c", "c ", "bc=1", "cc=1", "x=c=1", "C=1", "=c", "x c"};
    char v[8];

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        assert_int_equal(cmdline_get(lines[i], "c", v, sizeof(v)), -XEN_ENOENT);
}

static void test_room(void **state)
{
    char *v = malloc(4);

    assert_int_equal(cmdline_get("k=abc", "k", v, 4), 0);
    assert_string_equal(v, "abc");
    assert_int_equal(cmdline_get("k=abcd", "k", v, 4), -XEN_E2BIG);
    assert_int_equal(cmdline_get("k=", "k", v, 1), 0);
    assert_int_equal(cmdline_get("k=a", "k", v, 1), -XEN_E2BIG);
    free(v);
}

static void test_size(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0K", 0},         {"1k", 1024},        {"512M", 512ul << 20}, {"512m", 512ul << 20},
                {"3G", 3ul << 30}, {"007g", 7ul << 30}, {"65536G", 1ul << 46}, {"68719476736K", 1ul << 46}};
    static const char *const bad[] = {"",
                                      "1",
                                      "M",
                                      "-1M",
                                      "+1M",
                                      " 1M",
                                      "1 M",
                                      "1MB",
                                      "1T",
                                      "0x10M",
                                      "65537G",
                                      "1M ",
                                      "67108865M",
                                      "68719476737K",
                                      "18446744073709551617K",
                                      "99999999999999999999999999999999999K"};
    uint64_t v;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        v = 7;
        assert_int_equal(cmdline_size(good[i].text, &v), 0);
        assert_int_equal(v, good[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(cmdline_size(bad[i], &v), -XEN_EINVAL);
}

static void test_number(void **state)
{
    static const char *const bad[] = {"",   "1000", "12345678", "1x", "x",
                                      "-1", "+1",   " 1",       "1 ", "18446744073709551616"};
    uint32_t v;

    assert_int_equal(cmdline_number("7", 999, &v), 0);
    assert_int_equal(v, 7);
    assert_int_equal(cmdline_number("999", 999, &v), 0);
    assert_int_equal(v, 999);
    assert_int_equal(cmdline_number("007", 999, &v), 0);
    assert_int_equal(v, 7);
    assert_int_equal(cmdline_number("0", 999, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(cmdline_number("4294967295", UINT32_MAX, &v), 0);
    assert_int_equal(v, UINT32_MAX);
    assert_int_equal(cmdline_number("4294967296", UINT32_MAX, &v), -XEN_EINVAL);
    v = 5;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(cmdline_number(bad[i], 999, &v), -XEN_EINVAL);
    assert_int_equal(v, 5);
}

/* Each line and each value has an allocation of its exact size. */
static void test_noise(void **state)
{
    static const char letters[] = "aab==  19KMG";
    unsigned int found = 0, sized = 0;

    srandom(7);
    for (unsigned int round = 0; round < 60000; round++) {
        size_t n = (size_t)random() % 24, room = 1 + (size_t)random() % 6;
        char *line = malloc(n + 1), *v = malloc(room);
        uint64_t bytes;
        for (size_t i = 0; i < n; i++)
            line[i] = letters[(size_t)random() % (sizeof(letters) - 1)];
        line[n] = 0;
        int rc = cmdline_get(line, "a", v, room);
        assert_true(rc == 0 || rc == -XEN_ENOENT || rc == -XEN_E2BIG);
        if (!rc) {
            assert_true(strlen(v) < room && !strchr(v, ' '));
            found++;
            if (!cmdline_size(v, &bytes)) {
                assert_true(bytes <= 1ul << 46);
                sized++;
            }
        }
        free(line);
        free(v);
    }
    assert_true(found > 1000 && sized > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),  cmocka_unit_test(test_absent), cmocka_unit_test(test_room),
        cmocka_unit_test(test_size), cmocka_unit_test(test_number), cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
