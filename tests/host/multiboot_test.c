/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/bootinfo.h"

#define MB1 0x2badb002u
#define MB2 0x36d76289u
#define AT  0x10000u /* where the memory lies */

/* An allocation of its exact size; reads that leave it are refused. */
struct memory {
    uint8_t *p;
    size_t n;
};

static const void *reader(void *ctx, uint64_t phys, size_t len)
{
    const struct memory *m = ctx;

    return phys < AT || phys - AT > m->n || len > m->n - (phys - AT) ? NULL : m->p + (phys - AT);
}

static struct boot_info info;

static bool ends(const char *s)
{
    return memchr(s, 0, BOOT_CMDLINE_MAX) != NULL;
}

static int parse_at(uint32_t magic, uint64_t at, const uint8_t *p, size_t n)
{
    struct memory m = {malloc(n ? n : 1), n};
    const char *error = NULL;

    memcpy(m.p, p, n);
    int rc = multiboot_parse(&info, magic, at, reader, &m, &error);
    free(m.p);
    assert_true(rc == 0 || (rc == -XEN_EINVAL && error));
    if (rc) return rc;
    assert_true(info.modules <= BOOT_MODULES_MAX && info.rams <= BOOT_RAM_MAX && ends(info.cmdline));
    for (unsigned int i = 0; i < info.modules; i++)
        assert_true(info.module[i].start <= info.module[i].end && ends(info.module[i].cmdline));
    for (unsigned int i = 0; i < info.rams; i++)
        assert_true(info.ram[i].base + info.ram[i].size >= info.ram[i].base);
    return 0;
}

static int parse(uint32_t magic, const uint8_t *p, size_t n)
{
    return parse_at(magic, AT, p, n);
}

static void put32(uint8_t *p, size_t at, uint32_t v)
{
    memcpy(p + at, &v, 4);
}

static void put64(uint8_t *p, size_t at, uint64_t v)
{
    memcpy(p + at, &v, 8);
}

#define MB1_SIZE 0x900u

static void make1(uint8_t *p)
{
    memset(p, 0, MB1_SIZE);
    put32(p, 0, 1u << 2 | 1u << 3 | 1u << 6);
    put32(p, 16, AT + 0x100); /* command line */
    put32(p, 20, 2);
    put32(p, 24, AT + 0x80); /* modules */
    put32(p, 44, 48);
    put32(p, 48, AT + 0xc0); /* memory map */
    put32(p, 0x80, 0x100000);
    put32(p, 0x84, 0x180000);
    put32(p, 0x88, AT + 0x110);
    put32(p, 0x90, 0x200000);
    put32(p, 0x94, 0x200000);
    put32(p, 0xc0, 20);
    put64(p, 0xc4, 0);
    put64(p, 0xcc, 0x9fc00);
    put32(p, 0xd4, 1);
    put32(p, 0xd8, 20);
    put64(p, 0xdc, 0x100000);
    put64(p, 0xe4, 0x7ff00000);
    put32(p, 0xec, 2);
    strcpy((char *)p + 0x100, "a=1");
    strcpy((char *)p + 0x110, "module one");
}

static void test_mb1(void **state)
{
    uint8_t p[MB1_SIZE];

    make1(p);
    assert_int_equal(parse(MB1, p, sizeof(p)), 0);
    assert_string_equal(info.cmdline, "a=1");
    assert_int_equal(info.modules, 2);
    assert_true(info.module[0].start == 0x100000 && info.module[0].end == 0x180000);
    assert_string_equal(info.module[0].cmdline, "module one");
    assert_string_equal(info.module[1].cmdline, "");
    assert_int_equal(info.rams, 2);
    assert_true(info.ram[1].base == 0x100000 && info.ram[1].size == 0x7ff00000 && info.ram[1].type == 2);
    assert_false(info.has_rsdp);
    put32(p, 0, 1u << 6); /* the other fields say nothing */
    assert_int_equal(parse(MB1, p, sizeof(p)), 0);
    assert_true(info.modules == 0 && !*info.cmdline);
    assert_int_equal(parse(MB1 + 1, p, sizeof(p)), -XEN_EINVAL);
    assert_int_equal(parse(0, p, sizeof(p)), -XEN_EINVAL);
}

