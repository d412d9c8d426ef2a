/* SPDX-License-Identifier: MIT */
/* The measured start as a whole, against a TPM that can be told to misbehave; then the hypercalls on top of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_tpm.h"
#include "measure_boot.h"
#include "measure_fakes.h"
#include "run_apart.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "hypercall/version.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/measure_state.h"
#include "dispatched.h"

static void start_is_measured(void **state)
{
    uint8_t pcr[32], d[32];

    (void)state;
    boot();
    assert_true(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_MEASURED, BH_FLAG_MEASURED);
    memset(pcr, 0xff, 32);
    sha256(measure_pubkey(), 64, d);
    chain(pcr, d);
    sha256("dom0_mem=512M", 13, d);
    chain(pcr, d);
    chain(pcr, policy);
    chain(pcr, dom[0].launch_digest);
    assert_memory_equal(fake_tpm.pcr[21], pcr, 32);
    assert_int_equal(fake_tpm.extends, 4);
    /* nothing more goes to PCR 21 once it is closed */
    measure_launch(&dom[0]);
    measure_policy(policy, 8);
    assert_int_equal(fake_tpm.extends, 4);
}

static void no_reports(void)
{
    struct bh_report_op r = request(1);

    assert_false(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_MEASURED, 0);
    assert_int_equal(ask(&r), -XEN_ENODEV);
    assert_int_equal(measure_pubkey()[0] | measure_pubkey()[63], 0);
}

static void without_tpm(void **state)
{
    (void)state;
    fake_tpm.fault = FAULT_ABSENT;
    boot();
    no_reports();
    assert_non_null(strstr(fake_console, "no TPM"));
}

/* QEMU's CRB device: it works, but PCR 21 is out of reach; dom0 may still use it. */
static void without_locality_2(void **state)
{
    (void)state;
    fake_tpm.crb = true;
    fake_tpm.one_locality = true;
    boot();
    no_reports();
    assert_non_null(strstr(fake_console, "no locality 2"));
    assert_int_equal(fake_tpm.extends, 0);
}

static void by_crb(void **state)
{
    fake_tpm.crb = true;
    start_is_measured(state);
}

static void foreign_start_method(void **state)
{
    (void)state;
    fake_tpm.foreign = 8;
    boot();
    no_reports();
    assert_non_null(strstr(fake_console, "start method 8"));
}

/* A TPM that fails at any command of the start: never measured, never a key. */
static size_t fails_at;
static void failing_tpm(void **state)
{
    (void)state;
    fake_tpm.fail_from = (unsigned int)fails_at;
    boot();
    no_reports();
}

static void failing_at_each_command(void **state)
{
    (void)state;
    for (fails_at = 1; fails_at <= 11; fails_at++) {
        const struct CMUnitTest t[] = {{"failing_tpm", failing_tpm, NULL, NULL, NULL}};

        assert_int_equal(run_apart(t, 1), 0);
    }
}

static void used_registers(void **state)
{
    (void)state;
    fake_tpm.pcr[21][3] ^= 1;
    boot();
    no_reports();
    assert_int_equal(fake_tpm.extends, 0);
}

static void after_a_reset_at_locality_2(void **state)
{
    (void)state;
    memset(fake_tpm.pcr[21], 0, 32);
    memset(fake_tpm.pcr[22], 0, 32);
    boot();
    assert_true(measure_holds());
}

/* Somebody else extends PCR 21 while we do: the log is a lie. */
static void register_is_not_ours(void **state)
{
    (void)state;
    run_as(0);
    measure_init("");
    fake_tpm.pcr[21][0] ^= 1;
    measure_policy(policy, 7);
    measure_complete();
    no_reports();
}

