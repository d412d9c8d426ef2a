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
#include "measure/tpm.h"
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

#define SECOND 1000000000ull

/* One call, and time for the TPM: not the call that fetches the result. */
static void begin(unsigned int i)
{
    struct bh_seal_counter c = {.flags = BH_SEAL_LAUNCH, .increment = 1};

    seal_run_as(i);
    assert_int_equal(measure_seal_counter((uintptr_t)&c), -XEN_EAGAIN);
    fake_time_passes(SECOND);
}

/* How many increments the TPM was told. */
static unsigned int increments;

static size_t count_increments(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    increments += tpm_cmd_u32(cmd + 6) == TPM2_CC_NV_Increment;
    return seal_to_swtpm(cmd, len, rsp);
}

static void counts_up(void)
{
    uint64_t v, w;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_ENOENT);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &w), 0); /* its own counter */
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &w), 0);
    assert_int_equal(w, v);
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
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    fake_tpm.fault = FAULT_HANGS;
    begin(1);
    fake_time_passes(30 * SECOND);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EIO);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_ENODEV);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), -XEN_EIO);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 0, &v), 0);
}

static void nobody_blocks(void **state)
{
    (void)state;
    seal_boot("same", one_goes_away);
}

/* Completed by others' calls, fetched late, or begun by one that is gone: counted once. But where another domain of the
 * same identity has counted since, the late one's value is behind, and it counts again. */
static void fetches_late(void)
{
    uint64_t v, w;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    increments = 0;
    begin(1);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &w), 0);
    fake_now += 5 * SECOND;
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), 0);
    assert_int_equal(w, v + 1);
    assert_int_equal(increments, 2);
    begin(1);
    assert_int_equal(count(1, BH_SEAL_LAUNCH | BH_SEAL_LABEL, 1, &w), 0); /* its other counter is another matter */
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), 0);
    assert_int_equal(w, v + 2);
    assert_int_equal(increments, 4);
}

static void counts_again_when_overtaken(void)
{
    struct bh_seal_counter c = {.flags = BH_SEAL_SIGNER, .increment = 1};
    uint64_t v, w;

    memcpy(seal_dom[3].signer, "same", 4);
    memcpy(seal_dom[4].signer, "same", 4);
    seal_run_as(3);
    assert_int_equal(measure_seal_counter((uintptr_t)&c), -XEN_EAGAIN);
    fake_time_passes(SECOND);
    assert_int_equal(count(4, BH_SEAL_SIGNER, 1, &v), 0);
    assert_int_equal(count(3, BH_SEAL_SIGNER, 1, &w), 0);
    assert_int_equal(w, v + 1);
    /* begun, and the domain ends: nobody gets it, nothing is written to */
    assert_int_equal(measure_seal_counter((uintptr_t)&c), -XEN_EAGAIN);
    measure_domain_destroyed(&seal_dom[3]);
    seal_dom[3].counted[1].ready = false;
    fake_time_passes(SECOND);
    assert_false(seal_dom[3].counted[1].ready);
    assert_int_equal(count(4, BH_SEAL_SIGNER, 1, &v), 0);
    assert_int_equal(v, w + 2);
}

static void counted_once(void **state)
{
    (void)state;
    seal_shared->more = count_increments;
    seal_boot("same", fetches_late);
    seal_boot("same", counts_again_when_overtaken);
}

/* A domain may wear the TPM's memory out slowly, and take few of its counters. */
static void reaches_its_limits(void)
{
    uint64_t v;

    for (int i = 0; i < 10; i++)
        assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    increments = 0;
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EBUSY);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &v), 0); /* reading costs nothing */
    assert_int_equal(increments, 0);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &v), 0); /* others have their own limit */
    fake_now += 59 * SECOND;
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EBUSY);
    fake_now += SECOND;
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EBUSY);
    fake_now += 3600 * SECOND;
    for (int i = 0; i < 10; i++)
        assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EBUSY);

    memset(seal_dom[5].signer, 5, 32);
    assert_int_equal(count(5, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(5, BH_SEAL_SIGNER, 1, &v), 0);
    assert_int_equal(count(5, BH_SEAL_SIGNER | BH_SEAL_LABEL, 1, &v), -XEN_ENOSPC);
    assert_int_equal(count(5, BH_SEAL_SIGNER | BH_SEAL_LABEL, 0, &v), -XEN_ENOENT);
    assert_int_equal(count(5, BH_SEAL_SIGNER, 1, &v), 0);
    assert_int_equal(count(6, BH_SEAL_LAUNCH, 1, &v), 0);
}

