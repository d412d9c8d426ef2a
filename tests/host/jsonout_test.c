/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonout.h"

static char *text;
static size_t size;

static struct jsonout begin(void)
{
    return (struct jsonout){.file = open_memstream(&text, &size)};
}

static void ends_as(struct jsonout *j, const char *want)
{
    fclose(j->file);
    assert_string_equal(text, want);
    free(text);
}

static void test_shapes(void **state)
{
    static const uint8_t bytes[] = {0x00, 0xff, 0x1a};
    struct jsonout j = begin();

    (void)state;
    jsonout_open(&j, NULL, '[');
    jsonout_open(&j, NULL, '{');
    jsonout_string(&j, "a", "b");
    jsonout_number(&j, "n", UINT64_MAX);
    jsonout_bool(&j, "t", true);
    jsonout_hex(&j, "h", bytes, sizeof(bytes));
    jsonout_open(&j, "list", '[');
    jsonout_number(&j, NULL, 1);
    jsonout_number(&j, NULL, 2);
    jsonout_close(&j, ']');
    jsonout_bool(&j, "f", false);
    jsonout_close(&j, '}');
    jsonout_open(&j, NULL, '{');
    jsonout_close(&j, '}');
    jsonout_close(&j, ']');
    ends_as(&j, "[{\"a\":\"b\",\"n\":18446744073709551615,\"t\":true,\"h\":\"00ff1a\",\"list\":[1,2],\"f\":false},{}]");
}

static void test_empty(void **state)
{
    struct jsonout j = begin();

    (void)state;
    jsonout_open(&j, NULL, '[');
    jsonout_close(&j, ']');
    ends_as(&j, "[]");
}

static void test_hostile_strings(void **state)
{
    struct jsonout j = begin();

    (void)state;
    jsonout_open(&j, NULL, '{');
    jsonout_string(&j, "k\"", "\"\\\n\x1b\x7f\xff{}[],");
    jsonout_close(&j, '}');
    ends_as(&j, "{\"k\\\"\":\"\\\"\\\\\\u000a\\u001b\\u007f\\u00ff{}[],\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_hostile_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
