/* SPDX-License-Identifier: MIT */
/* The audit ring: numbers without holes, what is dropped is counted, the running hash covers all. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "measure/crypto.h"
#include "monitor/audit.h"
#include "spinlock.h"
#include "time/clock.h"

static unsigned int locked;
static uint64_t clock_ns;

void spin_lock(struct spinlock *l)
{
    assert_int_equal(l->rank, RANK_AUDIT);
    assert_int_equal(locked++, 0);
}

void spin_unlock(struct spinlock *l)
{
    (void)l;
    assert_int_equal(--locked, 0);
}

ns_t now_ns(void)
{
    return clock_ns += 1000;
}

static uint8_t expected_hash[32];

static void append(uint64_t object)
{
    struct bh_audit_record r = {.seq = 999, .time_ns = 999, .source = 1, .object = object};
    uint8_t input[32 + sizeof(r)];
    audit_append(&r);
    r.seq = clock_ns / 1000; /* one tick a record */
    r.time_ns = clock_ns;
    memcpy(input, expected_hash, 32);
    memcpy(input + 32, &r, sizeof(r));
    sha256(input, sizeof(input), expected_hash);
}

static uint32_t read_from(uint64_t seq, uint64_t expect_seq, uint32_t count, uint64_t expect_dropped)
{
    static struct bh_audit_record out[AUDIT_RECORDS + 1];
    uint64_t dropped;
    memset(out, 0xaa, sizeof(out));
    uint32_t n = audit_read(&seq, out, count, &dropped);
    assert_int_equal(seq, expect_seq);
    assert_int_equal(dropped, expect_dropped);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(out[i].seq, seq + i);
        assert_int_equal(out[i].time_ns, (seq + i) * 1000);
        assert_int_equal(out[i].object, (seq + i) * 7);
    }
    if (n <= AUDIT_RECORDS)
        assert_int_equal(((uint8_t *)&out[n])[0], 0xaa);
    return n;
}

/* One story, in this order: the ring lives as long as the program. */
static void empty_at_first(void **state)
{
    (void)state;
    uint8_t hash[32];
    assert_int_equal(read_from(0, 1, 16, 0), 0);
    assert_int_equal(read_from(UINT64_MAX, 1, 16, 0), 0);
    audit_hash(hash);
    assert_memory_equal(hash, expected_hash, 32);
}

static void gives_what_was_put(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 5; i++)
        append(i * 7);
    assert_int_equal(read_from(0, 1, 16, 0), 5);
    assert_int_equal(read_from(1, 1, 2, 0), 2);
    assert_int_equal(read_from(3, 3, 16, 0), 3);
    assert_int_equal(read_from(6, 6, 16, 0), 0);
    assert_int_equal(read_from(100, 6, 16, 0), 0);
    assert_int_equal(read_from(2, 2, 0, 0), 0);
}

static void counts_what_nobody_read(void **state)
{
    (void)state;
    for (uint64_t i = 6; i <= AUDIT_RECORDS + 10; i++)
        append(i * 7);
    /* 1 to 10 are gone; 1 to 5 had been read */
    assert_int_equal(read_from(1, 11, AUDIT_RECORDS + 1, 5), AUDIT_RECORDS);
    append((AUDIT_RECORDS + 11) * 7);
    assert_int_equal(read_from(1, 12, 1, 5), 1);
    assert_int_equal(read_from(AUDIT_RECORDS + 11, AUDIT_RECORDS + 11, 16, 5), 1);
}

static void hashes_every_record(void **state)
{
    (void)state;
    uint8_t hash[32];
    audit_hash(hash);
    assert_memory_equal(hash, expected_hash, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_at_first),
        cmocka_unit_test(gives_what_was_put),
        cmocka_unit_test(counts_what_nobody_read),
        cmocka_unit_test(hashes_every_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
