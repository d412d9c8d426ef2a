/* SPDX-License-Identifier: MIT */
/* BH_REPORT_CHECK and BH_EXTEND: what was signed here passes, nothing else does; registers only grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_tpm.h"
#include "measure_fakes.h"
#include "run_apart.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/measure_state.h"
#include "measure/verifier.h"
#include "dispatched.h"
#include "sched/sched.h"

#define SECOND 1000000000ull

static struct domain dom[12];
static struct vcpu vcpu[12];
static struct bh_report report;
static uint8_t signature[64];

static unsigned int yields;

void sched_yield(struct vcpu *v) /* renamed by mbedtls.mk: the C library and ASan have one of that name */
{
    assert_ptr_equal(v, current);
    yields++;
}

static void run_as(unsigned int i)
{
    dom[i].domid = i;
    vcpu[i].domain = &dom[i];
    current = &vcpu[i];
}

static int boot(void **state)
{
    struct bh_report_op r = {.report = (uintptr_t)&report, .signature = (uintptr_t)signature};

    (void)state;
    fake_tpm_reset();
    run_as(0);
    measure_init("");
    measure_launch(&dom[0]);
    measure_complete();
    run_as(1);
    while (measure_report_op((uintptr_t)&r) == FAKE_AGAIN)
        ;
    run_as(2);
    return 0;
}

static long check(const struct bh_report *r, const uint8_t *sig)
{
    struct bh_report_check c = {(uintptr_t)r, (uintptr_t)sig};
    unsigned int n = 0;
    long rc;

    while ((rc = measure_report_check((uintptr_t)&c)) == FAKE_AGAIN)
        assert_true(n++ < 2000);
    return rc;
}

static void another_domains_report(void **state)
{
    (void)state;
    assert_int_equal(check(&report, signature), 0);
    assert_int_equal(fake_last_perm, PERM_attest_check);
    assert_int_equal(check(&report, signature), 0);
}

static void any_bit_changed(void **state)
{
    struct bh_report r;

    (void)state;
    for (size_t at = 0; at < sizeof(r); at += at < 8 ? 1 : 23) {
        r = report;
        ((uint8_t *)&r)[at] ^= (uint8_t)(1 << at % 8);
        assert_int_equal(check(&r, signature), -XEN_EBADMSG);
    }
    for (size_t at = 0; at < 64; at += 21) {
        signature[at] ^= 0x10;
        assert_int_equal(check(&report, signature), -XEN_EBADMSG);
        signature[at] ^= 0x10;
    }
    assert_int_equal(check(&report, signature), 0);
}

/* Its magic and its claim of the boot are right: only the signature tells. Then a report of a real other boot. */
static void another_boots_report(void **state)
{
    struct bh_report old = report;
    uint8_t old_signature[64];

    (void)state;
    memcpy(old_signature, signature, 64);
    old.boot_id[31] ^= 1;
    assert_int_equal(check(&old, old_signature), -XEN_EBADMSG);
    fake_tpm_reset();
    free(measure_log()->data);
    measure_init(""); /* a key of its own each time */
    assert_memory_not_equal(report.boot_id, measure_boot_id(), 32);
    assert_int_equal(check(&report, old_signature), -XEN_EBADMSG);
    memcpy(report.boot_id, measure_boot_id(), 32);
    assert_int_equal(check(&report, old_signature), -XEN_EBADMSG);
}

static void refusals(void **state)
{
    struct bh_report_check c = {8, (uintptr_t)signature};

    (void)state;
    assert_int_equal(measure_report_check(8), -XEN_EFAULT);
    assert_int_equal(measure_report_check((uintptr_t)&c), -XEN_EFAULT);
    c = (struct bh_report_check){(uintptr_t)&report, 8};
    assert_int_equal(measure_report_check((uintptr_t)&c), -XEN_EFAULT);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(check(&report, signature), -XEN_EPERM);
}

/* What changes between the rounds of a call is not what was begun: the verdict is that of the last bytes read. */
static void changed_while_it_is_checked(void **state)
{
    struct bh_report_check c = {(uintptr_t)&report, (uintptr_t)signature};

    (void)state;
    fake_tick = 1000000;
    for (int i = 0; i < 3; i++)
        assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
    report.domid ^= 1;
    assert_int_equal(check(&report, signature), -XEN_EBADMSG);
}

/* More domains than places begin and let it lie: the next is served. One that ends leaves nothing. */
static void places_are_shared(void **state)
{
    struct bh_report_check c = {(uintptr_t)&report, (uintptr_t)signature};

    (void)state;
    fake_tick = 1000000;
    for (unsigned int round = 0; round < 10; round++) {
        for (unsigned int i = 0; i < VERIFIER_SLOTS; i++) {
            run_as(1 + i);
            measure_report_check((uintptr_t)&c);
        }
        run_as(9);
        assert_int_equal(check(&report, signature), 0);
    }
    fake_tick = 1;
    for (unsigned int i = 0; i < 50; i++) {
        run_as(10);
        measure_report_check((uintptr_t)&c);
        measure_domain_destroyed(&dom[10]);
    }
    fake_tick = 1000000;
    assert_int_equal(check(&report, signature), 0);
}

/* Domains 1 and 1 + VERIFIER_SLOTS have the same place. Who waits lets others run, and does not take the place from one
 * that a crowd keeps from the CPU for most of a second; nor does that one wait for ever for one that is gone. */
