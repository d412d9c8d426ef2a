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

static void running_hash_is(uint64_t expected_seq)
{
    uint8_t hash[32];
    uint64_t seq;
    audit_hash_seq(hash, &seq);
    assert_memory_equal(hash, expected_hash, 32);
    assert_int_equal(seq, expected_seq);
}

static void append(uint64_t object)
{
    struct bh_audit_record r = {.seq = 999, .time_ns = 999, .source = 1, .object = object};
    uint8_t input[32 + sizeof(r)];
    struct audit_limit fresh = {.spent = 0};
    assert_true(audit_append(&r, &fresh, 1));
    r.seq = clock_ns / 1000; /* one tick a record */
    r.time_ns = clock_ns;
    memcpy(input, expected_hash, 32);
    memcpy(input + 32, &r, sizeof(r));
    sha256(input, sizeof(input), expected_hash);
}

static uint32_t read_from(uint64_t seq, uint64_t expect_seq, uint32_t count, uint64_t expect_dropped)
{
    static struct bh_audit_record out[AUDIT_RECORDS + 1];
    struct bh_audit_read now = {.seq = 1};
    memset(out, 0xaa, sizeof(out));
    uint32_t n = audit_read(&seq, out, count);
    audit_state(&now);
    assert_int_equal(seq, expect_seq);
    assert_int_equal(now.dropped, expect_dropped);
    assert_memory_equal(now.hash, expected_hash, 32);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(out[i].seq, seq + i);
        assert_int_equal(out[i].time_ns, (seq + i) * 1000);
        assert_int_equal(out[i].object, (seq + i) * 7);
    }
    if (n <= AUDIT_RECORDS) assert_int_equal(((uint8_t *)&out[n])[0], 0xaa);
    return n;
}

/* One story, in this order: the ring lives as long as the program. */
static void empty_at_first(void **state)
{
    (void)state;
    assert_int_equal(read_from(0, 1, 16, 0), 0);
    assert_int_equal(read_from(UINT64_MAX, 1, 16, 0), 0);
    running_hash_is(0);
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
    running_hash_is(AUDIT_RECORDS + 11);
}

/* Appends by a source with that bucket until it is empty, at one moment of the clock's. */
static uint32_t drain(struct audit_limit *limit, uint32_t rate)
{
    struct bh_audit_record r = {.source = 3};
    uint32_t n = 0;
    while (audit_append(&r, limit, rate)) {
        n++;
        assert_true(n <= 4 * AUDIT_BURST);
    }
    return n;
}

static struct bh_audit_record newest(void)
{
    struct bh_audit_record r;
    struct bh_audit_read now;
    audit_state(&now);
    assert_int_equal(audit_read(&now.newest, &r, 1), 1);
    return r;
}

/* A burst, then the rate; what is kept out is counted, in all and in the source's next record; another bucket is
 * as full as before. The test's clock goes 1 us a record, so at 1 a second nothing comes back meanwhile. */
static void keeps_a_noisy_source_to_its_rate(void **state)
{
    (void)state;
    struct audit_limit noisy = {.spent = 0}, quiet = {.spent = 0};
    struct bh_audit_record r = {.source = 3};
    struct bh_audit_read now;
    assert_int_equal(drain(&noisy, 1), AUDIT_BURST);
    for (int i = 0; i < 9; i++)
        assert_false(audit_append(&r, &noisy, 1));
    audit_state(&now);
    assert_int_equal(now.limited, 10);
    assert_true(audit_append(&r, &quiet, 1));
    assert_int_equal(newest().suppressed, 0);
    clock_ns += 3000000000; /* three tokens */
    assert_true(audit_append(&r, &noisy, 1));
    assert_int_equal(newest().suppressed, 10);
    assert_int_equal(drain(&noisy, 1), 2);
    clock_ns += (uint64_t)10 * AUDIT_BURST * 1000000000; /* no more than a burst comes back */
    assert_int_equal(drain(&noisy, 1), AUDIT_BURST);
}

/* A rate of none counts as one a second; the largest one and a clock far ahead do not wrap. */
static void odd_rates(void **state)
{
    (void)state;
    struct audit_limit l = {.spent = 0};
    assert_int_equal(drain(&l, 0), AUDIT_BURST);
    clock_ns += 1000000000;
    assert_int_equal(drain(&l, 0), 1);
    clock_ns += UINT64_MAX / 4;
    assert_int_equal(drain(&l, 0), AUDIT_BURST);
    struct bh_audit_record r = {.source = 3};
    for (uint32_t i = 0; i < 3 * AUDIT_BURST; i++)
        assert_true(audit_append(&r, &l, 1000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_at_first),
        cmocka_unit_test(gives_what_was_put),
        cmocka_unit_test(counts_what_nobody_read),
        cmocka_unit_test(hashes_every_record),
        cmocka_unit_test(keeps_a_noisy_source_to_its_rate),
        cmocka_unit_test(odd_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
