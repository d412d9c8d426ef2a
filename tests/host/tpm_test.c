/* SPDX-License-Identifier: MIT */
/* The TPM driver: the hypervisor's commands, a domain's, and devices that break each rule of the interface. */
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
#include "measure/tpm.h"
#include "measure/measure_state.h"
#include "measure/tpm_cmd.h"
#include "types.h"

#define SECOND 1000000000ull

static const uint8_t get_random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16};
static const uint8_t get_random8[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};

void measure_look(ns_t since)
{
    (void)since;
}

static long call(uint32_t domid, const uint8_t *cmd, size_t len, const uint8_t **rsp)
{
    long rc = -XEN_EAGAIN;

    for (int i = 0; i < 50 && rc == -XEN_EAGAIN; i++)
        rc = tpm_guest_call(domid, cmd, len, rsp);
    return rc;
}

/* The driver's own state outlives a test, as its budget does: each test needs a process of its own (main). */
static void works(void **state)
{
    uint8_t a[32], b[32], pcr[32], both[64];

    (void)state;
    assert_int_equal(tpm_init(), 0);
    assert_true(tpm_has_hv_locality());
    assert_true(fake_tpm.started);
    assert_int_equal(tpm_random(a), 0);
    assert_int_equal(tpm_random(b), 0);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(fake_tpm.last_locality, 0);
    assert_int_equal(tpm_pcr_read(21, pcr), 0);
    memset(both, 0xff, 32);
    assert_memory_equal(pcr, both, 32);
    memcpy(both + 32, a, 32);
    assert_int_equal(tpm_pcr_extend(21, a), 0);
    assert_int_equal(fake_tpm.last_locality, 2);
    sha256(both, 64, both);
    assert_int_equal(tpm_pcr_read(21, pcr), 0);
    assert_memory_equal(pcr, both, 32);
    assert_int_equal(tpm_pcr_read(0, pcr), 0);
    memset(both, 0, 32);
    assert_memory_equal(pcr, both, 32);
}

static void was_started_before(void **state)
{
    uint8_t pcr[32];

    (void)state;
    fake_tpm.started = true;
    fake_tpm.retries = 3;
    assert_int_equal(tpm_init(), 0);
    assert_int_equal(tpm_pcr_read(22, pcr), 0);
}

static void one_byte_at_a_time(void **state)
{
    uint8_t pcr[32];

    (void)state;
    fake_tpm.burst = 1;
    assert_int_equal(tpm_init(), 0);
    assert_int_equal(tpm_pcr_read(22, pcr), 0);
    assert_int_equal(tpm_pcr_extend(22, pcr), 0);
}

/* The device stands where the standard says, but the ACPI table tells of a way to start it that is not driven. */
static void foreign_start_method(void **state)
{
    (void)state;
    fake_tpm.foreign = 2;
    assert_int_equal(tpm_init(), -XEN_EIO);
    assert_false(tpm_alive());
    assert_int_equal(fake_tpm.accesses, 0);
    assert_non_null(strstr(fake_console, "start method 2"));
}

/* Nothing but the hypervisor's own extends needs locality 2. */
static void one_locality(void **state)
{
    const uint8_t *rsp = NULL;
    uint8_t v[32];

    (void)state;
    fake_tpm.one_locality = true;
    assert_int_equal(tpm_init(), 0);
    assert_false(tpm_has_hv_locality());
    assert_int_equal(tpm_pcr_read(21, v), 0);
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
    assert_non_null(strstr(fake_console, "without locality 2"));
}

static void absent(void **state)
{
    (void)state;
    fake_tpm.fault = FAULT_ABSENT;
    assert_int_equal(tpm_init(), -XEN_ENODEV);
    assert_false(tpm_alive());
}

