/* SPDX-License-Identifier: MIT */
/* acpi_parse_madt; what the rest of acpi.c calls must not be reached from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/acpi.h"
#include "boot/bootinfo.h"
#include "console.h"
#include "device/device.h"

struct boot_info boot_info;

void panic(const char *fmt, ...)
{
    abort();
}
void device_add_ioapic(maddr_t base, uint32_t id, uint32_t gsi_base)
{
    abort();
}
void device_add_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags)
{
    abort();
}
void device_add_ecam(maddr_t base, uint32_t bus_start, uint32_t bus_end)
{
    abort();
}
void device_add_acpi_table(const char signature[4], maddr_t table)
{
    abort();
}
void device_add_rsdp(const void *rsdp, size_t size)
{
    abort();
}

static unsigned int cpus, ioapics, overrides;
static uint32_t last_cpu, ioapic[3], override[3];

static void on_cpu(uint32_t apic_id)
{
    cpus++;
    last_cpu = apic_id;
}
static void on_ioapic(maddr_t base, uint32_t id, uint32_t gsi_base)
{
    ioapics++;
    ioapic[0] = (uint32_t)base;
    ioapic[1] = id;
    ioapic[2] = gsi_base;
}
static void on_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags)
{
    overrides++;
    override[0] = isa_irq;
    override[1] = gsi;
    override[2] = flags;
}
static const struct madt_visitor visitor = {on_cpu, on_ioapic, on_override};

static const uint8_t entries[] = {
    0, 8,  0, 3, 1,    0,    0,    0,                                  /* CPU 3 */
    0, 8,  1, 4, 0,    0,    0,    0,                                  /* disabled */
    1, 12, 9, 0, 0x00, 0x00, 0xc0, 0xfe, 0x18, 0,    0, 0,             /* IO-APIC 9 */
    2, 10, 0, 9, 0x15, 0,    0,    0,    0x0d, 0x01,                   /* ISA 9 is GSI 21 */
    9, 16, 0, 0, 0x00, 0x01, 0,    0,    1,    0,    0, 0, 5, 0, 0, 0, /* x2APIC 256 */
    9, 16, 0, 0, 0x03, 0,    0,    0,    1,    0,    0, 0, 6, 0, 0, 0, /* x2APIC 3: listed above */
    9, 16, 0, 0, 0x01, 0x01, 0,    0,    0,    0,    0, 0, 7, 0, 0, 0, /* disabled */
    7, 4,  0, 0,                                                       /* of no interest */
};
#define MADT_SIZE (44 + sizeof(entries))

/* In an allocation of its exact size. */
static int parse(const uint8_t *table, size_t len)
{
    uint8_t *t = malloc(len ? len : 1);
    maddr_t lapic = 0;

    cpus = ioapics = overrides = 0;
    memcpy(t, table, len);
    int rc = acpi_parse_madt(t, len, &visitor, &lapic);
    if (!rc) assert_int_equal(lapic, table[36] | table[37] << 8 | table[38] << 16 | (uint32_t)table[39] << 24);
    free(t);
    return rc;
}

static void make(uint8_t *t)
{
    memset(t, 0, 44);
    memcpy(t, "APIC", 4);
    t[38] = 0xe0;
    t[39] = 0xfe;
    memcpy(t + 44, entries, sizeof(entries));
}

static void test_good(void **state)
{
    uint8_t t[MADT_SIZE];

    make(t);
    assert_int_equal(parse(t, sizeof(t)), 0);
    assert_int_equal(cpus, 2);
    assert_int_equal(last_cpu, 256);
    assert_int_equal(ioapics, 1);
    assert_int_equal(ioapic[0], 0xfec00000);
    assert_int_equal(ioapic[1], 9);
    assert_int_equal(ioapic[2], 24);
    assert_int_equal(overrides, 1);
    assert_int_equal(override[0], 9);
    assert_int_equal(override[1], 21);
    assert_int_equal(override[2], 0x10d);
}

static void test_cut(void **state)
{
    uint8_t t[MADT_SIZE];
    size_t whole = 44;

    make(t);
    for (size_t n = 0; n < sizeof(t); n++) {
        while (whole + t[whole + 1] <= n && whole < n)
            whole += t[whole + 1];
        int rc = parse(t, n);
        /* A single byte after the last entry is no entry. */
        assert_int_equal(rc, n >= 44 && n - whole < 2 ? 0 : -XEN_EINVAL);
    }
}

static void test_lengths(void **state)
{
    uint8_t t[MADT_SIZE];

    for (unsigned int len = 0; len < 2; len++) { /* would go on for ever */
        make(t);
        t[45] = (uint8_t)len;
        assert_int_equal(parse(t, sizeof(t)), -XEN_EINVAL);
    }
    make(t);
    t[MADT_SIZE - 3] = 5;
    assert_int_equal(parse(t, sizeof(t)), -XEN_EINVAL);
    /* An entry too short for its type is passed over, not read beyond its end. */
    static const uint8_t types[][2] = {{0, 8}, {1, 12}, {2, 10}, {9, 16}};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (uint8_t len = 2; len < types[i][1]; len++) {
            make(t);
            memset(t + 44, 0xff, 16);
            t[44] = types[i][0];
            t[45] = len;
            assert_int_equal(parse(t, 44u + len), 0);
            assert_int_equal(cpus + ioapics + overrides, 0);
        }
}

static void test_noise(void **state)
{
    unsigned int accepted = 0;

    srandom(11);
    for (unsigned int round = 0; round < 60000; round++) {
        uint8_t t[MADT_SIZE];
        make(t);
        for (long n = random() % 4; n >= 0; n--)
            t[36 + (size_t)random() % (MADT_SIZE - 36)] = (uint8_t)random();
        accepted += !parse(t, random() & 1 ? MADT_SIZE : (size_t)random() % MADT_SIZE);
    }
    assert_in_range(accepted, 100, 59900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
