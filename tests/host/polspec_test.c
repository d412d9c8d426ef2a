/* SPDX-License-Identifier: MIT */
/* The language of assertions: what each sentence means, and what is refused, with its line. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "polflow.h"
#include "polspec.h"

static struct polspec spec;
static struct polspec_error error;

static const struct polspec_line *one(const char *text)
{
    polspec_free(&spec);
    if (polspec_parse(&spec, text, strlen(text), &error) != 0)
        fail_msg("%s: line %u: %s", text, error.line, error.text);
    assert_int_equal(spec.count, 1);
    return &spec.lines[0];
}

static void no_path(void **state)
{
    (void)state;
    const struct polspec_line *l =
        one("no path from tenant_t in one compartment to tenant_t in another but through net_t, dom0_t\n");
    assert_int_equal(l->kind, POLSPEC_NO_PATH);
    assert_int_equal(l->place, POLSPEC_OTHER);
    assert_string_equal(l->a.name[0], "tenant_t");
    assert_int_equal(l->through.count, 2);
    assert_string_equal(l->through.name[1], "dom0_t");
    assert_false(l->both_ways);
    l = one("apart: no path between a_t and b_t of different compartments by memory, signal");
    assert_string_equal(l->label, "apart");
    assert_string_equal(l->text, "no path between a_t and b_t of different compartments by memory, signal");
    assert_true(l->both_ways);
    assert_int_equal(l->kinds, 1u << POL_MEMORY | 1u << POL_SIGNAL);
    assert_string_equal(l->b.name[0], "b_t");
    l = one("no path between a_t of different compartments");
    assert_string_equal(l->b.name[0], "a_t");
    l = one("no flow from a_t, c_t to b_t in the same compartment");
    assert_int_equal(l->kind, POLSPEC_NO_FLOW);
    assert_int_equal(l->place, POLSPEC_SAME);
    assert_int_equal(l->a.count, 2);
}

static void other_sentences(void **state)
{
    (void)state;
    const struct polspec_line *l = one("flow high_t -> low_t only through guard_t");
    assert_int_equal(l->kind, POLSPEC_ONLY_BY);
    assert_string_equal(l->through.name[0], "guard_t");
    l = one("flow high_t->low_t of different compartments by memory only through guard_t");
    assert_int_equal(l->place, POLSPEC_OTHER);
    assert_int_equal(l->kinds, 1u << POL_MEMORY);
    assert_int_equal(one("path a_t -> b_t")->kind, POLSPEC_PATH);
    assert_int_equal(one("flow a_t -> b_t")->kind, POLSPEC_FLOW);
    l = one("dom0_t never reads guests but console");
    assert_int_equal(l->kind, POLSPEC_NEVER);
    assert_int_equal(l->verb, POLSPEC_READS);
    assert_true(l->but_console);
    l = one("only dom0_t may hw:*, policy:load to xen_t");
    assert_int_equal(l->kind, POLSPEC_ONLY_MAY);
    assert_string_equal(l->perms.name[1], "policy:load");
    assert_string_equal(l->b.name[0], "xen_t");
    assert_int_equal(one("no guests may tpm:quote")->kind, POLSPEC_NONE_MAY);
    l = one("conflict set banks covers bank_a_t, bank_b_t");
    assert_int_equal(l->kind, POLSPEC_CONFLICT);
    assert_string_equal(l->word, "banks");
    assert_int_equal(one("launch of net_t is bound")->kind, POLSPEC_LAUNCH);
    l = one("accept guest-hardware of net_t because \"it drives the card\"");
    assert_string_equal(l->because, "it drives the card");
    l = one("hosts = a_t, b_t");
    assert_int_equal(l->kind, POLSPEC_SET);
    assert_string_equal(l->word, "hosts");
}

static void lines_and_comments(void **state)
{
    (void)state;
    const char *text = "# a comment\n\nno flow from a_t # more\n    to b_t\n\n# between\nflow a_t -> b_t";
    polspec_free(&spec);
    assert_int_equal(polspec_parse(&spec, text, strlen(text), &error), 0);
    assert_int_equal(spec.count, 2);
    assert_int_equal(spec.lines[0].line, 3);
    assert_string_equal(spec.lines[0].text, "no flow from a_t to b_t");
    assert_int_equal(spec.lines[1].line, 7);
    polspec_free(&spec);
    assert_int_equal(polspec_parse(&spec, "", 0, &error), 0);
    assert_int_equal(spec.count, 0);
}

static void refused_with_line_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned int line;
        const char *why;
    } cases[] = {
        {"no path from a_t\n", 1, "\"to\" is missing"},
        {"\n\nno path a_t to b_t\n", 3, "\"between\" is expected"},
        {"no path from a_t to b_t but for c_t", 1, "\"for\" where \"through\""},
        {"no path from a_t in one compartment to b_t\n", 1, "\"in\" is missing"},
        {"flow a_t b_t", 1, "\"b_t\" where \"->\""},
        {"flow a_t -> b_t by magic", 1, "\"magic\" is no kind of flow"},
        {"flow a_t -> b_t only c_t", 1, "\"through\" is expected"},
        {"a_t never eats b_t", 1, "reads, writes, signals"},
        {"a_t sometimes reads b_t", 1, "\"never\" or \"=\" is expected"},
        {"only a_t may load", 1, "CLASS:PERMISSION"},
        {"conflict set x y", 1, "\"covers\" is expected"},
        {"accept spanning of a_t", 1, "\"because\" is missing"},
        {"accept spanning of a_t because reasons", 1, "quotes"},
        {"accept spanning of a_t because \"no end\nflow a_t -> b_t", 1, "without its other"},
        {"flow a_t -> b_t\nno flow from a_t to b_t; c_t\n", 2, "character ';'"},
        {"flow a_t -> b_t\n\001", 2, "byte 0x01"},
        {"x = a_t b_t", 1, "too much at the end"},
        {"a_t", 1, "without a verb"},
        {"flow a_t, -> b_t", 1, "\"->\" where a type or set"},
        {"x:", 1, "missing at the end"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc = polspec_parse(&spec, cases[i].text, strlen(cases[i].text), &error);
        polspec_free(&spec);
        if (rc != -1 || error.line != cases[i].line || !strstr(error.text, cases[i].why))
            fail_msg("%s: %d, line %u: %s", cases[i].text, rc, error.line, error.text);
    }
}

static void limits(void **state)
{
    (void)state;
    static char text[40000];
    strcpy(text, "flow a_t");
    for (int i = 0; i < POLSPEC_NAMES; i++)
        strcat(text, ", a_t");
    assert_int_equal(polspec_parse(&spec, text, strlen(text), &error), -1);
    assert_non_null(strstr(error.text, "more than 64 names"));
    polspec_free(&spec);
    memset(text, 'a', POLSPEC_WORD);
    strcpy(text + POLSPEC_WORD, " never reads b_t");
    assert_int_equal(polspec_parse(&spec, text, strlen(text), &error), -1);
    polspec_free(&spec);
    text[0] = 0;
    for (int i = 0; i < 300; i++)
        strcat(text, "a ");
    assert_int_equal(polspec_parse(&spec, text, strlen(text), &error), -1);
    assert_non_null(strstr(error.text, "more than 256 words"));
    polspec_free(&spec);
    memset(text, 'a', 500);
    text[500] = 0;
    assert_int_equal(polspec_parse(&spec, text, strlen(text), &error), -1);
    polspec_free(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_path),
        cmocka_unit_test(other_sentences),
        cmocka_unit_test(lines_and_comments),
        cmocka_unit_test(refused_with_line_and_reason),
        cmocka_unit_test(limits),
    };
    int failed = cmocka_run_group_tests_name("polspec", tests, NULL, NULL);
    polspec_free(&spec);
    return failed;
}