static void report_says_who(void **state)
{
    struct bh_report_op r = request(0x77);
    uint8_t d[32];
    uint64_t seq;

    (void)state;
    boot();
    run_as(5);
    memset(dom[5].uuid, 0x51, sizeof(dom[5].uuid));
    memset(dom[5].runtime, 0x52, sizeof(dom[5].runtime));
    memset(&report, 0xee, sizeof(report));
    assert_int_equal(ask(&r), 0);
    assert_in_range(fake_again, 4, 20);
    assert_int_equal(fake_last_perm, PERM_attest_report);
    assert_memory_equal(report.magic, "BHREPT2", 8);
    assert_int_equal(report.version, 2);
    assert_int_equal(report.flags, BH_FLAG_MEASURED | BH_FLAG_DEBUG);
    assert_int_equal(report.domid, 5);
    assert_int_equal(report.svn, HV_SVN);
    assert_int_equal(report.epoch, 6);
    assert_int_equal(report.counter, 1);
    assert_string_equal(report.type, "type3_t");
    assert_int_equal(report.guest_svn, 15);
    assert_memory_equal(report.signer, dom[5].signer, 32);
    assert_int_equal(report.policy_version, 7);
    assert_int_equal(report.audit_seq, 77);
    assert_string_equal(report.hv_version, HV_VERSION);
    assert_memory_equal(report.report_data, r.report_data, 64);
    assert_memory_equal(&report.launch, &dom[5].launch, sizeof(report.launch));
    assert_memory_equal(report.launch_digest, dom[5].launch_digest, 32);
    assert_memory_equal(report.uuid, dom[5].uuid, 16);
    assert_memory_equal(report.runtime, dom[5].runtime, sizeof(report.runtime));
    assert_memory_equal(report.policy_digest, monitor_policy_digest(), 32);
    audit_hash_seq(d, &seq);
    assert_memory_equal(report.audit_hash, d, 32);
    assert_int_equal(report.audit_seq, seq);
    sha256(measure_pubkey(), 64, d);
    assert_memory_equal(report.boot_id, d, 32);
    sha256(&report, sizeof(report), d);
    assert_int_equal(ecdsa_p256_verify(measure_pubkey(), d, signature), 0);
}

static void hidden(const uint8_t salt[32], uint32_t compartment, uint8_t out[32])
{
    uint8_t in[44] = "BHCOMP1";

    memcpy(in + 8, salt, 32);
    memcpy(in + 40, &compartment, 4);
    sha256(in, sizeof(in), out);
}

/* Only who has the domain's salt sees its compartment; the salt is one for a domain's life, and not asking for it is
 * fine. */
static void a_compartment_is_hidden_by_a_salt_of_its_domain(void **state)
{
    static uint8_t salt[2][32];
    uint8_t want[32];

    (void)state;
    boot();
    for (unsigned int i = 0; i < 4; i++) {
        struct bh_report_op r = request((uint8_t)i);

        run_as(1 + i % 2);
        dom[1].label.compartment = dom[2].label.compartment = 9;
        if (i < 2) r.salt = (uintptr_t)salt[i];
        assert_int_equal(ask(&r), 0);
        assert_int_equal(report.counter, 1 + i / 2);
        hidden(salt[i % 2], 9, want);
        assert_memory_equal(report.compartment_hash, want, 32);
        hidden(salt[i % 2], 8, want);
        assert_memory_not_equal(report.compartment_hash, want, 32);
    }
    assert_memory_not_equal(salt[0], salt[1], 32);
}

/* Requests of one domain, interleaved as a guest scheduler would: each gets its own answer. */
static void interleaved(void **state)
{
    struct bh_report_op r[4];
    unsigned int done = 0, n = 0;
    uint8_t d[32];

    (void)state;
    boot();
    run_as(1);
    for (unsigned int i = 0; i < 4; i++)
        r[i] = request((uint8_t)(i + 1));
    while (done != 15 && n++ < 2000) {
        unsigned int i = n * 7 % 4;
        long rc;

        if (done & 1u << i) continue;
        rc = measure_report_op((uintptr_t)&r[i]);
        if (rc == FAKE_AGAIN) continue;
        assert_int_equal(rc, 0);
        assert_int_equal(report.report_data[0], i + 1);
        sha256(&report, sizeof(report), d);
        assert_int_equal(ecdsa_p256_verify(measure_pubkey(), d, signature), 0);
        done |= 1u << i;
    }
    assert_int_equal(done, 15);
}

/* The policy's ceiling of reports in a second; a request that was begun goes on. */
static void ceiling_of_reports(void **state)
{
    struct bh_report_op r;

    (void)state;
    boot();
    run_as(1);
    fake_tick = 0;
    fake_now = (fake_now / 1000000000 + 1) * 1000000000;
    fake_reports_ceiling = 2;
    for (int second = 0; second < 2; second++) {
        for (uint8_t i = 0; i < 2; i++) {
            r = request((uint8_t)(i + 1));
            assert_int_equal(ask(&r), 0);
        }
        r = request(9);
        assert_int_equal(ask(&r), -XEN_EBUSY);
        run_as(2); /* others have their own */
        r = request(9);
        assert_int_equal(ask(&r), 0);
        run_as(1);
        fake_now += 1000000000;
    }
    fake_reports_ceiling = 0;
}

