/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "streamfind.h"

/* Feeds the text in pieces of the given size; returns how many bytes had passed when it was found, or -1. */
static long find(const char *text, const char *stream, size_t piece)
{
    struct streamfind f;

    assert_int_equal(streamfind_init(&f, text), 0);
    for (size_t at = 0; at < strlen(stream); at += piece) {
        size_t n = strlen(stream) - at < piece ? strlen(stream) - at : piece;

        if (streamfind_feed(&f, stream + at, n)) return (long)(at + n);
    }
    return -1;
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 20; piece++) {
        assert_true(find("END", "xxENDyy", piece) >= 5);
        assert_true(find("aab", "aaaab", piece) >= 5);
        assert_true(find("x", "x", piece) == 1);
        assert_int_equal(find("END", "EN DEN", piece), -1);
        assert_int_equal(find("END", "", piece), -1);
    }
    assert_int_equal(find("END", "xxENDyy", 1), 5);
}

static void test_limits(void **state)
{
    struct streamfind f;
    char text[STREAMFIND_MAX + 2];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[STREAMFIND_MAX + 1] = '\0';
    assert_int_equal(streamfind_init(&f, text), -EINVAL);
    assert_int_equal(streamfind_init(&f, ""), -EINVAL);
    text[STREAMFIND_MAX] = '\0';
    assert_int_equal(streamfind_init(&f, text), 0);
    for (int i = 0; i < 3; i++)
        assert_false(streamfind_feed(&f, "y", 1));
    assert_false(streamfind_feed(&f, text, STREAMFIND_MAX - 1));
    assert_true(streamfind_feed(&f, "x", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
