/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sched/share.h"

#define MS 1000000ul

static void by_weight(void **state)
{
    struct share s[] = {{.weight = 256, .active = 2}, {.weight = 512, .active = 2}, {.weight = 256, .active = 0}};

    (void)state;
    share_split(s, 3, 1, 30 * MS);
    assert_int_equal(s[0].grant, 10 * MS);
    assert_int_equal(s[1].grant, 20 * MS);
    assert_int_equal(s[2].grant, 0);
}

/* Nobody gets more than his vCPUs can use; the rest goes to those who can. */
static void one_cpu_is_all_that_a_vcpu_uses(void **state)
{
    struct share s[] = {{.weight = 10000, .active = 1}, {.weight = 256, .active = 2}, {.weight = 256, .active = 2}};

    (void)state;
    share_split(s, 3, 2, 30 * MS);
    assert_int_equal(s[0].grant, 30 * MS);
    assert_int_equal(s[1].grant, 15 * MS);
    assert_int_equal(s[2].grant, 15 * MS);
}

static void cap_limits(void **state)
{
    struct share s[] = {{.weight = 256, .active = 2, .cap = 20}, {.weight = 256, .active = 2}};

    (void)state;
    share_split(s, 2, 1, 30 * MS);
    assert_int_equal(s[0].grant, 6 * MS);
    assert_int_equal(s[1].grant, 24 * MS);
}

/* Whatever the numbers: never more than there is, never more than one can use. */
static void random_splits_add_up(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 20000; round++) {
        struct share s[8];
        unsigned int n = (unsigned int)rand() % 9, cpus = 1 + (unsigned int)rand() % 64;
        uint64_t sum = 0, elapsed = (uint64_t)rand() % (60 * MS);
        for (unsigned int i = 0; i < n; i++)
            s[i] = (struct share){.weight = (uint32_t)rand() % 65536,
                                  .cap = rand() % 2 ? 0 : (uint32_t)rand() % 3201,
                                  .active = (uint32_t)rand() % 33};
        share_split(s, n, cpus, elapsed);
        for (unsigned int i = 0; i < n; i++) {
            assert_true(s[i].grant <= s[i].active * elapsed);
            assert_true(!s[i].cap || s[i].grant <= elapsed * s[i].cap / 100);
            sum += s[i].grant;
        }
        assert_true(sum <= cpus * elapsed);
    }
}

static void lag_and_budget_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(share_lag(0, 5), 5);
    assert_int_equal(share_lag(LAG_MAX, 5), LAG_MAX);
    assert_int_equal(share_lag(-LAG_MAX + 1, -5), -LAG_MAX);
    assert_int_equal(share_refill(0, 50, 1), SHARE_PERIOD / 2);
    assert_int_equal(share_refill(0, 50, 9), SHARE_PERIOD / 2);                                /* no saving up */
    assert_int_equal(share_refill(-(int64_t)SHARE_PERIOD, 50, 1), -(int64_t)SHARE_PERIOD / 2); /* debts stay */
    assert_int_equal(share_refill(-1, 3200, ~0ul), 32 * SHARE_PERIOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_weight),
        cmocka_unit_test(one_cpu_is_all_that_a_vcpu_uses),
        cmocka_unit_test(cap_limits),
        cmocka_unit_test(random_splits_add_up),
        cmocka_unit_test(lag_and_budget_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
