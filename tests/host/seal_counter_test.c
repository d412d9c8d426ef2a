/* SPDX-License-Identifier: MIT */
/* Counters from boot to boot: they go on, and what another system does to them never makes one go back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "seal_boots.h"
#include "measure_fakes.h"
#include "measure/measure.h"
#include "measure/seal.h"
#include "measure/seal_cmd.h"
#include "dispatched.h"
#include <tss2/tss2_tpm2_types.h>

/* --- Counters ------------------------------------------------------------------------------------ */

static long count(unsigned int i, uint32_t flags, uint32_t increment, uint64_t *value)
{
    struct bh_seal_counter c = {.flags = flags, .increment = increment};
    unsigned int n = 0;
    long rc;

    seal_run_as(i);
    while ((rc = measure_seal_counter((uintptr_t)&c)) == -XEN_EAGAIN)
        assert_true(n++ < 10000);
    *value = c.value;
    return rc;
}

static void a_second_later(void)
{
    fake_now += 1000000000;
}

static void counts_up(void)
{
    uint64_t v, w;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_ENOENT);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), -XEN_EBUSY);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &w), 0); /* its own limit, its own counter */
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &w), 0);
    assert_int_equal(w, v);
    a_second_later();
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), 0);
    assert_int_equal(w, v + 1);
    assert_int_equal(count(1, BH_SEAL_LAUNCH | BH_SEAL_LABEL, 0, &v), -XEN_ENOENT);
    assert_int_equal(count(1, BH_SEAL_SIGNER, 0, &v), -XEN_EACCES);
    assert_int_equal(count(1, 0, 0, &v), -XEN_EINVAL);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 2, &v), -XEN_EINVAL);
    assert_int_equal(measure_seal_counter(8), -XEN_EFAULT);
    seal_shared->value = w;
}

static void still_there(void)
{
    uint64_t v;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), 0);
    assert_int_equal(v, seal_shared->value);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(v, ++seal_shared->value);
}

static void not_of_this_chain(void)
{
    uint64_t v;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_ENOENT);
}

static void undefine(uint32_t index)
{
    uint8_t cmd[31] = {0x80, 2, 0, 0, 0, 31, 0, 0, 1, 0x22, 0x40, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0x40, 0, 0, 9};

    for (int i = 0; i < 4; i++)
        cmd[14 + i] = (uint8_t)(index >> (24 - 8 * i));
    seal_raw(0, cmd, sizeof(cmd), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
}

/* What somebody else does with the owner's empty password, having started another system. */
static void removed_by_another_system(void)
{
    undefine(SEAL_NV_FIRST);
}

static void never_goes_back(void)
{
    uint64_t v;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_ENOENT);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_true(v > seal_shared->value);
    seal_shared->value = v;
}

/* The same index with the same id, and a password that the thief knows. */
static void replaced_by_another_system(void)
{
    uint8_t cmd[TPM_CMD_MAX], id[32], password[32] = {0x77};

    seal_raw(0, cmd, seal_cmd_nv_public(cmd, 0), seal_answer);
    assert_int_equal(seal_cmd_nv_public_response(seal_answer, tpm_cmd_u32(seal_answer + 2), 0, id), 1);
    undefine(SEAL_NV_FIRST);
    seal_raw(0, cmd, seal_cmd_nv_define(cmd, 0, id, password), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
    seal_raw(0, cmd, seal_cmd_nv_increment(cmd, 0, password), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
}

static void is_not_believed(void)
{
    uint64_t v;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_EIO);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EIO);
}

static void counters_over_boots(void **state)
{
    (void)state;
    seal_boot("same", counts_up);
    seal_boot("same", still_there);
    seal_boot("changed", not_of_this_chain);
    seal_boot("same", removed_by_another_system);
    seal_boot("same", never_goes_back);
    seal_boot("same", still_there);
    seal_boot("same", replaced_by_another_system);
    seal_boot("same", is_not_believed);
}

static void fills_all(void)
{
    uint64_t v;

    for (unsigned int i = 1; i <= SEAL_COUNTERS; i++)
        assert_int_equal(count(i, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(SEAL_COUNTERS + 1, BH_SEAL_LAUNCH, 1, &v), -XEN_ENOSPC);
    a_second_later();
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
}

static void are_full(void)
{
    uint64_t v;

    assert_non_null(strstr(fake_console, "16 of 16 counters in use"));
    assert_int_equal(count(SEAL_COUNTERS + 1, BH_SEAL_LAUNCH, 1, &v), -XEN_ENOSPC);
}

static void as_many_as_there_are(void **state)
{
    (void)state;
    seal_boot("same", fills_all);
    seal_boot("same", are_full);
    seal_boot("changed", are_full);
}

/* A caller that goes away does not block others, and dom0's commands go on between increments. */
static void one_goes_away(void)
{
    struct bh_seal_counter c = {.flags = BH_SEAL_LAUNCH, .increment = 1};
    uint8_t random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16};
    struct bh_tpm_command get = {(uintptr_t)random, sizeof(random), sizeof(seal_answer), (uintptr_t)seal_answer};
    uint64_t v;
    long rc;

    seal_run_as(1);
    assert_int_equal(measure_seal_counter((uintptr_t)&c), -XEN_EAGAIN);
    seal_run_as(0);
    while ((rc = measure_tpm_command((uintptr_t)&get)) == -XEN_EAGAIN)
        ;
    assert_int_equal(rc, 28);
    fake_tick = 1000000;
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &v), 0);
    fake_tick = 1000;
    a_second_later();
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    fake_tpm.fault = FAULT_HANGS;
    fake_tick = 1000000000;
    a_second_later();
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_ENODEV);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_EIO);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 0, &v), 0);
}

static void nobody_blocks(void **state)
{
    (void)state;
    seal_boot("same", one_goes_away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {SEAL_TEST(counters_over_boots), SEAL_TEST(as_many_as_there_are),
                                       SEAL_TEST(nobody_blocks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
