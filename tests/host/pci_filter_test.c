/* SPDX-License-Identifier: MIT */
/* What the control domain's configuration writes leave of a function: a model of 256 bytes of configuration space whose
 * every byte can be written, so that only the filter protects it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "device/pci_filter.h"

#define MSI  0x50u
#define MSIX 0x70u

static uint8_t space[256];
static struct pci_header h;

static uint32_t dword(void *ctx, unsigned int at)
{
    (void)ctx;
    assert_int_equal(at & 3, 0);
    assert_in_range(at, 0, 252);
    return (uint32_t)space[at] | (uint32_t)space[at + 1] << 8 | (uint32_t)space[at + 2] << 16 |
           (uint32_t)space[at + 3] << 24;
}

static uint32_t guest_read(unsigned int at, unsigned int bytes)
{
    uint32_t v = dword(NULL, at & ~3u) >> (8 * (at & 3));
    return pci_filter_read(&h, at, bytes, bytes == 4 ? v : v & ((1u << (8 * bytes)) - 1));
}

static void guest_write(unsigned int at, unsigned int bytes, uint32_t v)
{
    uint8_t out[4];
    unsigned int pass = pci_filter_write(&h, at, bytes, v, out);
    assert_true(pass < 1u << bytes);
    for (unsigned int i = 0; i < bytes; i++)
        if (pass >> i & 1) space[at + i] = out[i];
}

static void put(unsigned int at, unsigned int bytes, uint32_t v)
{
    for (unsigned int i = 0; i < bytes; i++)
        space[at + i] = (uint8_t)(v >> (8 * i));
}

/* A network card: memory BAR 0, 64-bit BAR 2, I/O BAR 4, ROM, MSI and MSI-X. */
static int device(void **state)
{
    (void)state;
    memset(space, 0, sizeof(space));
    memset(&h, 0, sizeof(h));
    put(6, 2, 0x10);
    put(10, 2, 0x0200);
    put(0x34, 1, MSI);
    put(MSI, 4, 0x01800005 | MSIX << 8); /* 64-bit, maskable */
    put(MSIX, 4, 0x00070011);
    pci_header_parse(&h, dword, NULL);
    h.bar[0] = (struct pci_bar){0xfebc0000, 0xfffe0000};
    h.bar[2] = (struct pci_bar){0x0000000c, 0xffffc00c};
    h.bar[3] = (struct pci_bar){0x00000008, 0xffffffff};
    h.bar[4] = (struct pci_bar){0x0000c041, 0xffffffe1};
    h.bar[6] = (struct pci_bar){0xfeb80000, 0xfffc0000};
    for (unsigned int i = 0; i < 7; i++)
        put(pci_bar_offset(&h, i), 4, h.bar[i].value);
    return 0;
}

static void test_parse(void **state)
{
    (void)state;
    assert_int_equal(h.class_code, 0x0200);
    assert_int_equal(h.msi, MSI);
    assert_int_equal(h.msi_size, 24);
    assert_int_equal(h.msix, MSIX);
    put(MSI, 4, 0x00000005 | MSI << 8); /* a list that loops */
    pci_header_parse(&h, dword, NULL);
    assert_int_equal(h.msi_size, 10);
    assert_int_equal(h.msix, 0);
    put(MSI, 4, 0x00000005 | 0xfc << 8); /* the next capability would leave the space */
    put(0xfc, 4, 0x00000011);
    pci_header_parse(&h, dword, NULL);
    assert_int_equal(h.msix, 0);
    put(0x0e, 1, 0x81);
    pci_header_parse(&h, dword, NULL);
    assert_int_equal(h.type, 1);
}

static void test_bars_do_not_move(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 7; i++) {
        unsigned int at = pci_bar_offset(&h, i);
        guest_write(at, 4, 0xfed40000);
        guest_write(at, 2, 0x1234);
        guest_write(at + 2, 2, 0xfed4);
        guest_write(at + 3, 1, 0xff);
        assert_int_equal(dword(NULL, at), h.bar[i].value);
        assert_int_equal(guest_read(at, 4), h.bar[i].value);
    }
}

static void test_bars_can_be_sized(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 7; i++) {
        unsigned int at = pci_bar_offset(&h, i);
        guest_write(at, 4, i == 6 ? 0xfffff800 : ~0u);
        assert_int_equal(guest_read(at, 4), h.bar[i].sized);
        assert_int_equal(guest_read(at + 2, 2), h.bar[i].sized >> 16);
        assert_int_equal(guest_read(at + 3, 1), h.bar[i].sized >> 24);
        assert_int_equal(dword(NULL, at), h.bar[i].value); /* hardware saw nothing */
        guest_write(at, 4, h.bar[i].value);
        assert_int_equal(guest_read(at, 4), h.bar[i].value);
    }
}

/* After a function-level reset the old address may be written back, and no other. */
static void test_bars_come_back_after_reset(void **state)
{
    (void)state;
    put(0x10, 4, 0);
    put(0x30, 4, 0);
    guest_write(0x10, 4, 0xfebd0000);
    assert_int_equal(dword(NULL, 0x10), 0);
    guest_write(0x10, 4, 0xfebc0000);
    assert_int_equal(dword(NULL, 0x10), 0xfebc0000);
    guest_write(0x30, 4, 0xfeb80001); /* the ROM may be switched on and off */
    assert_int_equal(dword(NULL, 0x30), 0xfeb80001);
    guest_write(0x30, 4, 0xfeb80000);
    assert_int_equal(dword(NULL, 0x30), 0xfeb80000);
}