/* Eight domains begin reports and let them lie; a ninth gets its own all the same. So do twelve at once. */
static void places_are_shared(void **state)
{
    struct bh_report_op r[12];
    unsigned int done = 0, n = 0;

    (void)state;
    boot();
    fake_tick = 1000000; /* a millisecond a look at the clock */
    for (unsigned int i = 0; i < 12; i++)
        r[i] = request((uint8_t)i);
    for (unsigned int i = 0; i < 8; i++) {
        run_as(i);
        assert_int_equal(measure_report_op((uintptr_t)&r[i]), FAKE_AGAIN);
    }
    run_as(9);
    while (measure_report_op((uintptr_t)&r[9]) == FAKE_AGAIN)
        assert_true(n++ < 1500);
    for (n = 0; done != 0xfff && n < 20000; n++) {
        unsigned int i = n % 12;

        run_as(i);
        if (!(done & 1u << i) && measure_report_op((uintptr_t)&r[i]) == 0) done |= 1u << i;
    }
    assert_int_equal(done, 0xfff);
}

/* Eight domains that ask again the moment that they are served: the ninth is served too. */
static void greedy_domains_do_not_starve_others(void **state)
{
    struct bh_report_op r[9];
    unsigned int n = 0;

    (void)state;
    boot();
    for (unsigned int i = 0; i < 9; i++)
        r[i] = request((uint8_t)i);
    for (;;) {
        for (unsigned int i = 0; i < 8; i++) {
            run_as(i);
            if (measure_report_op((uintptr_t)&r[i]) == 0) {
                r[i].report_data[1]++;
                measure_report_op((uintptr_t)&r[i]);
            }
        }
        run_as(8);
        if (measure_report_op((uintptr_t)&r[8]) == 0) break;
        assert_true(n++ < 100);
    }
}

/* Four domains, each with two requests that it goes on with just often enough to seem alive: who needs a report waits
 * for none of them longer than a second. */
static void lazy_domains_do_not_hold_places(void **state)
{
    struct bh_report_op lazy[4][2], r = request(99);
    ns_t begun, waited, longest = 0, next = 0;
    unsigned int served = 0;

    (void)state;
    boot();
    fake_tick = 1000;
    for (unsigned int i = 0; i < 4; i++)
        for (unsigned int j = 0; j < 2; j++)
            lazy[i][j] = request((uint8_t)(2 * i + j));
    begun = fake_now;
    for (ns_t end = fake_now + 30 * SECOND; fake_now < end; fake_time_passes(SECOND / 1000)) {
        for (unsigned int i = 0; i < 8 && fake_now >= next; i++) {
            run_as(1 + i / 2);
            if (measure_report_op((uintptr_t)&lazy[i / 2][i % 2]) == 0) lazy[i / 2][i % 2].report_data[1]++;
        }
        if (fake_now >= next) next = fake_now + 9 * (SECOND / 10);
        run_as(5);
        if (measure_report_op((uintptr_t)&r) == FAKE_AGAIN) continue;
        r.report_data[1]++;
        served++;
        waited = fake_now - begun;
        longest = waited > longest ? waited : longest;
        begun = fake_now;
    }
    assert_true(served > 25);
    assert_true(longest < 11 * (SECOND / 10));
}

/* Six domains with two vCPUs each, that ask again the moment that they are served. Who has no place comes before who
 * wants a second one: the seventh is served nearly as if it were alone, a report in 21 rounds. */
static void second_places_come_last(void **state)
{
    struct bh_report_op greedy[6][2], r = request(99);
    unsigned int served = 0;

    (void)state;
    boot();
    for (unsigned int i = 0; i < 12; i++)
        greedy[i / 2][i % 2] = request((uint8_t)i);
    for (unsigned int round = 0; round < 2000; round++) {
        for (unsigned int i = 0; i < 12; i++) {
            run_as(1 + i / 2);
            if (measure_report_op((uintptr_t)&greedy[i / 2][i % 2])) continue;
            greedy[i / 2][i % 2].report_data[1]++;
            measure_report_op((uintptr_t)&greedy[i / 2][i % 2]);
        }
        run_as(7);
        if (measure_report_op((uintptr_t)&r) == FAKE_AGAIN) continue;
        r.report_data[1]++;
        served++;
    }
    assert_true(served > 80);
}

static void report_refusals(void **state)
{
    struct bh_report_op r = request(1);

    (void)state;
    boot();
    assert_int_equal(measure_report_op(8), -XEN_EFAULT);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(ask(&r), -XEN_EPERM);
    fake_monitor_rc = 0;
    r.signature = 8;
    assert_int_equal(ask(&r), -XEN_EFAULT);
    r = request(1);
    r.salt = 8;
    assert_int_equal(ask(&r), -XEN_EFAULT);
    r = request(1);
    assert_int_equal(ask(&r), 0);
}

