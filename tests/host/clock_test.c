/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <time.h>
#include "hv_fakes.h"
#include "time/clock.h"

static void scale_is_exact_enough(void **state)
{
    const uint64_t hz[] = {1000,       999999,     1000000,    100000000,  999999999,
                           1000000000, 1000000001, 2400000000, 3579545000, 9999999999};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hz); i++) {
        struct clock_scale s = clock_scale_of(hz[i]);
        assert_true(s.mul >= 1u << 31); /* all bits in use */
        /* a day of ticks is a day to a few microseconds */
        double day = (double)clock_scaled(s, hz[i] * 86400);
        assert_true(fabs(day - 86400e9) < 86400e9 * 1e-9);
    }
}

/* What the guest computes (xen.h, vcpu_time_info) is what the hypervisor computes. */
static void guest_formula_agrees(void **state)
{
    struct clock_scale s = clock_scale_of(2893301000);
    uint64_t delta = 123456789012345;

    (void)state;
    uint64_t shifted = s.shift < 0 ? delta >> -s.shift : delta << s.shift;
    assert_int_equal(clock_scaled(s, delta), (uint64_t)(((unsigned __int128)shifted * s.mul) >> 32));
}

static uint8_t bcd(int v)
{
    return (uint8_t)(v / 10 << 4 | v % 10);
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    for (time_t t = 3600; t < 4102444800; t += 86400 * 7 + 3671) {
        struct tm tm;
        gmtime_r(&t, &tm);
        int year = tm.tm_year + 1900, h12 = tm.tm_hour % 12 ? tm.tm_hour % 12 : 12;
        struct rtc_raw binary = {
            (uint8_t)tm.tm_sec,       (uint8_t)tm.tm_min,    (uint8_t)tm.tm_hour,   (uint8_t)tm.tm_mday,
            (uint8_t)(tm.tm_mon + 1), (uint8_t)(year % 100), (uint8_t)(year / 100), 0x06};
        struct rtc_raw twelve = {bcd(tm.tm_sec),
                                 bcd(tm.tm_min),
                                 (uint8_t)(bcd(h12) | (tm.tm_hour >= 12 ? 0x80 : 0)),
                                 bcd(tm.tm_mday),
                                 bcd(tm.tm_mon + 1),
                                 bcd(year % 100),
                                 bcd(year / 100),
                                 0x00};
        assert_int_equal(rtc_seconds(&binary), t);
        assert_int_equal(rtc_seconds(&twelve), t);
    }
}

static void nonsense_is_no_date(void **state)
{
    struct rtc_raw ff;

    (void)state;
    memset(&ff, 0xff, sizeof(ff));
    assert_int_equal(rtc_seconds(&ff), 0);
    struct rtc_raw zero = {0};
    assert_int_equal(rtc_seconds(&zero), 0);
    struct rtc_raw no_century = {0, 0, 0, 1, 1, 0x26, 0xff, 0x02};
    assert_int_equal(rtc_seconds(&no_century), 1767225600); /* 2026-01-01 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_is_exact_enough),
        cmocka_unit_test(guest_formula_agrees),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(nonsense_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
