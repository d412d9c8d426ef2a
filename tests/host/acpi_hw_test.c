/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "device/acpi_hw.h"

/* AML as iasl makes it of: Name (_S5, Package (0x04) { 0x05, Zero, Zero, Zero }) behind a header. */
static const uint8_t s5_prefix[] = {0x08, '_', 'S', '5', '_', 0x12, 0x07, 0x04, 0x0a, 0x05, 0x00, 0x00, 0x00};
static const uint8_t s5_root[] = {0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x01, 0x00, 0x00};
static const uint8_t s5_long[] = {0x08, '_', 'S', '5', '_', 0x12, 0x4a, 0x00, 0x02, 0x0b, 0x07, 0x00, 0x0c, 6, 0, 0, 0};

static size_t table(uint8_t *t, const uint8_t *aml, size_t n)
{
    memset(t, 0xa5, 128);
    memcpy(t + 60, aml, n);
    return 60 + n;
}

static void test_s5(void **state)
{
    uint8_t t[128];
    struct acpi_s5 s;

    (void)state;
    assert_true(acpi_s5_find(t, table(t, s5_prefix, sizeof(s5_prefix)), &s));
    assert_int_equal(s.type_a, 5);
    assert_int_equal(s.type_b, 0);
    assert_true(acpi_s5_find(t, table(t, s5_root, sizeof(s5_root)), &s));
    assert_int_equal(s.type_a, 0);
    assert_int_equal(s.type_b, 1);
    assert_true(acpi_s5_find(t, table(t, s5_long, sizeof(s5_long)), &s));
    assert_int_equal(s.type_a, 7);
    assert_int_equal(s.type_b, 6);
}

static void test_s5_absent(void **state)
{
    uint8_t t[128], aml[sizeof(s5_prefix)];
    struct acpi_s5 s;

    (void)state;
    for (size_t n = 0; n < 11; n++) { /* cut off anywhere */
        assert_false(acpi_s5_find(t, table(t, s5_prefix, n), &s));
        assert_false(s.found);
    }
    static const struct {
        size_t at;
        uint8_t v;
    } wrong[] = {{0, 0x14}, {5, 0x13}, {7, 0}, {8, 0x0d}, {10, 0x70}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memcpy(aml, s5_prefix, sizeof(aml));
        aml[wrong[i].at] = wrong[i].v;
        assert_false(acpi_s5_find(t, table(t, aml, sizeof(aml)), &s));
    }
}

/* Nothing outside the buffer is read, whatever is in it: each table has its own allocation, of its exact size. */
static void test_noise(void **state)
{
    (void)state;
    srandom(5);
    for (unsigned int round = 0; round < 60000; round++) {
        size_t len = (size_t)random() % 200;
        uint8_t *t = malloc(len ? len : 1);
        struct acpi_s5 s;
        struct acpi_fadt f;
        uint64_t base[4];
        for (size_t i = 0; i < len; i++)
            t[i] = random() & 1 ? (uint8_t)random() : s5_long[(size_t)random() % sizeof(s5_long)];
        if (len > sizeof(s5_long))
            memcpy(t + (size_t)random() % (len - sizeof(s5_long)), s5_long, (size_t)random() % sizeof(s5_long));
        acpi_s5_find(t, len, &s);
        assert_true(s.type_a < 8 && s.type_b < 8);
        acpi_fadt_parse(t, len, &f);
        assert_true(acpi_dmar_units(t, len, base, 4) <= 4);
        acpi_tpm2_area(t, len);
        acpi_hpet_base(t, len);
        free(t);
    }
}

static void test_fadt(void **state)
{
    uint8_t t[276] = {0};
    struct acpi_fadt f;

    (void)state;
    t[40] = 0x10; /* DSDT */
    t[42] = 0xfe;
    t[48] = 0xb2;
    t[52] = 2;
    t[53] = 3;
    t[57] = 6; /* PM1a event 0x600, control 0x604 */
    t[64] = 4;
    t[65] = 6;
    t[88] = 4;
    t[89] = 2;
    t[77] = 6;
    t[76] = 8;
    t[91] = 4;
    t[113] = 4; /* flag 10 */
    t[116] = 1;
    t[120] = 0xf9;
    t[121] = 0x0c;
    t[128] = 0x0f;
    assert_true(acpi_fadt_parse(t, sizeof(t), &f));
    assert_int_equal(f.dsdt, 0xfe0010);
    assert_int_equal(f.smi_cmd, 0xb2);
    assert_int_equal(f.acpi_enable, 2);
    assert_int_equal(f.acpi_disable, 3);
    assert_int_equal(f.pm1a_evt, 0x600);
    assert_int_equal(f.pm1a_cnt, 0x604);
    assert_int_equal(f.pm1_evt_len, 4);
    assert_int_equal(f.pm_tmr, 0x608);
    assert_int_equal(f.reset_port, 0xcf9);
    assert_int_equal(f.reset_value, 0x0f);
    t[143] = 0x20; /* X_DSDT wins */
    t[116] = 0;    /* the reset register is in memory: not used */
    t[66] = 1;     /* a port above 64 K */
    assert_true(acpi_fadt_parse(t, sizeof(t), &f));
    assert_int_equal(f.dsdt, 0x20000000);
    assert_int_equal(f.reset_port, 0);
    assert_int_equal(f.pm1a_cnt, 0);
    assert_true(acpi_fadt_parse(t, 116, &f));
    assert_int_equal(f.reset_port, 0);
    assert_false(acpi_fadt_parse(t, 115, &f));
}

static void test_dmar(void **state)
{
    uint8_t t[48 + 16 + 8 + 24] = {0};
    uint64_t base[4];

    (void)state;
    t[48 + 2] = 16; /* unit */
    t[48 + 9] = 0x90;
    t[48 + 10] = 0xd9;
    t[64] = 2; /* something else */
    t[64 + 2] = 8;
    t[72 + 2] = 24; /* unit with a device scope */
    t[72 + 12] = 1;
    assert_int_equal(acpi_dmar_units(t, sizeof(t), base, 4), 2);
    assert_int_equal(base[0], 0xd99000);
    assert_int_equal(base[1], 0x100000000);
    assert_int_equal(acpi_dmar_units(t, sizeof(t), base, 1), 1);
    assert_int_equal(acpi_dmar_units(t, sizeof(t) - 1, base, 4), 1);
    t[64 + 2] = 0; /* would go on for ever */
    assert_int_equal(acpi_dmar_units(t, sizeof(t), base, 4), 1);
}

static void test_areas(void **state)
{
    uint8_t t[56] = {0};

    (void)state;
    t[42] = 0xd4;
    t[43] = 0xfe;
    assert_int_equal(acpi_tpm2_area(t, sizeof(t)), 0xfed40000);
    assert_int_equal(acpi_tpm2_area(t, 47), 0);
    t[48] = 7;
    assert_int_equal(acpi_tpm2_method(t, sizeof(t)), 7);
    assert_int_equal(acpi_tpm2_method(t, 51), 0);
    memset(t, 0, sizeof(t));
    t[46] = 0xd0;
    t[47] = 0xfe;
    assert_int_equal(acpi_hpet_base(t, sizeof(t)), 0xfed00000);
    t[40] = 1;
    assert_int_equal(acpi_hpet_base(t, sizeof(t)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s5),   cmocka_unit_test(test_s5_absent), cmocka_unit_test(test_noise),
        cmocka_unit_test(test_fadt), cmocka_unit_test(test_dmar),      cmocka_unit_test(test_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
