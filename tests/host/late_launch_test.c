/* SPDX-License-Identifier: MIT */
/* The measured start after a late launch: tboot's word, its log, and registers that bear them out or do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_tpm.h"
#include "measure_fakes.h"
#include "run_apart.h"
#include "domain/domain.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/measure_state.h"

static void start(void)
{
    static const uint8_t policy[32] = {0x70};
    static struct domain dom0;

    measure_init("dom0_mem=512M tboot=0x2473000");
    measure_policy(policy, 7);
    sha256(&dom0.launch, sizeof(dom0.launch), dom0.launch_digest);
    measure_launch(&dom0);
    measure_complete();
}

static void chain(uint8_t pcr[32], const uint8_t digest[32])
{
    uint8_t both[64];

    memcpy(both, pcr, 32);
    memcpy(both + 32, digest, 32);
    sha256(both, 64, pcr);
}

static void log_bytes(const void *p, size_t n)
{
    memcpy(fake_log + fake_log_len, p, n);
    fake_log_len += n;
}

static void log_number(uint64_t v, size_t n)
{
    log_bytes(&v, n);
}

static void drtm_event(uint32_t pcr, uint32_t type, uint8_t digest, uint32_t size)
{
    uint8_t d[32], data[256];

    memset(d, digest, 32);
    memset(data, 0xd0, sizeof(data));
    log_number(pcr, 4), log_number(type, 4), log_number(1, 4), log_number(0xb, 2);
    log_bytes(d, 32);
    log_number(size, 4);
    log_bytes(data, size);
    chain(fake_tpm.pcr[pcr], d);
}

/* As SINIT and tboot leave TPM and log: PCR 17 to 22 reset to zero, 17 and 18 extended. */
static void launch_late(void)
{
    static const uint8_t zero[20];

    fake_launched = true;
    fake_log_len = 0;
    memset(fake_tpm.pcr[17], 0, 6 * 32ul);
    log_number(0, 4), log_number(3, 4), log_bytes(zero, 20), log_number(33, 4);
    log_bytes("Spec ID Event03", 16);
    log_number(0, 4), log_number(2, 2), log_number(0, 1), log_number(2, 1), log_number(1, 4);
    log_number(0xb, 2), log_number(32, 2), log_number(0, 1);
    drtm_event(17, 0x402, 0x17, 8);
    drtm_event(18, 0x501, 0x18, 0);
    drtm_event(17, 0x501, 0x1a, 200);
}

static void late_launch_is_believed(void **state)
{
    const uint8_t *log;

    (void)state;
    launch_late();
    start();
    assert_true(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_LATE_LAUNCH, BH_FLAG_LATE_LAUNCH);
    log = measure_log()->data;
    uint32_t head[2], size, type;
    memcpy(head, log, 8);
    memcpy(&size, log + 40, 4);
    memcpy(&type, log + 44, 4);
    assert_true(head[0] == 17 && head[1] == BH_EV_DRTM && size == 12 && type == 0x402);
    assert_int_equal(log[8], 0x17);
    memcpy(&size, log + 56 + 48 + 40, 4); /* the third: cut */
    assert_int_equal(size, 4 + BH_EV_DRTM_DATA);
    assert_non_null(strstr(fake_console, "measure: late launch"));
}

static void without_word_from_tboot(void **state)
{
    (void)state;
    launch_late();
    fake_launched = false;
    start();
    assert_true(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_LATE_LAUNCH, 0);
}

/* tboot's word alone: registers as without a launch, and extended on top of FF. */
static void late_launch_without_the_tpm(void **state)
{
    uint8_t digest[32] = {1};

    (void)state;
    launch_late();
    memset(fake_tpm.pcr[17], 0xff, 6 * 32ul);
    chain(fake_tpm.pcr[17], digest);
    chain(fake_tpm.pcr[18], digest);
    chain(fake_tpm.pcr[19], digest);
    start();
    assert_true(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_LATE_LAUNCH, 0);
    assert_non_null(strstr(fake_console, "the TPM does not"));
}

static void late_launch_with_nothing_measured(void **state)
{
    (void)state;
    launch_late();
    memset(fake_tpm.pcr[17], 0, 2 * 32ul);
    start();
    assert_int_equal(measure_flags() & BH_FLAG_LATE_LAUNCH, 0);
}

/* A log that is false, cut or absent goes nowhere; that there was a launch, the registers still say. */
static void late_launch_with_a_bad_log(void **state)
{
    (void)state;
    launch_late();
    switch (*(int *)*state) {
    case 0:
        fake_log[fake_log_len - 210]++; /* in the last digest */
        break;
    case 1:
        fake_log_len--;
        break;
    case 2:
        fake_log_len = 0;
        break;
    case 3:
        for (int i = 0; i < 62; i++)
            drtm_event(18, 0x501, 1, 0);
        break;
    }
    start();
    uint32_t first;
    memcpy(&first, measure_log()->data + 4, 4);
    assert_int_equal(first, BH_EV_HV_KEY);
    assert_true(measure_active());
    assert_int_equal(measure_flags() & BH_FLAG_LATE_LAUNCH, BH_FLAG_LATE_LAUNCH);
    assert_non_null(strstr(fake_console, "left out"));
}

static int reset(void **state)
{
    (void)state;
    fake_tpm_reset();
    return 0;
}

int main(void)
{
    static int bad[] = {0, 1, 2, 3};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(late_launch_is_believed, reset),
        cmocka_unit_test_setup(without_word_from_tboot, reset),
        cmocka_unit_test_setup(late_launch_without_the_tpm, reset),
        cmocka_unit_test_setup(late_launch_with_nothing_measured, reset),
        {"a log with one bit off", late_launch_with_a_bad_log, reset, NULL, &bad[0]},
        {"a log that is cut", late_launch_with_a_bad_log, reset, NULL, &bad[1]},
        {"no log", late_launch_with_a_bad_log, reset, NULL, &bad[2]},
        {"a log that is too long", late_launch_with_a_bad_log, reset, NULL, &bad[3]},
    };

    return run_apart(tests, sizeof(tests) / sizeof(tests[0]));
}
