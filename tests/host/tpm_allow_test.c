/* SPDX-License-Identifier: MIT */
/* Of all command codes, exactly the listed ones pass; handles and sizes are held to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <tss2/tss2_tpm2_types.h>
#include "measure/tpm_allow.h"
#include "types.h"

static uint8_t cmd[4096];
static size_t len;

static void put32(uint32_t v)
{
    for (int i = 0; i < 4; i++)
        cmd[len++] = (uint8_t)(v >> (24 - 8 * i));
}

static void begin(uint32_t code, bool sessions)
{
    memset(cmd, 0, sizeof(cmd));
    cmd[0] = 0x80;
    cmd[1] = sessions ? 2 : 1;
    len = 6;
    put32(code);
}

static int ask(enum bh_perm *perm)
{
    size_t n = len;

    len = 2;
    put32((uint32_t)n);
    len = n;
    return tpm_allow(cmd, n, perm);
}

static void session(void)
{
    put32(9);
    put32(TPM2_RS_PW);
    len += 5;
}

/* TPM2B_SENSITIVE_CREATE with nothing in it, and the beginning of a TPM2B_PUBLIC. */
static void object_of(uint32_t type)
{
    put32(4);
    len -= 2;
    cmd[len - 1] = 4;
    put32(0);
    put32(2 << 16 | type);
}

static int ask_handles(uint32_t code, uint32_t first, uint32_t second)
{
    enum bh_perm perm;

    begin(code, true);
    put32(first);
    if (second) put32(second);
    session();
    if (code == TPM2_CC_CreatePrimary) object_of(TPM2_ALG_ECC);
    return ask(&perm);
}

/* Keys that sign or restrict what others sign are ECC or RSA; what could stand in for sealing's root is not made. */
static void types(void **state)
{
    static const uint32_t codes[] = {TPM2_CC_CreatePrimary, TPM2_CC_Create};
    enum bh_perm perm;

    (void)state;
    for (uint32_t type = 0; type < 0x10000; type++)
        for (int i = 0; i < 2; i++) {
            begin(codes[i], true);
            put32(i ? 0x80000000 : TPM2_RH_OWNER);
            session();
            object_of(type);
            assert_int_equal(ask(&perm), type == TPM2_ALG_RSA || type == TPM2_ALG_ECC ? 0 : -XEN_EPERM);
        }
    for (size_t cut = 1; cut <= 10; cut++) {
        len -= cut;
        assert_int_equal(ask(&perm), -XEN_EINVAL);
        len += cut;
    }
    begin(TPM2_CC_Create, false);
    put32(0x80000000);
    put32(0xffffffff);
    assert_int_equal(ask(&perm), -XEN_EINVAL);
}

/* Handles that suit any of the commands, as far as one pair can. */
static void codes(void **state)
{
    static const struct {
        uint32_t code;
        enum bh_perm perm;
        uint32_t h[2];
    } good[] = {
        {TPM2_CC_GetCapability, PERM_tpm_read, {0, 0}},
        {TPM2_CC_GetTestResult, PERM_tpm_read, {0, 0}},
        {TPM2_CC_PCR_Read, PERM_tpm_read, {0, 0}},
        {TPM2_CC_ReadClock, PERM_tpm_read, {0, 0}},
        {TPM2_CC_ReadPublic, PERM_tpm_read, {0x81010001, 0}},
        {TPM2_CC_NV_ReadPublic, PERM_tpm_read, {0x01c00002, 0}},
        {TPM2_CC_NV_Read, PERM_tpm_read, {0x01c00002, 0x01c00002}},
        {TPM2_CC_GetRandom, PERM_tpm_random, {0, 0}},
        {TPM2_CC_Quote, PERM_tpm_quote, {0x8101b001, 0}},
        {TPM2_CC_CreatePrimary, PERM_tpm_key, {TPM2_RH_ENDORSEMENT, 0}},
        {TPM2_CC_Create, PERM_tpm_key, {0x80000000, 0}},
        {TPM2_CC_Load, PERM_tpm_key, {0x80000000, 0}},
        {TPM2_CC_EvictControl, PERM_tpm_key, {TPM2_RH_OWNER, 0x80000000}},
        {TPM2_CC_FlushContext, PERM_tpm_key, {0, 0}},
        {TPM2_CC_StartAuthSession, PERM_tpm_activate, {TPM2_RH_NULL, TPM2_RH_NULL}},
        {TPM2_CC_PolicySecret, PERM_tpm_activate, {TPM2_RH_ENDORSEMENT, 0x03000000}},
        {TPM2_CC_MakeCredential, PERM_tpm_activate, {0x80000000, 0}},
        {TPM2_CC_ActivateCredential, PERM_tpm_activate, {0x8101b001, 0x80000000}},
    };

    (void)state;
    for (uint32_t code = 0; code < 0x10000; code++) {
        enum bh_perm perm = PERM_tpm_read;
        size_t i;
        int rc;

        for (i = 0; i < ARRAY_SIZE(good) && good[i].code != code; i++)
            ;
        begin(code, false);
        if (i < ARRAY_SIZE(good) && good[i].h[0]) put32(good[i].h[0]);
        if (i < ARRAY_SIZE(good) && good[i].h[1]) put32(good[i].h[1]);
        if (code == TPM2_CC_EvictControl) put32(0x8101b001);
        if (code == TPM2_CC_CreatePrimary || code == TPM2_CC_Create) object_of(TPM2_ALG_RSA);
        if (code == TPM2_CC_FlushContext) put32(0x80000000);
        rc = ask(&perm);
        assert_int_equal(rc, i < ARRAY_SIZE(good) ? 0 : -XEN_EPERM);
        if (!rc) assert_int_equal(perm, good[i].perm);
    }
    /* vendor commands and reserved bits of a code */
    for (int bit = 16; bit < 32; bit++) {
        enum bh_perm perm;

        begin(TPM2_CC_GetRandom | 1u << bit, false);
        assert_int_equal(ask(&perm), -XEN_EPERM);
    }
}

