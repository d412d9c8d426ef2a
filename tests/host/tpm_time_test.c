/* SPDX-License-Identifier: MIT */
/* The TPM driver and time: what is begun goes on by itself, who is slow is cancelled, who is deaf given up, and a TPM
 * that nobody looked after is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <tss2/tss2_tpm2_types.h>
#include "fake_tpm.h"
#include "measure_fakes.h"
#include "run_apart.h"
#include "measure/crypto.h"
#include "measure/measure_state.h"
#include "measure/tpm.h"
#include "measure/tpm_cmd.h"
#include "types.h"

#define SECOND 1000000000ull

static const uint8_t get_random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16};
static unsigned int looks;

void measure_look(ns_t since)
{
    (void)since;
    looks++;
}

static long call(uint32_t domid, const uint8_t *cmd, size_t len, const uint8_t **rsp)
{
    long rc = -XEN_EAGAIN;

    for (int i = 0; i < 50 && rc == -XEN_EAGAIN; i++)
        rc = tpm_guest_call(domid, cmd, len, rsp);
    return rc;
}

/* An extend, and what the register then has to be: value goes on. */
static int extend_later(const uint8_t digest[32], uint8_t value[32])
{
    uint8_t both[64];

    memcpy(both, value, 32);
    memcpy(both + 32, digest, 32);
    sha256(both, sizeof(both), value);
    return tpm_extend_later(22, digest, value);
}

/* Only time in which somebody looked after the TPM is held against it: it had answered long ago. */
static void nobody_pumps_a_guests_command(void **state)
{
    static uint8_t cmd[4096] = {0x80, 1, 0, 0, 0x10, 0, 0, 0, 1, 0x7b};
    const uint8_t *rsp = NULL;
    size_t len = 4096;

    (void)state;
    if (fake_tpm.crb) {
        len = 3968;
        cmd[4] = 0x0f;
        cmd[5] = 0x80;
    }
    assert_int_equal(tpm_init(), 0);
    assert_int_equal(tpm_guest_call(1, cmd, len, &rsp), -XEN_EAGAIN);
    fake_now += 121 * SECOND;
    tpm_pump();
    fake_now += 11 * SECOND;
    tpm_pump();
    assert_true(tpm_alive());
    assert_true(call(1, cmd, len, &rsp) > 0);
    assert_int_not_equal(tpm_cmd_response(rsp, tpm_cmd_u32(rsp + 2)), TPM2_RC_CANCELED);
    assert_null(strstr(fake_console, "given up"));
}

static void nobody_pumps_an_extend(void **state)
{
    uint8_t digest[32] = {1}, value[32];

    (void)state;
    assert_int_equal(tpm_init(), 0);
    memcpy(value, fake_tpm.pcr[22], 32);
    fake_tpm.burst = 1; /* a pump is not enough for it */
    assert_int_equal(extend_later(digest, value), 0);
    tpm_pump();
    for (int i = 0; i < 3; i++) {
        fake_now += 11 * SECOND;
        tpm_pump();
    }
    assert_true(tpm_alive());
    for (int i = 0; i < 1000; i++)
        tpm_pump();
    assert_true(tpm_extends_good());
    assert_false(tpm_extends_left());
    assert_memory_equal(value, fake_tpm.pcr[22], 32);
}

/* What was begun goes on by the timer, and it stops when all is done. */
static void the_timer_pumps(void **state)
{
    uint8_t digest[32] = {1}, value[32];
    const uint8_t *rsp = NULL;
    unsigned int commands;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    memcpy(value, fake_tpm.pcr[22], 32);
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(extend_later(digest, value), 0);
    fake_lock_queued = true;
    fake_time_passes(SECOND);
    assert_int_equal(fake_tpm.extends, 3);
    assert_false(tpm_extends_left());
    assert_true(tpm_extends_good());
    assert_memory_equal(value, fake_tpm.pcr[22], 32);
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), 28);
    commands = fake_tpm.commands;
    fake_tpm.accesses = 0;
    fake_time_passes(10 * SECOND);
    assert_int_equal(fake_tpm.commands, commands);
    assert_int_equal(fake_tpm.accesses, 0);
}