static void who_waits_lets_others_run(void **state)
{
    struct bh_report_check c = {(uintptr_t)&report, (uintptr_t)signature};

    (void)state;
    fake_tick = 0;
    yields = 0;
    run_as(1);
    assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
    assert_int_equal(yields, 0);
    run_as(1 + VERIFIER_SLOTS);
    for (unsigned int i = 1; i <= 500; i++) {
        assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
        assert_int_equal(yields, i);
    }
    fake_now += 900000000;
    assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
    assert_int_equal(yields, 501);
    run_as(1);
    assert_int_equal(check(&report, signature), 0);
    assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
    assert_int_equal(yields, 502); /* the other is next */
    run_as(1 + VERIFIER_SLOTS);
    assert_int_equal(check(&report, signature), 0);
    run_as(1);
    assert_int_equal(measure_report_check((uintptr_t)&c), FAKE_AGAIN);
    run_as(1 + VERIFIER_SLOTS);
    fake_now += 1000000000;
    assert_int_equal(check(&report, signature), 0);
    assert_int_equal(yields, 502);
}

/* Two domains share a place. One goes on with its check just often enough to keep it, and begins another when that is
 * done: the other's checks take little more than four seconds for all that. */
static void a_lazy_peer(void **state)
{
    static struct bh_report other;
    struct bh_report_check c = {(uintptr_t)&report, (uintptr_t)signature},
                           lazy = {(uintptr_t)&other, (uintptr_t)signature};
    ns_t begun, next = 0, longest = 0;
    unsigned int served = 0;

    (void)state;
    other = report;
    other.domid ^= 0x80;
    begun = fake_now;
    for (ns_t end = fake_now + 20 * SECOND; fake_now < end; fake_now += SECOND / 1000) {
        if (fake_now >= next) {
            run_as(1);
            if (measure_report_check((uintptr_t)&lazy) != FAKE_AGAIN) measure_report_check((uintptr_t)&lazy);
            next = fake_now + 9 * (SECOND / 10);
        }
        run_as(1 + VERIFIER_SLOTS);
        if (measure_report_check((uintptr_t)&c) == FAKE_AGAIN) continue;
        served++;
        longest = fake_now - begun > longest ? fake_now - begun : longest;
        begun = fake_now;
    }
    assert_true(served >= 4);
    assert_true(longest < 42 * (SECOND / 10));
}

/* The other asks again the moment that it is served, by two vCPUs. */
static void a_greedy_peer(void **state)
{
    static struct bh_report other;
    struct bh_report_check c = {(uintptr_t)&report, (uintptr_t)signature};
    struct bh_report_check greedy[2] = {{(uintptr_t)&report, (uintptr_t)signature},
                                        {(uintptr_t)&other, (uintptr_t)signature}};
    unsigned int n = 0;

    (void)state;
    other = report;
    other.domid ^= 0x80;
    for (;;) {
        run_as(1);
        for (int i = 0; i < 2; i++)
            if (measure_report_check((uintptr_t)&greedy[i]) != FAKE_AGAIN) measure_report_check((uintptr_t)&greedy[i]);
        run_as(1 + VERIFIER_SLOTS);
        if (measure_report_check((uintptr_t)&c) == 0) break;
        assert_true(n++ < 300);
    }
}

/* Others always queue for the lock: it is never free, and still everybody is served. */
static void queued_lock(void **state)
{
    struct bh_report_op r = {.report_data = {1}, .report = (uintptr_t)&report, .signature = (uintptr_t)signature};
    struct bh_extend e = {.index = 1};
    struct bh_seal_key k = {.flags = BH_SEAL_LAUNCH};
    unsigned int n = 0;

    (void)state;
    fake_lock_queued = true;
    while (measure_report_op((uintptr_t)&r) == FAKE_AGAIN)
        assert_true(n++ < 200);
    assert_int_equal(check(&report, signature), 0);
    n = 0;
    while (measure_extend((uintptr_t)&e) == FAKE_AGAIN)
        assert_true(n++ < 20);
    while (measure_seal_key((uintptr_t)&k) == FAKE_AGAIN)
        assert_true(n++ < 20);
}

static void registers(void **state)
{
    struct bh_extend e = {.index = 3, .digest = {1, 2, 3}};
    uint8_t both[64] = {0}, want[32], before[4][32];

    (void)state;
    memcpy(both + 32, e.digest, 32);
    sha256(both, 64, want);
    assert_int_equal(measure_extend((uintptr_t)&e), 0);
    assert_int_equal(fake_last_perm, PERM_attest_extend);
    assert_memory_equal(e.value, want, 32);
    assert_memory_equal(dom[2].runtime[3], want, 32);
    memcpy(both, want, 32);
    sha256(both, 64, want);
    assert_int_equal(measure_extend((uintptr_t)&e), 0);
    assert_memory_equal(e.value, want, 32);
    memcpy(before, dom[2].runtime, sizeof(before));
    e.index = 4;
    assert_int_equal(measure_extend((uintptr_t)&e), -XEN_EINVAL);
    e = (struct bh_extend){.reserved = 1};
    assert_int_equal(measure_extend((uintptr_t)&e), -XEN_EINVAL);
    assert_int_equal(measure_extend(8), -XEN_EFAULT);
    fake_monitor_rc = -XEN_EPERM;
    e.reserved = 0;
    assert_int_equal(measure_extend((uintptr_t)&e), -XEN_EPERM);
    assert_memory_equal(before, dom[2].runtime, sizeof(before));
}

#define TEST(f) cmocka_unit_test_setup(f, boot)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_domains_report),
        TEST(any_bit_changed),
        TEST(another_boots_report),
        TEST(refusals),
        TEST(changed_while_it_is_checked),
        TEST(places_are_shared),
        TEST(who_waits_lets_others_run),
        TEST(a_lazy_peer),
        TEST(a_greedy_peer),
        TEST(queued_lock),
        TEST(registers),
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
