/* SPDX-License-Identifier: MIT */
/* The measured start as a whole, against a TPM that can be told to misbehave; then the hypercalls on top of it. */
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
#include "hypercall/version.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/measure_state.h"
#include "dispatched.h"

static struct domain dom[12];
static struct vcpu vcpu[12];
static uint8_t policy[32] = {0x70};

static void run_as(unsigned int i)
{
    dom[i].domid = i;
    dom[i].epoch = i + 1;
    dom[i].may[BH_PERM_COUNT] = true;
    dom[i].label = (struct label){.type = 3, .compartment = (uint16_t)(100 + i)};
    memset(&dom[i].launch, 0x40 + (int)i, sizeof(dom[i].launch));
    sha256(&dom[i].launch, sizeof(dom[i].launch), dom[i].launch_digest);
    memset(dom[i].signer, 0x50 + (int)i, sizeof(dom[i].signer));
    dom[i].guest_svn = 10 + i;
    vcpu[i].domain = &dom[i];
    current = &vcpu[i];
}

static void boot(void)
{
    run_as(0);
    measure_init("dom0_mem=512M");
    /* start-up hashes the images only where there is a key: it must be known by now */
    assert_int_equal(measure_active(), measure_pubkey()[0] | measure_pubkey()[1] | measure_pubkey()[63] ? 1 : 0);
    measure_policy(policy, 7);
    measure_launch(&dom[0]);
    measure_complete();
}

static void chain(uint8_t pcr[32], const uint8_t digest[32])
{
    uint8_t both[64];

    memcpy(both, pcr, 32);
    memcpy(both + 32, digest, 32);
    sha256(both, 64, pcr);
}

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

static struct bh_report report;
static uint8_t signature[64];

static struct bh_report_op request(uint8_t data)
{
    struct bh_report_op r = {.report = (uintptr_t)&report, .signature = (uintptr_t)signature};

    memset(r.report_data, data, 64);
    return r;
}

static long ask(struct bh_report_op *r)
{
    long rc;
    int n = 0;

    while ((rc = measure_report_op((uintptr_t)r)) == FAKE_AGAIN && n++ < 200)
        ;
    return rc;
}

static void no_reports(void)
{
    struct bh_report_op r = request(1);

    assert_false(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_MEASURED, 0);
    assert_int_equal(ask(&r), -XEN_ENODEV);
    assert_int_equal(measure_pubkey()[0] | measure_pubkey()[63], 0);
}