static void test_mb1_bent(void **state)
{
    static const struct {
        size_t at;
        uint32_t v;
    } bent[] = {
        {0, 0},
        {0, 1u << 2 | 1u << 3}, /* no memory map */
        {16, AT + MB1_SIZE - 1023},
        {16, 1},
        {16, ~0u},
        {20, 9}, /* the ninth would lie in the memory map */
        {24, AT + MB1_SIZE - 31},
        {24, ~0u},
        {24, 0},
        {48, AT + MB1_SIZE - 47},
        {48, ~0u},
        {44, ~0u},
        {0x84, 0xfffff}, /* ends before its start */
        {0x88, AT - 1},
        {0xc0, 19},
        {0xc0, 0},
        {0xd8, 0xfffffffc}, /* 4 more would be 0 in 32 bits */
        {0xe8, 0xffffffff},
    };
    uint8_t p[MB1_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(bent); i++) {
        make1(p);
        put32(p, bent[i].at, bent[i].v);
        int rc = parse(MB1, p, sizeof(p));
        if (bent[i].v == 0xfffffffc) /* the entry itself is good, and the last */
            assert_int_equal(rc, 0);
        else if (!rc && bent[i].at != 0xe8)
            fail_msg("bent field %zu was accepted", i);
    }
    make1(p);
    put64(p, 0xdc, ~0ul); /* wraps around */
    assert_int_equal(parse(MB1, p, sizeof(p)), -XEN_EINVAL);
    make1(p);
    memset(p + 0x100, 'x', 1024);
    assert_int_equal(parse(MB1, p, sizeof(p)), -XEN_EINVAL);
    p[0x100 + 1023] = 0;
    put32(p, 20, 0);
    assert_int_equal(parse(MB1, p, sizeof(p)), 0);
    assert_int_equal(strlen(info.cmdline), 1023);
}

static uint8_t mb2[16384];
static size_t mb2_size;

static void tag(uint32_t type, const void *body, size_t n)
{
    put32(mb2, mb2_size, type);
    put32(mb2, mb2_size + 4, (uint32_t)n + 8);
    if (n) memcpy(mb2 + mb2_size + 8, body, n);
    mb2_size += ROUND_UP(n + 8, 8ul);
    put32(mb2, 0, (uint32_t)mb2_size);
}

static void begin2(void)
{
    memset(mb2, 0, sizeof(mb2));
    mb2_size = 8;
}

static const uint8_t module_tag[] = {0, 0, 16, 0, 0, 0, 24, 0, 'r', 'd', 0};
static const uint32_t map_tag[] = {24, 0, 0, 0, 0x9fc00, 0, 1, 0, 0x100000, 0, 0x1000000, 0, 1, 0};

static void make2(void)
{
    uint8_t rsdp[36] = "RSD PTR ";

    begin2();
    tag(1, "a=1", 4);
    tag(3, module_tag, sizeof(module_tag));
    tag(6, map_tag, sizeof(map_tag));
    tag(99, "unknown", 8);
    rsdp[20] = 2;
    tag(15, rsdp, 36);
    rsdp[20] = 1;
    tag(14, rsdp, 20);
    tag(0, NULL, 0);
}

static void test_mb2(void **state)
{
    make2();
    assert_int_equal(parse(MB2, mb2, mb2_size), 0);
    assert_string_equal(info.cmdline, "a=1");
    assert_int_equal(info.modules, 1);
    assert_true(info.module[0].start == 0x100000 && info.module[0].end == 0x180000);
    assert_string_equal(info.module[0].cmdline, "rd");
    assert_int_equal(info.rams, 2);
    assert_true(info.ram[1].base == 0x100000 && info.ram[1].size == 0x1000000 && info.ram[1].type == 1);
    assert_true(info.has_rsdp && info.rsdp[20] == 2); /* ACPI 2's wins, in any order */
    begin2();
    tag(6, map_tag, sizeof(map_tag)); /* without the end's tag */
    assert_int_equal(parse(MB2, mb2, mb2_size), 0);
    begin2();
    tag(1, "", 0);
    tag(0, NULL, 0);
    tag(6, map_tag, sizeof(map_tag)); /* behind the end */
    assert_int_equal(parse(MB2, mb2, mb2_size), -XEN_EINVAL);
}

static int with_tag(uint32_t type, const void *body, size_t n)
{
    begin2();
    tag(6, map_tag, sizeof(map_tag));
    tag(type, body, n);
    return parse(MB2, mb2, mb2_size);
}