static void destroyed_domain_leaves_nothing(void **state)
{
    struct bh_report_op r = request(1);

    (void)state;
    boot();
    for (unsigned int round = 0; round < 100; round++) {
        run_as(1);
        r.report_data[3] = (uint8_t)round;
        assert_int_equal(measure_report_op((uintptr_t)&r), FAKE_AGAIN);
        assert_int_equal(measure_report_op((uintptr_t)&r), FAKE_AGAIN);
        measure_domain_destroyed(&dom[1]);
    }
    run_as(2);
    assert_int_equal(ask(&r), 0);
}

static void log_reads_back(void **state)
{
    static uint8_t out[8192];
    struct bh_blob b = {.size = 4096, .data = (uintptr_t)out};
    uint32_t total;
    long n;

    (void)state;
    boot();
    n = measure_eventlog_read((uintptr_t)&b);
    assert_int_equal(fake_last_perm, PERM_attest_eventlog);
    total = b.total;
    assert_int_equal(n, 4 * 44 + 64 + 13 + 4 + sizeof(struct bh_launch));
    assert_int_equal(total, n);
    assert_memory_equal(out + 44, measure_pubkey(), 64);
    b.offset = total - 5;
    assert_int_equal(measure_eventlog_read((uintptr_t)&b), 5);
    b.offset = total;
    assert_int_equal(measure_eventlog_read((uintptr_t)&b), 0);
    b.offset = ~0ull;
    assert_int_equal(measure_eventlog_read((uintptr_t)&b), 0);
    b.size = BH_BLOB_CHUNK + 1;
    assert_int_equal(measure_eventlog_read((uintptr_t)&b), -XEN_EINVAL);
    b = (struct bh_blob){.size = 10, .data = 8};
    assert_int_equal(measure_eventlog_read((uintptr_t)&b), -XEN_EFAULT);
}

static void evidence(void **state)
{
    static uint8_t in[5000], out[8192];
    struct bh_blob put = {.size = 4096, .total = 5000, .data = (uintptr_t)in};
    struct bh_blob get = {.size = 4096, .data = (uintptr_t)out};

    (void)state;
    boot();
    for (unsigned int i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 7);
    assert_int_equal(measure_evidence_get((uintptr_t)&get), 0);
    assert_int_equal(get.total, 0);
    assert_int_equal(measure_evidence_put((uintptr_t)&put), 4096);
    assert_int_equal(fake_last_perm, PERM_attest_evidence_put);
    put = (struct bh_blob){.offset = 4096, .size = 904, .total = 5000, .data = 8};
    assert_int_equal(measure_evidence_put((uintptr_t)&put), -XEN_EFAULT);
    put.data = (uintptr_t)in + 4096;
    assert_int_equal(measure_evidence_put((uintptr_t)&put), 904);
    assert_int_equal(measure_evidence_get((uintptr_t)&get), 4096);
    get.offset = 4096;
    get.data = (uintptr_t)out + 4096;
    assert_int_equal(measure_evidence_get((uintptr_t)&get), 904);
    assert_int_equal(fake_last_perm, PERM_attest_evidence_get);
    assert_int_equal(get.total, 5000);
    assert_memory_equal(in, out, 5000);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(measure_evidence_put((uintptr_t)&put), -XEN_EPERM);
    assert_int_equal(measure_evidence_get((uintptr_t)&get), -XEN_EPERM);
}

static int reset(void **state)
{
    (void)state;
    fake_tpm_reset();
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_is_measured),
        TEST(without_tpm),
        TEST(without_locality_2),
        TEST(by_crb),
        TEST(foreign_start_method),
        TEST(failing_at_each_command),
        TEST(used_registers),
        TEST(after_a_reset_at_locality_2),
        TEST(register_is_not_ours),
        TEST(report_says_who),
        TEST(a_compartment_is_hidden_by_a_salt_of_its_domain),
        TEST(interleaved),
        TEST(ceiling_of_reports),
        TEST(places_are_shared),
        TEST(greedy_domains_do_not_starve_others),
        TEST(lazy_domains_do_not_hold_places),
        TEST(second_places_come_last),
        TEST(report_refusals),
        TEST(destroyed_domain_leaves_nothing),
        TEST(log_reads_back),
        TEST(evidence),
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
