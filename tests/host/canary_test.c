/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "canary.h"

static void test_found_only_when_whole(void **state)
{
    uint8_t page[4096] = {0};

    (void)state;
    assert_false(canary_found(page, sizeof(page)));
    canary_fill(page + 1024, CANARY_STEP);
    assert_true(canary_found(page, sizeof(page)));
    for (size_t i = 0; i < CANARY_STEP; i++) {
        page[1024 + i] ^= 1;
        assert_false(canary_found(page, sizeof(page)));
        page[1024 + i] ^= 1;
    }
    assert_false(canary_found(page, 1024 + CANARY_STEP - 1));
}

static void test_fill_repeats(void **state)
{
    uint8_t data[3 * CANARY_STEP];

    (void)state;
    canary_fill(data, sizeof(data));
    assert_memory_equal(data, data + CANARY_STEP, CANARY_STEP);
    assert_memory_equal(data, data + 2 * CANARY_STEP, CANARY_STEP);
    assert_memory_not_equal(data, data + 1, CANARY_STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_only_when_whole),
        cmocka_unit_test(test_fill_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