static void test_mb2_tags(void **state)
{
    static const uint32_t backwards[] = {0x1000, 0xfff}, small[] = {23, 0, 0, 0, 0, 0, 0, 0}, zero[] = {0, 0},
                          wraps[] = {24, 0, ~0u, ~0u, 1, 0, 1, 0};
    uint32_t big[2 + 6 * 257] = {24};
    char line[1025];

    memset(line, 'x', sizeof(line));
    assert_int_equal(with_tag(1, line, 1023), 0); /* without a NUL */
    assert_int_equal(strlen(info.cmdline), 1023);
    assert_int_equal(with_tag(1, line, 1024), -XEN_EINVAL);
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(with_tag(3, module_tag, n), -XEN_EINVAL);
    assert_int_equal(with_tag(3, module_tag, 8), 0);
    assert_int_equal(with_tag(3, backwards, 8), -XEN_EINVAL);
    assert_int_equal(with_tag(6, small, sizeof(small)), -XEN_EINVAL);
    assert_int_equal(with_tag(6, zero, sizeof(zero)), -XEN_EINVAL);
    assert_int_equal(with_tag(6, zero, 7), -XEN_EINVAL);
    assert_int_equal(with_tag(6, wraps, sizeof(wraps)), -XEN_EINVAL);
    assert_int_equal(with_tag(6, big, 8 + 24 * 254), 0);
    assert_int_equal(info.rams, 256);
    assert_int_equal(with_tag(6, big, 8 + 24 * 255), -XEN_EINVAL);
    assert_int_equal(with_tag(15, line, 19), 0);
    assert_false(info.has_rsdp);
    begin2();
    tag(6, map_tag, sizeof(map_tag));
    for (unsigned int i = 1; i <= 9; i++) {
        tag(3, module_tag, sizeof(module_tag));
        assert_int_equal(parse(MB2, mb2, mb2_size), i <= 8 ? 0 : -XEN_EINVAL);
    }
}

static void test_mb2_sizes(void **state)
{
    static const uint32_t totals[] = {0, 8, 15, (1u << 24) + 1, ~0u};

    for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
        make2();
        put32(mb2, 0, totals[i]);
        assert_int_equal(parse(MB2, mb2, mb2_size), -XEN_EINVAL);
    }
    static const uint32_t sizes[] = {0, 7, 0x10000, ~0u, ~0u - 7};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        make2();
        put32(mb2, 12, sizes[i]);
        assert_int_equal(parse(MB2, mb2, mb2_size), -XEN_EINVAL);
    }
    assert_int_equal(parse_at(MB2, 0, mb2, mb2_size), -XEN_EINVAL);
    assert_int_equal(parse_at(MB2, ~0ul - 7, mb2, mb2_size), -XEN_EINVAL);
}

/* Memory that ends early, and a total that is too small. */
static void test_cut(void **state)
{
    uint8_t p[MB1_SIZE];

    make1(p);
    for (size_t n = 0; n < 0x100 + 1024; n++)
        assert_int_equal(parse(MB1, p, n), -XEN_EINVAL);
    make2();
    size_t end = mb2_size - 8;
    for (size_t n = 0; n < end; n++)
        assert_int_equal(parse(MB2, mb2, n), -XEN_EINVAL);
    for (size_t n = 0; n < end; n++) {
        make2();
        put32(mb2, 0, (uint32_t)n);
        parse(MB2, mb2, n < 8 ? 8 : n);
    }
}

static void test_noise(void **state)
{
    static const uint32_t edges[] = {0, 1, 7, 8, 20, 24, 0x7fffffff, 0x80000000, 0xfffffff8, ~0u, AT, AT + 0x80};
    unsigned int accepted = 0;

    srandom(9);
    for (unsigned int round = 0; round < 30000; round++) {
        uint8_t p[MB1_SIZE];
        bool one = random() & 1;
        make1(p);
        make2();
        for (long n = random() % 4; n >= 0; n--) {
            uint8_t *t = one ? p : mb2;
            size_t at = (size_t)random() % (one ? 0x110 : mb2_size);
            if (random() & 1)
                t[at] = (uint8_t)random();
            else
                put32(t, at & ~3ul, edges[(size_t)random() % ARRAY_SIZE(edges)]);
        }
        accepted += !(one ? parse(MB1, p, sizeof(p)) : parse(MB2, mb2, mb2_size));
    }
    assert_in_range(accepted, 100, 29900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mb1),      cmocka_unit_test(test_mb1_bent),  cmocka_unit_test(test_mb2),
        cmocka_unit_test(test_mb2_tags), cmocka_unit_test(test_mb2_sizes), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