/* After a start that was measured: signed, and not called measured. */
static void reports_say_unmeasured(void)
{
    struct bh_report_op r = request(1);

    assert_int_equal(ask(&r), 0);
    assert_int_equal(((struct bh_report *)r.report)->flags & BH_FLAG_MEASURED, 0);
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
    for (fails_at = 1; fails_at <= 10; fails_at++) {
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

    (void)state;
    boot();
    run_as(5);
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

static void runtime_events(void **state)
{
    uint8_t pcr[32], d[32];

    (void)state;
    boot();
    memset(pcr, 0xff, 32);
    for (int i = 0; i < 3; i++) {
        sha256("something", 9, d);
        chain(pcr, d);
        measure_runtime("something");
    }
    for (int i = 0; i < 20; i++) {
        struct bh_blob b = {.size = 0};

        measure_eventlog_read((uintptr_t)&b);
    }
    assert_memory_equal(fake_tpm.pcr[22], pcr, 32);
    assert_true(measure_holds());
    for (int i = 0; i < 2000; i++)
        measure_runtime("so many events that no log holds them, but each is extended and remembered");
    assert_false(measure_holds());
    reports_say_unmeasured();
}

/* What a TPM does that is reset while the machine runs: it starts again, and its registers are as after any reset. */
static void lose_registers(void)
{
    memset(fake_tpm.pcr[21], 0xff, 32);
    memset(fake_tpm.pcr[22], 0xff, 32);
}

static void give_tpm_time(void)
{
    for (int i = 0; i < 50; i++) {
        struct bh_blob b = {.size = 0};

        measure_eventlog_read((uintptr_t)&b);
    }
}

/* The next event finds it out: the extend succeeds, and what is read back is not the log's register. */
static void reset_before_an_event(void **state)
{
    uint8_t d[32];

    (void)state;
    boot();
    measure_runtime("something");
    give_tpm_time();
    assert_true(measure_holds());
    lose_registers();
    assert_true(measure_holds()); /* nobody looked */
    sha256("a policy", 8, d);
    assert_int_equal(measure_policy_load(d, 8), 0);
    give_tpm_time();
    assert_false(measure_holds());
    assert_true(measure_settled());
    assert_non_null(strstr(fake_console, "from here on nothing is measured"));
    reports_say_unmeasured();
}

static long quote(void)
{
    uint8_t cmd[14] = {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x58, 0x81, 1, 0xb0, 1}, rsp[64];
    struct bh_tpm_command c = {(uintptr_t)cmd, 14, 64, (uintptr_t)rsp};
    long rc;

    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    return rc;
}

/* Whoever quotes, the hypervisor looks too; while all is well nothing comes of it. */
static void reset_before_a_quote(void **state)
{
    (void)state;
    boot();
    measure_runtime("something");
    give_tpm_time();
    assert_int_equal(quote(), 10); /* this fake knows no such command: an answer all the same */
    give_tpm_time();
    assert_true(measure_holds());
    lose_registers();
    assert_int_equal(quote(), 10);
    give_tpm_time();
    assert_false(measure_holds());
    reports_say_unmeasured();
}

/* A TPM that was reset and that nobody started again: the next event finds it out, or any command of a domain. */
static void reset_and_not_started(void **state)
{
    (void)state;
    boot();
    fake_tpm.started = false;
    measure_runtime("something");
    give_tpm_time();
    assert_false(measure_holds());
    reports_say_unmeasured();
}

static void reset_and_not_started_tells_domains(void **state)
{
    uint8_t cmd[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16}, rsp[64];
    struct bh_tpm_command c = {(uintptr_t)cmd, 12, 64, (uintptr_t)rsp};
    long rc;

    (void)state;
    boot();
    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    assert_int_equal(rc, 28);
    give_tpm_time();
    assert_true(measure_holds());
    fake_tpm.started = false;
    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    assert_int_equal(rc, 10);
    give_tpm_time();
    assert_false(measure_holds());
}

/* "Not ready yet" is no failure, but not for ever. */
static void not_ready_yet(void **state)
{
    (void)state;
    boot();
    fake_tpm.retries = 20;
    measure_runtime("something");
    for (int i = 0; i < 10; i++)
        give_tpm_time();
    assert_true(measure_holds());
    assert_int_equal(fake_tpm.retries, 0);
    fake_tpm.retries = 1u << 30;
    measure_runtime("something");
    for (int i = 0; i < 1000; i++)
        give_tpm_time();
    assert_false(measure_holds());
}

/* Given up over a domain's command: what is to be extended later is lost, not on its way for ever. */
static void given_up_meanwhile(void **state)
{
    uint8_t cmd[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16}, rsp[64], d[32] = {1};
    struct bh_tpm_command c = {(uintptr_t)cmd, 12, 64, (uintptr_t)rsp};

    (void)state;
    boot();
    fake_tpm.fault = FAULT_HANGS;
    fake_tick = 1000000000;
    for (int i = 0; i < 200; i++)
        measure_tpm_command((uintptr_t)&c);
    fake_tick = 1000;
    assert_non_null(strstr(fake_console, "given up"));
    assert_true(measure_holds());
    assert_int_equal(measure_policy_load(d, 8), 0);
    assert_true(measure_settled());
    assert_false(measure_holds());
    reports_say_unmeasured();
}

/* A policy comes into force: it is extended once, and where the log or the TPM's queue is full nothing is, and it is
 * refused. */
static void policy_loads(void **state)
{
    uint8_t d[32], pcr[32];
    struct bh_blob b = {.size = 0};
    int rc = 0, taken = 0;

    (void)state;
    boot();
    memcpy(pcr, fake_tpm.pcr[22], 32);
    sha256("a policy", 8, d);
    chain(pcr, d);
    assert_int_equal(measure_policy_load(d, 7), 0);
    for (int i = 0; i < 20; i++)
        measure_eventlog_read((uintptr_t)&b);
    assert_memory_equal(fake_tpm.pcr[22], pcr, 32);
    while (!rc && taken < 5000) { /* nobody gives the TPM its time */
        b.size = 0;
        measure_eventlog_read((uintptr_t)&b);
        uint32_t before = b.total;
        rc = measure_policy_load(d, 8);
        b.size = 0;
        measure_eventlog_read((uintptr_t)&b);
        assert_int_equal(b.total, before + (rc ? 0 : 44 + 4));
        taken += !rc;
    }
    assert_true(rc == -XEN_ENOSPC || rc == -XEN_EBUSY);
    assert_true(taken > 2);
    assert_true(measure_holds()); /* what was taken is measured, so all holds */
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

static void tpm_commands(void **state)
{
    uint8_t cmd[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16}, rsp[64];
    uint8_t reset[27] = {0x80, 2, 0, 0, 0, 27, 0, 0, 1, 0x3d, 0, 0, 0, 21};
    struct bh_tpm_command c = {(uintptr_t)cmd, 12, 64, (uintptr_t)rsp};
    struct bh_tpm_command bad = {(uintptr_t)reset, 27, 64, (uintptr_t)rsp};
    long rc;

    (void)state;
    boot();
    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    assert_int_equal(rc, 28);
    assert_int_equal(fake_last_perm, PERM_tpm_random);
    assert_int_equal(rsp[11], 16);
    assert_int_equal(measure_tpm_command((uintptr_t)&bad), -XEN_EPERM);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EPERM);
    fake_monitor_rc = 0;
    c.command_size = 9;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EINVAL);
    c.command_size = 4097;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EINVAL);
    c = (struct bh_tpm_command){8, 12, 64, (uintptr_t)rsp};
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EFAULT);
    /* too small a buffer: the response waits for a larger one */
    c = (struct bh_tpm_command){(uintptr_t)cmd, 12, 27, (uintptr_t)rsp};
    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    assert_int_equal(rc, -XEN_EINVAL);
    c.response_size = 28;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), 28);
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
        TEST(report_refusals),
        TEST(destroyed_domain_leaves_nothing),
        TEST(log_reads_back),
        TEST(runtime_events),
        TEST(reset_before_an_event),
        TEST(reset_before_a_quote),
        TEST(reset_and_not_started),
        TEST(reset_and_not_started_tells_domains),
        TEST(not_ready_yet),
        TEST(given_up_meanwhile),
        TEST(policy_loads),
        TEST(evidence),
        TEST(tpm_commands),
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
