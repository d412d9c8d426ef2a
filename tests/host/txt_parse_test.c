/* SPDX-License-Identifier: MIT */
/* What a late launch leaves in memory, constructed: each field that is wrong, each length that is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/txt_parse.h"

static void addresses(void **state)
{
    (void)state;
    assert_int_equal(txt_shared_address("dom0_mem=512M tboot=0x2473000"), 0x2473000);
    assert_int_equal(txt_shared_address("tboot=0xFffff000"), 0xfffff000);
    assert_int_equal(txt_shared_address("tboot=0x1000 a=b tboot=0x2000 c"), 0x2000);
    assert_int_equal(txt_shared_address(""), 0);
    assert_int_equal(txt_shared_address("xtboot=0x1000"), 0);
    assert_int_equal(txt_shared_address("tboot="), 0);
    assert_int_equal(txt_shared_address("tboot=0x"), 0);
    assert_int_equal(txt_shared_address("tboot=0x12g4"), 0);
    assert_int_equal(txt_shared_address("tboot=0x123456789"), 0);
    assert_int_equal(txt_shared_address("tboot=0x1000 tboot=0x-1"), 0);
}

static void put(uint8_t *at, uint64_t v, unsigned int bytes)
{
    memcpy(at, &v, bytes);
}

static void make_page(uint8_t page[TXT_SHARED_SIZE])
{
    static const uint8_t uuid[16] = {0xff, 0x8d, 0x3c, 0x66, 0xb3, 0xe8, 0x82, 0x4b,
                                     0xbf, 0xaa, 0x19, 0xea, 0x4d, 0x05, 0x7a, 0x08};

    memset(page, 0, TXT_SHARED_SIZE);
    memcpy(page, uuid, 16);
    put(page + 16, 6, 4);
    put(page + 104, 0x803000, 4);
    put(page + 108, 0x2288000, 4);
}

static void shared_page(void **state)
{
    uint8_t page[TXT_SHARED_SIZE];

    (void)state;
    make_page(page);
    assert_true(txt_shared_valid(page, 0x2473000));
    assert_true(txt_shared_valid(page, 0x803000));
    assert_true(txt_shared_valid(page, 0x803000 + 0x2288000 - TXT_SHARED_SIZE));
    assert_false(txt_shared_valid(page, 0x802fff));
    assert_false(txt_shared_valid(page, 0x803001 + 0x2288000 - TXT_SHARED_SIZE));
    for (int i = 0; i < 16; i++) {
        page[i] ^= 1;
        assert_false(txt_shared_valid(page, 0x2473000));
        page[i] ^= 1;
    }
    put(page + 16, 5, 4);
    assert_false(txt_shared_valid(page, 0x2473000));
    make_page(page);
    put(page + 104, 0, 4);
    assert_false(txt_shared_valid(page, 0x2473000));
    put(page + 104, 0x2000000, 4);
    put(page + 108, 0xffffffff, 4); /* beyond 4 GiB */
    assert_false(txt_shared_valid(page, 0x2473000));
}

#define OS_SINIT (8 + 8 + 8 + 24) /* behind BIOS data of 16 and OS to MLE data of 24 bytes, and its own size */

#define ELEMENT (OS_SINIT + 92) /* the first one */

static size_t make_heap(uint8_t heap[256])
{
    uint8_t *os = heap + OS_SINIT, *element = os + 92;

    memset(heap, 0, 256);
    put(heap, 16, 8);
    put(heap + 16, 24, 8);
    put(heap + 40, 8 + 92 + 12 + 28 + 8, 8);
    put(os, 7, 4);
    put(element, 1, 4); /* one of another type first */
    put(element + 4, 12, 4);
    put(element + 12, 8, 4);
    put(element + 16, 28, 4);
    put(element + 20, 0x7f000000, 8);
    put(element + 28, 0x8000, 4);
    put(element + 32, 0x10, 4);
    put(element + 36, 0x400, 4);
    return OS_SINIT + 92 + 12 + 28 + 8;
}

static void heap(void **state)
{
    uint8_t h[256];
    maddr_t start, end;
    size_t len = make_heap(h);

    (void)state;
    assert_true(txt_heap_log(h, len, &start, &end));
    assert_int_equal(start, 0x7f000010);
    assert_int_equal(end, 0x7f000400);
    for (size_t n = 0; n < len; n++) { /* an exact copy, for the sanitizer */
        uint8_t *copy = malloc(n + !n);
        memcpy(copy, h, n);
        assert_false(txt_heap_log(copy, n, &start, &end));
        free(copy);
    }
    static const struct {
        size_t at;
        uint64_t v;
        unsigned int bytes;
    } bad[] = {{0, 7, 8},
               {0, ~0ul, 8},
               {16, 0, 8},
               {40, 8 + 91, 8},
               {OS_SINIT, 5, 4},
               {ELEMENT, 0, 4},
               {ELEMENT + 4, 7, 4},
               {ELEMENT + 4, ~0u, 4},
               {ELEMENT + 16, 27, 4},
               {ELEMENT + 20, 0, 8},
               {ELEMENT + 20, 1ul << 32, 8},
               {ELEMENT + 32, 0x400, 4},
               {ELEMENT + 36, 0x8001, 4}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        make_heap(h);
        put(h + bad[i].at, bad[i].v, bad[i].bytes);
        assert_false(txt_heap_log(h, len, &start, &end));
    }
}