/* From the start, or when it is in use: no call succeeds, and all of it together takes no longer than 30 s. */
static void gives_up(enum fake_tpm_fault fault, bool at_start)
{
    uint8_t v[32];
    ns_t begun;
    int failed = 0;

    fake_tick = 1000000;
    if (!at_start) assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = fault;
    begun = fake_now;
    if (at_start) failed += tpm_init() == -XEN_EIO;
    for (int i = 0; i < 5; i++) {
        failed += tpm_pcr_read(21, v) == -XEN_EIO;
        failed += tpm_random(v) == -XEN_EIO;
        failed += tpm_pcr_extend(21, v) == -XEN_EIO;
    }
    assert_int_equal(failed, 15 + at_start);
    assert_true(fake_now - begun <= 31 * SECOND);
}

static void faults_at_start(void **state)
{
    gives_up(*(enum fake_tpm_fault *)*state, true);
}

static void faults_in_use(void **state)
{
    gives_up(*(enum fake_tpm_fault *)*state, false);
}

/* Any garbage at all: nothing crashes, no buffer is left, it ends. (Whether a call succeeds by luck is not asked.) */
static void random_registers(void **state)
{
    uint8_t v[32];

    (void)state;
    fake_tick = 1000000;
    assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = FAULT_RANDOM;
    for (int i = 0; i < 3000; i++) {
        srand((unsigned int)i);
        tpm_pcr_read(21, v);
    }
    assert_true(fake_now < 31 * SECOND);
}

static void guest_commands(void **state)
{
    const uint8_t *rsp = NULL, *first;

    (void)state;
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), -XEN_ENODEV);
    assert_int_equal(tpm_init(), 0);
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    assert_int_equal(tpm_guest_call(2, get_random, 12, &rsp), -XEN_EBUSY);
    assert_int_equal(tpm_guest_call(1, get_random8, 12, &rsp), -XEN_EBUSY);
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
    assert_int_equal(tpm_cmd_response(rsp, 28), 0);
    assert_int_equal(fake_tpm.last_locality, 0);
    /* not fetched yet: it is still there, for its owner, and keeps others out */
    first = rsp;
    assert_int_equal(tpm_guest_call(2, get_random, 12, &rsp), -XEN_EBUSY);
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), 28);
    assert_ptr_equal(rsp, first);
    tpm_guest_done();
    assert_int_equal(call(2, get_random8, 12, &rsp), 20);
    /* never fetched: after a second the next one may */
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EBUSY);
    fake_now += SECOND;
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
}

/* One call moves a bounded number of bytes, whatever the TPM offers. */
static size_t long_answer(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    static const uint8_t head[10] = {0x80, 1, 0, 0, 0x10, 0, 0, 0, 0, 0};

    (void)cmd;
    memset(rsp, 0x5a, 4096);
    memcpy(rsp, head, 10);
    rsp[4] = (uint8_t)(len >> 8);
    rsp[5] = (uint8_t)len;
    return len;
}