/* An extend that was cancelled was not done: again. But who cancels for ever does not work. */
static void cancelled_extend_is_tried_again(void **state)
{
    uint8_t digest[32] = {1}, value[32];

    (void)state;
    assert_int_equal(tpm_init(), 0);
    memcpy(value, fake_tpm.pcr[22], 32);
    fake_tpm.fault = FAULT_SLOW;
    assert_int_equal(extend_later(digest, value), 0);
    tpm_pump();
    fake_time_passes(12 * SECOND);
    assert_int_equal(fake_tpm.extends, 0);
    assert_true(tpm_extends_good());
    fake_tpm.fault = FAULT_NONE;
    fake_time_passes(12 * SECOND);
    assert_int_equal(fake_tpm.extends, 1);
    assert_true(tpm_extends_good());
    assert_false(tpm_extends_left());
    fake_tpm.fault = FAULT_SLOW;
    assert_int_equal(extend_later(digest, value), 0);
    tpm_pump();
    fake_time_passes(90 * SECOND);
    assert_false(tpm_extends_good());
    assert_true(tpm_alive());
}

/* Who quotes makes the hypervisor look, at the answer, fetched or not; other commands do not. */
static void a_quote_is_a_reason_to_look(void **state)
{
    static const uint8_t quote[14] = {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x58, 0x81, 1, 0xb0, 1};
    const uint8_t *rsp = NULL;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
    tpm_guest_done();
    assert_int_equal(looks, 0);
    assert_int_equal(tpm_guest_call(1, quote, 14, &rsp), -XEN_EAGAIN);
    tpm_guest_forget(1);
    fake_time_passes(SECOND);
    assert_int_equal(looks, 1);
    assert_int_equal(call(1, quote, 14, &rsp), 10);
    assert_int_equal(looks, 2);
    tpm_guest_done();
    fake_tpm.started = false;
    assert_int_equal(call(1, get_random, 12, &rsp), 10);
    assert_int_equal(looks, 3);
}

/* A command that never ends is cancelled after two minutes, and the next one works. */
static void slow_command_is_cancelled(void **state)
{
    const uint8_t *rsp = NULL;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = FAULT_SLOW;
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    fake_time_passes(119 * SECOND);
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    fake_time_passes(3 * SECOND / 2);
    assert_int_equal(call(1, get_random, 12, &rsp), 10);
    assert_int_equal(tpm_cmd_response(rsp, 10), TPM2_RC_CANCELED);
    tpm_guest_done();
    fake_tpm.fault = FAULT_NONE;
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
}

static void deaf_tpm_is_given_up(void **state)
{
    const uint8_t *rsp = NULL;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = FAULT_HANGS;
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    fake_time_passes(121 * SECOND);
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    assert_true(tpm_alive());
    fake_time_passes(11 * SECOND);
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EIO);
    assert_false(tpm_alive());
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_ENODEV);
}

static int reset(void **state)
{
    (void)state;
    fake_tpm_reset();
    fake_now = 1;
    fake_tick = 1000;
    return 0;
}

static int reset_crb(void **state)
{
    reset(state);
    fake_tpm.crb = true;
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, reset)
#define CRB_TEST(f)                                                                                                    \
    {                                                                                                                  \
        "CRB: " #f, f, reset_crb, NULL, NULL                                                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_pumps_a_guests_command),
        TEST(nobody_pumps_an_extend),
        TEST(the_timer_pumps),
        TEST(cancelled_extend_is_tried_again),
        TEST(a_quote_is_a_reason_to_look),
        TEST(slow_command_is_cancelled),
        TEST(deaf_tpm_is_given_up),
        CRB_TEST(nobody_pumps_a_guests_command),
        CRB_TEST(nobody_pumps_an_extend),
        CRB_TEST(the_timer_pumps),
        CRB_TEST(cancelled_extend_is_tried_again),
        CRB_TEST(a_quote_is_a_reason_to_look),
        CRB_TEST(slow_command_is_cancelled),
        CRB_TEST(deaf_tpm_is_given_up),
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