static uint8_t bytes[1024];
static size_t used;

static void add(uint64_t v, unsigned int n)
{
    put(bytes + used, v, n);
    used += n;
}

static void add_fill(uint8_t v, size_t n)
{
    memset(bytes + used, v, n);
    used += n;
}

static void make_log(void)
{
    used = 0;
    add(0, 4), add(3, 4), add_fill(0, 20), add(28 + 8 + 1, 4); /* old format */
    memcpy(bytes + used, "Spec ID Event03", 16), used += 16;
    add(0, 4), add(2, 2), add(0, 1), add(2, 1), add(2, 4);
    add(4, 2), add(20, 2), add(0xb, 2), add(32, 2), add(0, 1);
}

static void add_event(uint32_t pcr, uint32_t type, uint8_t digest, uint32_t size)
{
    add(pcr, 4), add(type, 4), add(2, 4);
    add(4, 2), add_fill(0x11, 20), add(0xb, 2), add_fill(digest, 32);
    add(size, 4), add_fill(0x77, size);
}

static int open_exact(struct txt_log *log, uint8_t **copy, size_t n)
{
    *copy = malloc(n + !n);
    memcpy(*copy, bytes, n);
    return txt_log_open(log, *copy, n);
}

static void event_log(void **state)
{
    struct txt_event e;
    struct txt_log log;
    uint8_t *copy;
    size_t whole[3];

    (void)state;
    make_log();
    whole[0] = used;
    add_event(17, 0x402, 0xaa, 5);
    whole[1] = used;
    add_event(0, 3, 0, 9); /* extended into nothing */
    add_event(18, 0x501, 0xbb, 0);
    whole[2] = used;
    assert_int_equal(open_exact(&log, &copy, used), 0);
    assert_int_equal(txt_log_next(&log, &e), 1);
    assert_true(e.pcr == 17 && e.type == 0x402 && e.size == 5 && e.digest[0] == 0xaa && e.digest[31] == 0xaa);
    assert_int_equal(e.data[4], 0x77);
    assert_int_equal(txt_log_next(&log, &e), 1);
    assert_true(e.pcr == 18 && e.type == 0x501 && e.size == 0 && e.digest[0] == 0xbb);
    assert_int_equal(txt_log_next(&log, &e), 0);
    free(copy);
    for (size_t n = 0; n < used; n++) {
        int rc = open_exact(&log, &copy, n);
        assert_int_equal(rc, n < whole[0] ? -XEN_EINVAL : 0);
        while (!rc && (rc = txt_log_next(&log, &e)) > 0)
            rc = 0;
        /* A whole number of events is a log, and nothing else is. */
        assert_true(rc < 0 || n == whole[0] || n == whole[1] || n == whole[2] || n == whole[2] - (12 + 22 + 34 + 4));
        free(copy);
        if (rc == 0 && n >= whole[0]) assert_true(log.at == log.end);
    }
}

static void bad_logs(void **state)
{
    struct txt_event e;
    struct txt_log log;

    (void)state;
    make_log();
    put(bytes + 4, 4, 4);
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);
    make_log();
    bytes[32] = 's';
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);
    make_log();
    put(bytes + 56, 9, 4); /* algorithms */
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);
    make_log();
    put(bytes + 56, 0xffffffff, 4);
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);
    make_log();
    put(bytes + 66, 48, 2); /* a SHA-256 of 48 bytes */
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);
    make_log();
    put(bytes + 28, 0xffffffff, 4);
    assert_int_equal(txt_log_open(&log, bytes, used), -XEN_EINVAL);

    make_log();
    size_t at = used;
    add_event(17, 0x402, 1, 4);
    static const struct {
        size_t at;
        uint64_t v;
        unsigned int bytes;
    } bad[] = {{8, 3, 4}, {8, 0, 4}, {8, 1, 4}, {12, 5, 2}, {34, 0xc, 2}, {68, 5, 4}, {68, 0xffffffff, 4}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        used = at;
        add_event(17, 0x402, 1, 4);
        put(bytes + at + bad[i].at, bad[i].v, bad[i].bytes);
        assert_int_equal(txt_log_open(&log, bytes, used), 0);
        assert_int_equal(txt_log_next(&log, &e), -XEN_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses), cmocka_unit_test(shared_page), cmocka_unit_test(heap),
        cmocka_unit_test(event_log), cmocka_unit_test(bad_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