static void limits(void **state)
{
    (void)state;
    seal_shared->more = count_increments;
    seal_boot("same", reaches_its_limits);
}

/* The TPM's answer to the hypervisor's next command of some kind is another one. */
static uint32_t bent_code;
static uint64_t bent_value; /* of a read; 0: it is no response at all, whatever was done */

static size_t bend(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    size_t n = seal_to_swtpm(cmd, len, rsp);

    if (tpm_cmd_u32(cmd + 6) != bent_code) return n;
    if (!bent_value) rsp[0] = 0x55;
    for (int i = 0; bent_value && i < 8; i++)
        rsp[16 + i] = (uint8_t)(bent_value >> (56 - 8 * i));
    bent_code = 0;
    return n;
}

static void goes_back(void)
{
    uint64_t v, w;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    for (bent_value = v - 1; bent_value <= v; bent_value++) { /* the true one is higher by two */
        bent_code = TPM2_CC_NV_Read;
        fake_console[0] = '\0';
        assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), -XEN_EIO);
        assert_non_null(strstr(fake_console, "not believed"));
        /* It did count: a read asks again, and is not satisfied with less either. */
        bent_code = TPM2_CC_NV_Read;
        assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &w), -XEN_EIO);
        assert_int_equal(count(1, BH_SEAL_LAUNCH, 0, &w), 0);
        assert_int_equal(w, bent_value + 2);
    }
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &w), 0);
    assert_int_equal(w, v + 3);
}

/* The TPM makes the counter and its answer is lost: it is there, and found. */
static void loses_an_answer(void)
{
    uint64_t v, w;

    bent_value = 0;
    bent_code = TPM2_CC_NV_DefineSpace;
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), -XEN_EIO);
    assert_int_equal(bent_code, 0);
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &v), 0);
    /* Of an increment: the TPM has counted, and a read says so. */
    bent_code = TPM2_CC_NV_Increment;
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 1, &w), -XEN_EIO);
    assert_int_equal(count(2, BH_SEAL_LAUNCH, 0, &w), 0);
    assert_int_equal(w, v + 1);
}

/* Somebody else's index where the hypervisor thought that there was room. */
static void finds_a_place_taken(void)
{
    uint8_t cmd[TPM_CMD_MAX], id[32] = {9}, password[32] = {0x77};
    uint64_t v;

    seal_raw(0, cmd, seal_cmd_nv_define(cmd, 2, id, password), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
    assert_int_equal(count(3, BH_SEAL_LAUNCH, 1, &v), -XEN_EIO);
    assert_int_equal(count(3, BH_SEAL_LAUNCH, 1, &v), 0);
}

static void answers_that_are_bent(void **state)
{
    (void)state;
    seal_shared->more = bend;
    seal_boot("same", goes_back);
    seal_end_tpm(state);
    seal_fresh_tpm(state);
    seal_shared->more = bend;
    seal_boot("same", loses_an_answer);
    seal_boot("same", finds_a_place_taken);
}

/* Passwords of counters do not stay in the buffer that commands and answers share: after the look at start and after an
 * increment a short command shows what lies behind its answer. */
static void buffer_is_clean(void)
{
    static const uint8_t get_4[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 4};
    static const uint8_t none[TPM_CMD_MAX];
    uint8_t *rsp;
    size_t n;

    assert_int_equal(tpm_start_call(0, get_4, sizeof(get_4), &rsp, &n), 0);
    assert_int_equal(n, 16);
    assert_memory_equal(rsp + 16, none, TPM_CMD_MAX - 16);
}

static void clean_after_an_increment(void)
{
    uint64_t v;

    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    buffer_is_clean();
    assert_int_equal(count(1, BH_SEAL_LAUNCH, 1, &v), 0);
    buffer_is_clean();
}

static void nothing_stays_behind(void **state)
{
    (void)state;
    seal_boot("same", clean_after_an_increment);
    seal_boot("same", buffer_is_clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {SEAL_TEST(counters_over_boots),
                                       SEAL_TEST(as_many_as_there_are),
                                       SEAL_TEST(nobody_blocks),
                                       SEAL_TEST(counted_once),
                                       SEAL_TEST(limits),
                                       SEAL_TEST(answers_that_are_bent),
                                       SEAL_TEST(nothing_stays_behind)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
