/* SPDX-License-Identifier: MIT */
/* The syntax of tenants' files: what is read, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlcfg.h"

static struct xlcfg xl;
static struct xlcfg_error err;

/* The text lies in a buffer of its exact size, so that a read beyond it is seen. */
static int parse_bytes(const char *text, size_t size)
{
    char *copy = malloc(size ? size : 1);
    int rc;

    memcpy(copy, text, size);
    rc = xlcfg_parse(copy, size, &xl, &err);
    free(copy);
    return rc;
}

static int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static const char *value(size_t entry, size_t item)
{
    assert_true(entry < xl.count && item < xl.entries[entry].count);
    return xl.values[xl.entries[entry].first + item].text;
}

static void refused(const char *text, int line, const char *words)
{
    assert_int_equal(parse(text), -EINVAL);
    assert_int_equal(err.line, line);
    if (!strstr(err.text, words)) fail_msg("'%s' is not in '%s'", words, err.text);
}

static void test_a_whole_file(void **state)
{
    (void)state;
    assert_int_equal(parse("# a tenant\n"
                           "name = \"acme\"\n"
                           "\n"
                           "memory=160 # MiB\n"
                           "extra = 'console=hvc0 a=\"b\"' ; vcpus = 0x2\r\n"
                           "_x9 = -5"),
                     0);
    assert_int_equal(xl.count, 5);
    assert_string_equal(xl.entries[0].key, "name");
    assert_int_equal(xl.entries[0].line, 2);
    assert_string_equal(value(0, 0), "acme");
    assert_true(xl.values[xl.entries[0].first].quoted);
    assert_string_equal(value(1, 0), "160");
    assert_false(xl.values[xl.entries[1].first].quoted);
    assert_string_equal(value(2, 0), "console=hvc0 a=\"b\"");
    assert_string_equal(xl.entries[3].key, "vcpus");
    assert_int_equal(xl.entries[3].line, 5);
    assert_string_equal(value(3, 0), "0x2");
    assert_string_equal(value(4, 0), "-5");
}

static void test_lists(void **state)
{
    (void)state;
    assert_int_equal(parse("a = [ 'x', # first\n  \"y\",\n 3 , ]\nb = []\n"), 0);
    assert_true(xl.entries[0].list);
    assert_int_equal(xl.entries[0].count, 3);
    assert_string_equal(value(0, 1), "y");
    assert_string_equal(value(0, 2), "3");
    assert_int_equal(xl.entries[1].count, 0);
    assert_int_equal(xl.entries[1].line, 4);
}

static void test_escapes(void **state)
{
    (void)state;
    assert_int_equal(parse("a = \"q\\\"t\\t\\x41\\\\\""), 0);
    assert_string_equal(value(0, 0), "q\"t\tA\\");
    refused("a = \"\\x0\"", 1, "two hexadecimal digits");
    refused("a = \"\\x00\"", 1, "NUL");
    refused("a = \"\\q\"", 1, "unknown escape");
    refused("a = \"\\", 1, "ends inside a string");
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(xl.count, 0);
    assert_int_equal(parse("\n\n;;# nothing"), 0);
    assert_int_equal(xl.count, 0);
}

static void test_errors_name_line_and_key(void **state)
{
    (void)state;
    refused("\nname = acme\n", 2, "quotes");
    refused("name = ", 1, "found the end of the file");
    refused("name = \n", 1, "found the end of the line");
    refused("name", 1, "name: expected '='");
    refused("a = 1 2", 1, "a: expected the end of the line or ';', found '2'");
    refused("a = 1\nb = 2\na = 3", 3, "a: given twice, first on line 1");
    refused("= 3", 1, "expected a key, found '='");
    refused("9 = 3", 1, "expected a key");
    refused("a = 'x\n'", 1, "not closed before the end of the line");
    refused("a = 'x", 1, "ends inside a string");
    refused("a = [ 1 2 ]", 1, "expected ',' or ']'");
    refused("a = [ 1,\n2", 2, "expected ',' or ']' in a list, found the end of the file");
    refused("a = [ [ 1 ] ]", 1, "lists inside lists");
    refused("a = -", 1, "'-' without a number");
    refused("a = -x", 1, "'-' without a number");
    refused("a \x01= 1", 1, "found byte 0x01");
}

static void test_nul_bytes(void **state)
{
    (void)state;
    assert_int_equal(parse_bytes("a = 1\0", 6), -EINVAL);
    assert_int_equal(parse_bytes("\0", 1), -EINVAL);
    /* One inside a string ends the text for whoever reads it, and hurts nobody. */
    assert_int_equal(parse_bytes("a = 'x\0y'", 9), 0);
    assert_string_equal(value(0, 0), "x");
}

static void test_limits(void **state)
{
    char text[XLCFG_FILE_MAX + 2], *p = text;

    (void)state;
    for (unsigned int i = 0; i < XLCFG_ENTRIES_MAX; i++)
        p += sprintf(p, "k%u=1\n", i);
    assert_int_equal(parse(text), 0);
    strcpy(p, "more=1\n");
    refused(text, XLCFG_ENTRIES_MAX + 1, "too many keys");

    p = text + sprintf(text, "a=[");
    for (unsigned int i = 0; i < XLCFG_VALUES_MAX; i++)
        p += sprintf(p, "1,");
    strcpy(p, "]");
    assert_int_equal(parse(text), 0);
    strcpy(p, "1]");
    refused(text, 1, "too many values");

    refused("a123456789012345678901234567890=1\nb1234567890123456789012345678901=1", 2, "more than 31 characters");

    memset(text, ' ', sizeof(text));
    assert_int_equal(parse_bytes(text, XLCFG_FILE_MAX), 0);
    assert_int_equal(parse_bytes(text, XLCFG_FILE_MAX + 1), -EINVAL);
    assert_non_null(strstr(err.text, "at most 65536"));
    memcpy(text, "a='", 3);
    memset(text + 3, 'x', XLCFG_FILE_MAX - 4);
    text[XLCFG_FILE_MAX - 1] = '\'';
    assert_int_equal(parse_bytes(text, XLCFG_FILE_MAX), 0);
    assert_int_equal(strlen(value(0, 0)), XLCFG_FILE_MAX - 4);
}

static void test_every_truncation(void **state)
{
    static const char text[] = "a = [ 'x\\x41', 2,\n ] ; b = \"y\" # z\nc=0x1f";

    (void)state;
    for (size_t n = 0; n <= sizeof(text) - 1; n++)
        parse_bytes(text, n);
    assert_int_equal(parse(text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_file),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_errors_name_line_and_key),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_every_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
