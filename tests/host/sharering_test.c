/* SPDX-License-Identifier: MIT */
/* The stream through a shared page: bytes arrive in order, and a peer that lies about its counts gets nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sharering.h"

static struct sharering_page page;
static struct sharering giver, taker;

static int fresh(void **state)
{
    (void)state;
    memset(&page, 0, sizeof(page));
    giver = (struct sharering){.page = &page};
    taker = (struct sharering){.page = &page, .taker = 1};
    return 0;
}

/* Random pieces in both directions at once, past the point where counts wrap. */
static void in_order(void **state)
{
    uint8_t in[300], out[300], sent[2] = {0, 0}, seen[2] = {0, 0};

    (void)state;
    giver.produced = taker.consumed = page.half[0].produced = page.half[0].consumed = 0xffffff00;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        int way = rand() & 1;
        struct sharering *from = way ? &taker : &giver, *to = way ? &giver : &taker;
        long n;

        for (size_t k = 0; k < sizeof(in); k++)
            in[k] = (uint8_t)(sent[way] + k);
        n = sharering_put(from, in, (size_t)rand() % sizeof(in));
        assert_in_range(n, 0, sizeof(in));
        sent[way] = (uint8_t)(sent[way] + n);
        n = sharering_get(to, out, (size_t)rand() % sizeof(out));
        assert_in_range(n, 0, sizeof(out));
        for (long k = 0; k < n; k++)
            assert_int_equal(out[k], (uint8_t)(seen[way] + k));
        seen[way] = (uint8_t)(seen[way] + n);
    }
}

static void full_and_empty(void **state)
{
    static uint8_t data[2 * SHARERING_SIZE];

    (void)state;
    assert_int_equal(sharering_get(&taker, data, sizeof(data)), 0);
    assert_int_equal(sharering_put(&giver, data, sizeof(data)), SHARERING_SIZE);
    assert_int_equal(sharering_put(&giver, data, 1), 0);
    assert_int_equal(sharering_get(&taker, data, 1), 1);
    assert_int_equal(sharering_put(&giver, data, 2), 1);
}

static void lies(void **state)
{
    static uint8_t data[2 * SHARERING_SIZE];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        fresh(NULL);
        sharering_put(&giver, data, 10);
        page.half[0].consumed = (uint32_t)rand() * 3;
        page.half[1].produced = (uint32_t)rand() * 3;
        assert_in_range(sharering_put(&giver, data, sizeof(data)) + 1, 0, SHARERING_SIZE + 1);
        assert_in_range(sharering_get(&giver, data, sizeof(data)) + 1, 0, SHARERING_SIZE + 1);
    }
    fresh(NULL);
    page.half[0].consumed = 1;
    assert_int_equal(sharering_put(&giver, data, 1), -1);
    page.half[1].produced = SHARERING_SIZE + 1;
    assert_int_equal(sharering_get(&giver, data, 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(in_order, fresh),
                                       cmocka_unit_test_setup(full_and_empty, fresh),
                                       cmocka_unit_test_setup(lies, fresh)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