static void test_msi_is_the_hypervisors(void **state)
{
    uint8_t before[256];
    (void)state;
    memcpy(before, space, sizeof(space));
    for (unsigned int at = MSI; at < MSI + 24; at++)
        guest_write(at, 1, 0xff);
    for (unsigned int at = MSI; at < MSI + 24; at += 2)
        guest_write(at, 2, 0xffff);
    for (unsigned int at = MSI; at < MSI + 24; at += 4)
        guest_write(at, 4, 0xffffffff);
    assert_memory_equal(before, space, sizeof(space));
    h.msi_ready = true;
    guest_write(MSI + 2, 2, 0x0171); /* enable, but one vector only */
    assert_int_equal(space[MSI + 2], 0x01);
    assert_int_equal(space[MSI + 3], before[MSI + 3]);
    guest_write(MSI, 4, 0xffffffff);
    assert_int_equal(space[MSI + 2], 0x01);
    h.msi_ready = false;
    guest_write(MSI + 2, 2, 0); /* off, always */
    assert_int_equal(space[MSI + 2], 0);
}

static void test_msix_can_be_enabled(void **state)
{
    (void)state;
    guest_write(MSIX + 2, 2, 0xc0ff);
    assert_int_equal(space[MSIX + 3], 0xc0);
    assert_int_equal(space[MSIX + 2], 0x07);
    guest_write(MSIX + 4, 4, 0x1234);
    guest_write(MSIX + 8, 4, 0x1234);
    assert_int_equal(dword(NULL, MSIX + 4), 0);
    assert_int_equal(dword(NULL, MSIX + 8), 0);
}

static void test_bridges_keep_their_buses(void **state)
{
    (void)state;
    h.type = 1;
    h.msi = h.msix = 0;
    put(0x18, 4, 0x00050100);
    guest_write(0x18, 4, 0xffffffff);
    assert_int_equal(dword(NULL, 0x18), 0xff050100);
    guest_write(0x19, 1, 9);
    assert_int_equal(space[0x19], 1);
    guest_write(0x20, 4, 0xfe00fe00); /* windows */
    assert_int_equal(dword(NULL, 0x20), 0xfe00fe00);
    guest_write(0x38, 4, 0xfed40001);
    assert_int_equal(dword(NULL, 0x38), 0);
}

static void test_chipset(void **state)
{
    (void)state;
    h.msi = h.msix = 0;
    h.class_code = PCI_CLASS_HOST;
    for (unsigned int at = 0x40; at < 256; at++)
        guest_write(at, 1, 0xaa);
    for (unsigned int at = 0x40; at < 256; at++)
        assert_int_not_equal(space[at], 0xaa);
    h.class_code = PCI_CLASS_ISA;
    for (unsigned int at = 0x40; at < 256; at += 4)
        guest_write(at, 4, 0xaaaaaaaa);
    for (unsigned int at = 0x40; at < 256; at++)
        assert_int_equal(space[at] == 0xaa, (at >= 0x60 && at < 0x64) || (at >= 0x68 && at < 0x6c));
}

static void test_the_rest_passes(void **state)
{
    (void)state;
    guest_write(4, 2, 0x0507);
    assert_int_equal(space[4], 7);
    guest_write(0x3c, 1, 11);
    assert_int_equal(space[0x3c], 11);
    guest_write(0x90, 4, 0x12345678);
    assert_int_equal(guest_read(0x90, 4), 0x12345678);
    assert_int_equal(guest_read(0x92, 2), 0x1234);
}

/* Any sequence of writes, whatever the capabilities: what must stay stays. */
static void test_noise(void **state)
{
    uint8_t fixed[256];
    (void)state;
    srandom(11);
    memcpy(fixed, space, sizeof(space));
    for (unsigned int round = 0; round < 500000; round++) {
        unsigned int bytes = 1u << (random() % 3), at = (unsigned int)random() & 0xff & ~(bytes - 1);
        guest_write(at, bytes, random() & 1 ? ~0u : (uint32_t)random());
        for (unsigned int i = 0; i < 6; i++)
            assert_int_equal(dword(NULL, 0x10 + 4 * i), h.bar[i].value);
        assert_int_equal(dword(NULL, 0x30) & ~1u, h.bar[6].value);
        assert_memory_equal(fixed + MSI, space + MSI, 2);
        assert_false(space[MSI + 2] & 0x7f); /* bit 7 is read-only in hardware */
        assert_memory_equal(fixed + MSI + 3, space + MSI + 3, 21);
        assert_memory_equal(fixed + MSIX, space + MSIX, 3);
        assert_memory_equal(fixed + MSIX + 4, space + MSIX + 4, 8);
    }
}

#define TEST(f) cmocka_unit_test_setup(f, device)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_parse),
        TEST(test_bars_do_not_move),
        TEST(test_bars_can_be_sized),
        TEST(test_bars_come_back_after_reset),
        TEST(test_msi_is_the_hypervisors),
        TEST(test_msix_can_be_enabled),
        TEST(test_bridges_keep_their_buses),
        TEST(test_chipset),
        TEST(test_the_rest_passes),
        TEST(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
