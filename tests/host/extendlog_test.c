/* SPDX-License-Identifier: MIT */
/* The guest's log of its registers: lines are taken apart exactly, and replayed as the hypervisor extends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "extendlog.h"

#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"

static void lines(void **state)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "0 ",
                                      "4 " DIGEST " text",
                                      "-1 " DIGEST " text",
                                      "00 " DIGEST " text",
                                      "0 " DIGEST,
                                      "0" DIGEST " text",
                                      "0 00010203 text",
                                      "0 G" DIGEST " text",
                                      " 0 " DIGEST " text",
                                      "0 000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1eff text"};
    uint8_t digest[32];
    const char *text;
    uint32_t index;

    (void)state;
    assert_int_equal(extendlog_parse("3 " DIGEST " file /etc/x y", &index, digest, &text), 0);
    assert_int_equal(index, 3);
    assert_int_equal(digest[10], 10);
    assert_int_equal(digest[31], 0xff);
    assert_string_equal(text, "file /etc/x y");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(extendlog_parse(bad[i], &index, digest, &text), -EINVAL);
}

/* SHA-256 of 32 zero bytes and SHA-256("abc"), worked out by coreutils' sha256sum. */
static void steps(void **state)
{
    static const char abc[] = "0 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad text abc";
    uint8_t value[32] = {0}, digest[32];
    char hex[65];
    const char *text;
    uint32_t index;

    (void)state;
    assert_int_equal(extendlog_parse(abc, &index, digest, &text), 0);
    extendlog_step(value, digest);
    extendlog_hex(value, 32, hex);
    assert_string_equal(hex, "589f9ffed4c477966bfb8d41f37895b08c69047df8f911d6f3b57fbe08faee8d");
    extendlog_step(value, digest);
    extendlog_hex(value, 32, hex);
    assert_string_equal(hex, "bdeb6c6dc63852834c89f67066194207ce7d3806ea40ca58dc079246ef58a926");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(steps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
