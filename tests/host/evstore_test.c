/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "measure/evstore.h"
#include "types.h"
#include "bulkhead.h"

static uint8_t one[BH_EVIDENCE_MAX], two[BH_EVIDENCE_MAX];

static int put(struct evstore *s, uint32_t writer, uint64_t offset, const char *text, uint32_t total)
{
    uint32_t n = (uint32_t)strlen(text);
    uint8_t *p = evstore_place(s, writer, offset, n, total);

    if (!p) return -1;
    memcpy(p, text, n);
    evstore_placed(s, n);
    return 0;
}

static void appears_whole(void **state)
{
    struct evstore s = {.visible = one, .coming = two};
    const uint8_t *at;

    (void)state;
    assert_int_equal(evstore_read(&s, 0, 10, &at), 0);
    assert_int_equal(put(&s, 1, 0, "hel", 5), 0);
    assert_int_equal(evstore_read(&s, 0, 10, &at), 0);
    assert_int_equal(put(&s, 1, 3, "lo", 5), 0);
    assert_int_equal(evstore_read(&s, 0, 10, &at), 5);
    assert_memory_equal(at, "hello", 5);
    assert_int_equal(put(&s, 1, 0, "wor", 4), 0);
    assert_int_equal(evstore_read(&s, 1, 3, &at), 3); /* still the old one */
    assert_memory_equal(at, "ell", 3);
    assert_int_equal(put(&s, 1, 3, "k", 4), 0);
    assert_int_equal(evstore_read(&s, 0, 100, &at), 4);
    assert_memory_equal(at, "work", 4);
    assert_int_equal(evstore_read(&s, 4, 1, &at), 0);
    assert_int_equal(evstore_read(&s, ~0ull, 1, &at), 0);
}

static void refuses(void **state)
{
    struct evstore s = {.visible = one, .coming = two};

    (void)state;
    assert_int_equal(put(&s, 1, 1, "x", 4), -1);
    assert_int_equal(put(&s, 1, 0, "x", 0), -1);
    assert_int_equal(put(&s, 1, 0, "", 4), -1);
    assert_int_equal(put(&s, 1, 0, "x", BH_EVIDENCE_MAX + 1), -1);
    assert_int_equal(put(&s, 1, 0, "xxxxx", 4), -1);
    assert_int_equal(put(&s, 1, 0, "xx", 4), 0);
    assert_int_equal(put(&s, 2, 2, "xx", 4), -1); /* another writer */
    assert_int_equal(put(&s, 1, 2, "xx", 5), -1); /* another total */
    assert_int_equal(put(&s, 1, 3, "x", 4), -1);  /* a hole */
    assert_int_equal(put(&s, 1, 2, "xxx", 4), -1);
    assert_int_equal(put(&s, 1, ~0ull, "xx", 4), -1);
    assert_null(evstore_place(&s, 1, 2, 0xffffffff, 4));
    assert_int_equal(put(&s, 2, 0, "yy", 3), 0); /* a new one from the start takes its place */
    assert_int_equal(put(&s, 1, 2, "xx", 4), -1);
    assert_int_equal(put(&s, 2, 2, "y", 3), 0);
    assert_int_equal(s.visible_len, 3);
}

static void largest(void **state)
{
    struct evstore s = {.visible = one, .coming = two};

    (void)state;
    for (uint32_t at = 0; at < BH_EVIDENCE_MAX; at += 4096) {
        assert_non_null(evstore_place(&s, 1, at, 4096, BH_EVIDENCE_MAX));
        evstore_placed(&s, 4096);
    }
    assert_int_equal(s.visible_len, BH_EVIDENCE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appears_whole),
        cmocka_unit_test(refuses),
        cmocka_unit_test(largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
