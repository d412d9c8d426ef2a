/* SPDX-License-Identifier: MIT */
/* The log's bytes, its end, and the replay against a chain computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "measure/crypto.h"
#include "measure/pcrlog.h"
#include "types.h"

static void record_layout(void **state)
{
    static const uint8_t head[] = {21, 0, 0, 0, 0x02, 0, 0x48, 0x42};
    uint8_t mem[128], digest[32];
    struct pcrlog log = {mem, sizeof(mem), 0};

    (void)state;
    memset(digest, 0x11, 32);
    assert_int_equal(pcrlog_append(&log, 21, 0x42480002, digest, "hello", 5), 0);
    assert_int_equal(log.len, 49);
    assert_memory_equal(mem, head, 8);
    assert_memory_equal(mem + 8, digest, 32);
    assert_int_equal(mem[40], 5);
    assert_memory_equal(mem + 44, "hello", 5);
}

static void bounded(void **state)
{
    uint8_t mem[100], digest[32] = {0};
    struct pcrlog log = {mem, 90, 0};

    (void)state;
    memset(mem, 0xee, sizeof(mem));
    assert_int_equal(pcrlog_append(&log, 21, 1, digest, "x", 1), 0);
    assert_int_equal(pcrlog_append(&log, 21, 1, digest, "xx", 2), -XEN_ENOSPC);
    assert_int_equal(pcrlog_append(&log, 21, 1, digest, "x", 0xffffffff), -XEN_ENOSPC);
    assert_int_equal(log.len, 45);
    assert_int_equal(pcrlog_append(&log, 21, 1, digest, "x", 1), 0);
    assert_int_equal(log.len, 90);
    assert_int_equal(pcrlog_append(&log, 21, 1, digest, "", 0), -XEN_ENOSPC);
    for (int i = 90; i < 100; i++)
        assert_int_equal(mem[i], 0xee);
}

static void replay(void **state)
{
    uint8_t mem[512], a[32], b[32], value[32], want[64];
    struct pcrlog log = {mem, sizeof(mem), 0};

    (void)state;
    memset(a, 1, 32);
    memset(b, 2, 32);
    pcrlog_append(&log, 21, 1, a, "one", 3);
    pcrlog_append(&log, 22, 5, a, "other", 5);
    pcrlog_append(&log, 21, 2, b, "", 0);
    memset(want, 0xff, 32);
    memcpy(want + 32, a, 32);
    sha256(want, 64, want);
    memcpy(want + 32, b, 32);
    sha256(want, 64, want);
    memset(value, 0xff, 32);
    pcrlog_replay(&log, 21, value);
    assert_memory_equal(value, want, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_layout),
        cmocka_unit_test(bounded),
        cmocka_unit_test(replay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