static void guest_calls_are_bounded(void **state)
{
    static uint8_t cmd[4096] = {0x80, 1, 0, 0, 0x10, 0, 0, 0, 1, 0x7a};
    const uint8_t *rsp = NULL;
    unsigned int calls = 0;
    long rc, size = 4096;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    if (fake_tpm.crb) { /* its buffers hold less: a longer command fails, and the next one works */
        assert_int_equal(call(3, cmd, sizeof(cmd), &rsp), -XEN_EIO);
        size = 3968;
        cmd[4] = 0x0f;
        cmd[5] = 0x80;
    }
    fake_tpm.burst = 4096;
    fake_tpm.more = long_answer;
    do {
        fake_tpm.accesses = 0;
        rc = tpm_guest_call(3, cmd, (size_t)size, &rsp);
        assert_true(fake_tpm.accesses < 600);
        calls++;
    } while (rc == -XEN_EAGAIN);
    assert_int_equal(rc, size);
    assert_in_range(calls, 16, 40);
    assert_int_equal(rsp[10], 0x5a);
    assert_int_equal(rsp[size - 1], 0x5a);
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

static void extends_go_first(void **state)
{
    uint8_t digest[32] = {1}, before[32], value[32];
    const uint8_t *rsp = NULL;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    memcpy(before, fake_tpm.pcr[22], 32);
    assert_int_equal(tpm_guest_call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    memcpy(value, before, 32);
    for (int i = 0; i < 16; i++) { /* each has room for a look behind it */
        assert_int_equal(extend_later(digest, value), 0);
        tpm_check_later(22, value);
    }
    assert_int_equal(tpm_extend_later(22, digest, value), -XEN_EBUSY);
    tpm_check_later(22, digest); /* no place, no look */
    while (fake_tpm.extends < 3)
        tpm_pump();
    assert_int_equal(call(1, get_random, 12, &rsp), 28); /* was under way before them */
    tpm_guest_done();
    assert_int_equal(tpm_guest_call(1, get_random8, 12, &rsp), -XEN_EAGAIN);
    for (int i = 0; i < 1000; i++)
        tpm_pump();
    assert_int_equal(fake_tpm.extends, 16);
    assert_int_equal(call(1, get_random8, 12, &rsp), 20);
    assert_true(tpm_extends_good());
    assert_memory_equal(value, fake_tpm.pcr[22], 32);
}

/* A register that is not what it has to be shows, after an extend and without one. */
static void a_lost_register_shows(void **state)
{
    uint8_t digest[32] = {1}, value[32];

    (void)state;
    assert_int_equal(tpm_init(), 0);
    memcpy(value, fake_tpm.pcr[22], 32);
    tpm_check_later(22, value);
    assert_int_equal(extend_later(digest, value), 0);
    for (int i = 0; i < 100; i++)
        tpm_pump();
    assert_true(tpm_extends_good());
    assert_false(tpm_extends_left());
    assert_int_equal(fake_tpm.last_locality, 0); /* to look, 0 is enough */
    memset(fake_tpm.pcr[22], 0xff, 32);
    tpm_check_later(22, value);
    for (int i = 0; i < 100; i++)
        tpm_pump();
    assert_false(tpm_extends_good());
    assert_false(tpm_extends_left());
}

static void failed_extend_shows(void **state)
{
    uint8_t digest[32] = {1};

    (void)state;
    assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = FAULT_ERROR;
    assert_int_equal(tpm_extend_later(22, digest, digest), 0);
    for (int i = 0; i < 100; i++)
        tpm_pump();
    assert_false(tpm_extends_good());
}

static void dead_domain_is_forgotten(void **state)
{
    const uint8_t *rsp = NULL;

    (void)state;
    assert_int_equal(tpm_init(), 0);
    fake_tpm.fault = FAULT_SLOW;
    assert_int_equal(call(1, get_random, 12, &rsp), -XEN_EAGAIN);
    tpm_guest_forget(2);
    assert_int_equal(call(2, get_random, 12, &rsp), -XEN_EBUSY);
    tpm_guest_forget(1);
    for (int i = 0; i < 20; i++)
        tpm_pump(); /* cancelled, and its answer goes nowhere */
    fake_tpm.fault = FAULT_NONE;
    assert_int_equal(call(2, get_random8, 12, &rsp), 20);
    tpm_guest_forget(2);
    assert_int_equal(call(1, get_random, 12, &rsp), 28);
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
#define FAULT(f, fault)                                                                                                \
    {                                                                                                                  \
#f ": " #fault, f, reset, NULL, &faults[fault]                                                                 \
    }

#define CRB_FAULT(f, fault)                                                                                            \
    {                                                                                                                  \
        "CRB: " #f ": " #fault, f, reset_crb, NULL, &faults[fault]                                                     \
    }

int main(void)
{
    static enum fake_tpm_fault faults[FAULT_COUNT];
    const struct CMUnitTest tests[] = {
        TEST(works),
        TEST(was_started_before),
        TEST(one_byte_at_a_time),
        TEST(absent),
        FAULT(faults_at_start, FAULT_VANISHES),
        FAULT(faults_at_start, FAULT_NO_LOCALITY),
        FAULT(faults_at_start, FAULT_NEVER_READY),
        FAULT(faults_at_start, FAULT_NO_BURST),
        FAULT(faults_at_start, FAULT_EXPECTS_LESS),
        FAULT(faults_at_start, FAULT_EXPECTS_MORE),
        FAULT(faults_at_start, FAULT_HANGS),
        FAULT(faults_at_start, FAULT_SLOW),
        FAULT(faults_at_start, FAULT_SIZE_SMALL),
        FAULT(faults_at_start, FAULT_SIZE_HUGE),
        FAULT(faults_at_start, FAULT_SIZE_LESS),
        FAULT(faults_at_start, FAULT_SIZE_MORE),
        FAULT(faults_at_start, FAULT_BAD_TAG),
        FAULT(faults_at_start, FAULT_ERROR),
        FAULT(faults_in_use, FAULT_VANISHES),
        FAULT(faults_in_use, FAULT_NO_LOCALITY),
        FAULT(faults_in_use, FAULT_NEVER_READY),
        FAULT(faults_in_use, FAULT_NO_BURST),
        FAULT(faults_in_use, FAULT_HANGS),
        FAULT(faults_in_use, FAULT_SIZE_LESS),
        FAULT(faults_in_use, FAULT_SIZE_MORE),
        FAULT(faults_in_use, FAULT_BAD_TAG),
        FAULT(faults_in_use, FAULT_ERROR),
        TEST(random_registers),
        TEST(guest_commands),
        TEST(guest_calls_are_bounded),
        TEST(extends_go_first),
        TEST(a_lost_register_shows),
        TEST(failed_extend_shows),
        TEST(dead_domain_is_forgotten),
        TEST(foreign_start_method),
        TEST(one_locality),
        CRB_TEST(works),
        CRB_TEST(was_started_before),
        CRB_TEST(absent),
        CRB_TEST(foreign_start_method),
        CRB_TEST(one_locality),
        CRB_TEST(random_registers),
        CRB_TEST(guest_commands),
        CRB_TEST(guest_calls_are_bounded),
        CRB_TEST(extends_go_first),
        CRB_TEST(a_lost_register_shows),
        CRB_TEST(failed_extend_shows),
        CRB_TEST(dead_domain_is_forgotten),
        CRB_FAULT(faults_at_start, FAULT_VANISHES),
        CRB_FAULT(faults_at_start, FAULT_NO_LOCALITY),
        CRB_FAULT(faults_at_start, FAULT_NEVER_READY),
        CRB_FAULT(faults_at_start, FAULT_HANGS),
        CRB_FAULT(faults_at_start, FAULT_SLOW),
        CRB_FAULT(faults_at_start, FAULT_SIZE_SMALL),
        CRB_FAULT(faults_at_start, FAULT_SIZE_HUGE),
        CRB_FAULT(faults_at_start, FAULT_SIZE_LESS),
        CRB_FAULT(faults_at_start, FAULT_SIZE_MORE),
        CRB_FAULT(faults_at_start, FAULT_BAD_TAG),
        CRB_FAULT(faults_at_start, FAULT_ERROR),
        CRB_FAULT(faults_at_start, FAULT_FATAL),
        CRB_FAULT(faults_at_start, FAULT_BUFFER),
        CRB_FAULT(faults_in_use, FAULT_VANISHES),
        CRB_FAULT(faults_in_use, FAULT_NO_LOCALITY),
        CRB_FAULT(faults_in_use, FAULT_NEVER_READY),
        CRB_FAULT(faults_in_use, FAULT_HANGS),
        CRB_FAULT(faults_in_use, FAULT_SLOW),
        CRB_FAULT(faults_in_use, FAULT_SIZE_SMALL),
        CRB_FAULT(faults_in_use, FAULT_SIZE_HUGE),
        CRB_FAULT(faults_in_use, FAULT_SIZE_LESS),
        CRB_FAULT(faults_in_use, FAULT_SIZE_MORE),
        CRB_FAULT(faults_in_use, FAULT_BAD_TAG),
        CRB_FAULT(faults_in_use, FAULT_ERROR),
        CRB_FAULT(faults_in_use, FAULT_FATAL),
        CRB_FAULT(faults_in_use, FAULT_BUFFER),
    };

    for (int i = 0; i < FAULT_COUNT; i++)
        faults[i] = (enum fake_tpm_fault)i;
    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