static void hierarchies(void **state)
{
    (void)state;
    assert_int_equal(ask_handles(TPM2_CC_CreatePrimary, TPM2_RH_OWNER, 0), 0);
    assert_int_equal(ask_handles(TPM2_CC_CreatePrimary, TPM2_RH_NULL, 0), 0);
    assert_int_equal(ask_handles(TPM2_CC_CreatePrimary, TPM2_RH_PLATFORM, 0), -XEN_EPERM);
    assert_int_equal(ask_handles(TPM2_CC_CreatePrimary, TPM2_RH_LOCKOUT, 0), -XEN_EPERM);
    assert_int_equal(ask_handles(TPM2_CC_PolicySecret, TPM2_RH_PLATFORM, 0x03000000), -XEN_EPERM);
    assert_int_equal(ask_handles(TPM2_CC_PolicySecret, TPM2_RH_LOCKOUT, 0x03000000), -XEN_EPERM);
    assert_int_equal(ask_handles(TPM2_CC_PolicySecret, 21, 0x03000000), -XEN_EPERM);
    assert_int_equal(ask_handles(TPM2_CC_NV_Read, TPM2_RH_PLATFORM, 0x01000001), -XEN_EPERM);
}

static int evict(uint32_t object, uint32_t persistent, int extra)
{
    enum bh_perm perm;

    begin(TPM2_CC_EvictControl, true);
    put32(TPM2_RH_OWNER);
    put32(object);
    session();
    put32(persistent);
    len = (size_t)((int)len + extra);
    return ask(&perm);
}

/* Nobody removes or shadows the keys that others left in the TPM. */
static void persistent_handles(void **state)
{
    (void)state;
    assert_int_equal(evict(0x80000001, 0x8101b000, 0), 0);
    assert_int_equal(evict(0x80000001, 0x8101b00f, 0), 0);
    assert_int_equal(evict(0x8101b001, 0x8101b001, 0), 0);
    assert_int_equal(evict(0x81010001, 0x81010001, 0), -XEN_EPERM);
    assert_int_equal(evict(0x81010001, 0x8101b001, 0), -XEN_EPERM);
    assert_int_equal(evict(0x80000001, 0x8101afff, 0), -XEN_EPERM);
    assert_int_equal(evict(0x80000001, 0x8101b010, 0), -XEN_EPERM);
    assert_int_equal(evict(0x80000001, 0x81800000, 0), -XEN_EPERM);
    assert_int_equal(evict(0x80000001, 0x8101b001, -1), -XEN_EINVAL);
    assert_int_equal(evict(0x80000001, 0x8101b001, 1), -XEN_EINVAL);
}

static int flush(uint32_t handle)
{
    enum bh_perm perm;

    begin(TPM2_CC_FlushContext, false);
    put32(handle);
    return ask(&perm);
}

static void flushes(void **state)
{
    (void)state;
    assert_int_equal(flush(0x80000002), 0);
    assert_int_equal(flush(0x02000000), 0);
    assert_int_equal(flush(0x03000001), 0);
    assert_int_equal(flush(0x81010001), -XEN_EPERM);
    assert_int_equal(flush(0x01c00002), -XEN_EPERM);
    assert_int_equal(flush(TPM2_RH_OWNER), -XEN_EPERM);
}

static void sizes(void **state)
{
    enum bh_perm perm;

    (void)state;
    for (size_t n = 0; n < 10; n++)
        assert_int_equal(tpm_allow(cmd, n, &perm), -XEN_EINVAL);
    begin(TPM2_CC_GetRandom, false);
    put32(16);
    assert_int_equal(ask(&perm), 0);
    assert_int_equal(tpm_allow(cmd, len - 1, &perm), -XEN_EINVAL);
    assert_int_equal(tpm_allow(cmd, len + 1, &perm), -XEN_EINVAL);
    cmd[1] = 3; /* the resource manager's tag */
    assert_int_equal(tpm_allow(cmd, len, &perm), -XEN_EINVAL);
    begin(TPM2_CC_Quote, true); /* handle cut off; then authorization area that does not fit */
    cmd[len++] = 0x81;
    assert_int_equal(ask(&perm), -XEN_EINVAL);
    begin(TPM2_CC_Quote, true);
    put32(0x8101b001);
    put32(0xffffffff);
    assert_int_equal(ask(&perm), -XEN_EINVAL);
    begin(TPM2_CC_Quote, true);
    put32(0x8101b001);
    put32(8);
    len += 8;
    assert_int_equal(ask(&perm), -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),       cmocka_unit_test(types),
        cmocka_unit_test(hierarchies), cmocka_unit_test(persistent_handles),
        cmocka_unit_test(flushes),     cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
