/* SPDX-License-Identifier: MIT */
/* What is measured while domains run, and what a TPM that is reset, hangs or errs makes of it; domains' TPM commands.
 */
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
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "dispatched.h"

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

/* The same for the first event of all: PCR 22 is then as the log says, and PCR 21 is not. */
static void reset_before_the_first_event(void **state)
{
    (void)state;
    boot();
    lose_registers();
    measure_runtime("something");
    fake_time_passes(SECOND);
    assert_false(measure_holds());
    reports_say_unmeasured();
}

/* Nothing is ever done but ask for reports: within some seconds they say it. */
static void reset_and_only_reports(void **state)
{
    struct bh_report_op r = request(1);

    (void)state;
    boot();
    for (int i = 0; i < 30; i++) {
        r.report_data[0]++;
        assert_int_equal(ask(&r), 0);
        assert_int_equal(report.flags & BH_FLAG_MEASURED, BH_FLAG_MEASURED);
        fake_time_passes(SECOND);
    }
    lose_registers();
    for (int i = 0; i < 12; i++) {
        r.report_data[0]++;
        assert_int_equal(ask(&r), 0);
        fake_time_passes(SECOND);
    }
    assert_int_equal(report.flags & BH_FLAG_MEASURED, 0);
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

static long quote_to(void *rsp)
{
    uint8_t cmd[14] = {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x58, 0x81, 1, 0xb0, 1};
    struct bh_tpm_command c = {(uintptr_t)cmd, 14, 64, (uintptr_t)rsp};
    long rc;

    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    return rc;
}

static long quote(void)
{
    uint8_t rsp[64];

    return quote_to(rsp);
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

/* Whoever can extend at locality 2 makes the registers what they were: the count of resets tells. */
static void reset_and_extended_again(void **state)
{
    (void)state;
    boot();
    measure_runtime("something");
    assert_int_equal(quote(), 10);
    fake_time_passes(SECOND);
    assert_true(measure_holds());
    fake_tpm.resets++;
    assert_int_equal(quote(), 10);
    fake_time_passes(SECOND);
    assert_false(measure_holds());
    reports_say_unmeasured();
}

/* dom0 gives no buffer that the answer fits into: no matter. */
static void reset_before_a_quote_that_is_not_fetched(void **state)
{
    (void)state;
    boot();
    fake_time_passes(SECOND);
    lose_registers();
    assert_int_equal(quote_to((void *)8), -XEN_EFAULT);
    fake_time_passes(SECOND);
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
        give_tpm_time(); /* as often as anybody likes */
    assert_true(measure_holds());
    fake_time_passes(50 * SECOND);
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
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EAGAIN);
    fake_time_passes(131 * SECOND);
    assert_non_null(strstr(fake_console, "given up"));
    assert_true(measure_holds());
    assert_int_equal(measure_policy_load(d, 8), 0);
    assert_true(measure_settled());
    assert_false(measure_holds());
    assert_int_equal(measure_policy_load(d, 9), -XEN_EIO);
    reports_say_unmeasured();
}

/* A policy that can no longer be measured is refused, where the start was; where it was not, all goes on. */
static void policy_load_after_a_reset(void **state)
{
    uint8_t d[32] = {1};
    size_t len;

    (void)state;
    boot();
    assert_int_equal(measure_policy_load(d, 8), 0);
    fake_time_passes(SECOND);
    lose_registers();
    assert_int_equal(measure_policy_load(d, 9), 0); /* nobody knew */
    fake_time_passes(SECOND);
    assert_true(measure_settled());
    assert_false(measure_holds());
    len = measure_log()->len;
    assert_int_equal(measure_policy_load(d, 10), -XEN_EIO);
    assert_int_equal(measure_log()->len, len);
}

static void policy_load_where_nothing_is_measured(void **state)
{
    uint8_t d[32] = {1};

    (void)state;
    fake_tpm.pcr[21][3] ^= 1;
    boot();
    assert_int_equal(measure_policy_load(d, 8), 0);
    assert_true(measure_settled());
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

/* Who may not use the TPM does not even take the lock; and what the monitor was asked about is what is sent. */
static uint8_t *swapped;

static void swap_command(uint64_t src, size_t n)
{
    if (src == (uintptr_t)swapped && n == 10) swapped[9] = 0x58; /* a Quote */
}

static void tpm_commands_are_asked_first(void **state)
{
    uint8_t cmd[14] = {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x7b, 0x81, 1, 0xb0, 1}, rsp[64];
    struct bh_tpm_command c = {(uintptr_t)cmd, 14, 64, (uintptr_t)rsp};
    unsigned int commands;

    (void)state;
    boot();
    spin_lock(&measure_lock);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EPERM);
    assert_int_equal(fake_last_perm, PERM_tpm_random);
    fake_monitor_rc = 0;
    spin_unlock(&measure_lock);
    commands = fake_tpm.commands;
    swapped = cmd;
    fake_copied = swap_command;
    assert_int_equal(measure_tpm_command((uintptr_t)&c), -XEN_EINVAL);
    fake_copied = NULL;
    fake_time_passes(SECOND);
    assert_int_equal(fake_tpm.commands, commands);
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
        TEST(runtime_events),
        TEST(reset_before_the_first_event),
        TEST(reset_and_only_reports),
        TEST(reset_before_an_event),
        TEST(reset_before_a_quote),
        TEST(reset_and_extended_again),
        TEST(reset_before_a_quote_that_is_not_fetched),
        TEST(reset_and_not_started),
        TEST(reset_and_not_started_tells_domains),
        TEST(not_ready_yet),
        TEST(given_up_meanwhile),
        TEST(policy_loads),
        TEST(policy_load_after_a_reset),
        TEST(policy_load_where_nothing_is_measured),
        TEST(tpm_commands),
        TEST(tpm_commands_are_asked_first),
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
