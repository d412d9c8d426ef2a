/* SPDX-License-Identifier: MIT */
/* Sealed keys: which each boot gives to whom, and what dom0's commands can reach of the root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "seal_boots.h"
#include "measure_fakes.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/seal.h"
#include "measure/seal_cmd.h"
#include "dispatched.h"
#include "measure/tpm.h"
#include <tss2/tss2_tpm2_types.h>

/* --- Keys ---------------------------------------------------------------------------------- */

static long key_of(unsigned int i, uint32_t flags, uint32_t min_svn, uint8_t context, uint8_t out[32])
{
    struct bh_seal_key k = {.flags = flags, .min_svn = min_svn, .context = {context}};
    long rc;

    seal_run_as(i);
    rc = measure_seal_key((uintptr_t)&k);
    assert_int_equal(fake_last_perm, PERM_attest_seal);
    memcpy(out, k.key, 32);
    return rc;
}

static void keep_key(void)
{
    static const uint8_t none[32];

    assert_true(seal_available());
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH, 0, 7, seal_shared->key), 0);
    assert_memory_not_equal(seal_shared->key, none, 32);
}

static void same_chain_same_key(void **state)
{
    uint8_t first[32], other[32];

    (void)state;
    seal_boot("same", keep_key);
    memcpy(first, seal_shared->key, 32);
    seal_boot("same", keep_key);
    assert_memory_equal(seal_shared->key, first, 32);
    seal_boot("changed", keep_key);
    assert_memory_not_equal(seal_shared->key, first, 32);
    memcpy(other, seal_shared->key, 32);
    seal_shared->late_launch = true;
    seal_boot("same", keep_key);
    assert_memory_not_equal(seal_shared->key, first, 32);
    seal_shared->late_launch = false;
    for (unsigned int i = 0; i < 3; i++) { /* another firmware, option ROM, Secure Boot setting */
        seal_shared->changed = 1u << (const unsigned int[]){0, 2, 7}[i];
        seal_boot("same", keep_key);
        assert_memory_not_equal(seal_shared->key, first, 32);
    }
    seal_shared->changed = 0;
    seal_boot("same", keep_key);
    assert_memory_equal(seal_shared->key, first, 32);
    seal_boot("changed", keep_key);
    assert_memory_equal(seal_shared->key, other, 32);
    seal_end_tpm(state);
    seal_fresh_tpm(state); /* another machine */
    seal_boot("same", keep_key);
    assert_memory_not_equal(seal_shared->key, first, 32);
}

/* Every way in which two requests can differ, pairwise. */
static void keys_are_apart(void)
{
    static uint8_t key[16][32];
    unsigned int n = 0;

    memset(seal_dom[3].signer, 0x33, 32);
    memset(seal_dom[4].signer, 0x44, 32);
    seal_dom[3].guest_svn = seal_dom[4].guest_svn = 5;
    for (unsigned int i = 1; i <= 4; i++)
        assert_int_equal(key_of(i, BH_SEAL_LAUNCH, 0, 0, key[n++]), 0);
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH, 0, 1, key[n++]), 0);
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH | BH_SEAL_LABEL, 0, 0, key[n++]), 0);
    for (unsigned int i = 3; i <= 4; i++) {
        assert_int_equal(key_of(i, BH_SEAL_SIGNER, 0, 0, key[n++]), 0);
        assert_int_equal(key_of(i, BH_SEAL_SIGNER, 5, 0, key[n++]), 0);
        assert_int_equal(key_of(i, BH_SEAL_SIGNER | BH_SEAL_LABEL, 5, 0, key[n++]), 0);
    }
    for (unsigned int i = 0; i < n; i++)
        for (unsigned int j = 0; j < i; j++)
            assert_memory_not_equal(key[i], key[j], 32);
    /* who asks by one signer gets one key, whatever was launched */
    memcpy(seal_dom[5].signer, seal_dom[3].signer, 32);
    seal_dom[5].guest_svn = 6;
    assert_int_equal(key_of(5, BH_SEAL_SIGNER, 5, 0, key[n]), 0);
    assert_memory_equal(key[n], key[7], 32);
}

static void keys_that_nobody_gets(void)
{
    struct bh_seal_key k = {.flags = BH_SEAL_LAUNCH};
    uint8_t key[32];

    memset(seal_dom[3].signer, 0x33, 32);
    seal_dom[3].guest_svn = 5;
    assert_int_equal(key_of(1, 0, 0, 0, key), -XEN_EINVAL);
    assert_int_equal(key_of(1, BH_SEAL_LABEL, 0, 0, key), -XEN_EINVAL);
    assert_int_equal(key_of(3, BH_SEAL_LAUNCH | BH_SEAL_SIGNER, 0, 0, key), -XEN_EINVAL);
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH | 8, 0, 0, key), -XEN_EINVAL);
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH, 1, 0, key), -XEN_EINVAL);
    assert_int_equal(key_of(1, BH_SEAL_SIGNER, 0, 0, key), -XEN_EACCES);
    assert_int_equal(key_of(3, BH_SEAL_SIGNER, 6, 0, key), -XEN_EACCES);
    assert_int_equal(measure_seal_key(8), -XEN_EFAULT);
    fake_monitor_rc = -XEN_EPERM;
    assert_int_equal(measure_seal_key((uintptr_t)&k), -XEN_EPERM);
}

static void bindings(void **state)
{
    (void)state;
    seal_boot("same", keys_are_apart);
    seal_boot("same", keys_that_nobody_gets);
}

/* --- Where there is no root ------------------------------------------------------------------ */

static void no_keys(void)
{
    struct bh_seal_counter c = {.flags = BH_SEAL_LAUNCH, .increment = 1};
    uint8_t key[32];

    assert_true(measure_flags() & BH_FLAG_MEASURED);
    assert_int_equal(key_of(1, BH_SEAL_LAUNCH, 0, 0, key), -XEN_ENODEV);
    assert_int_equal(measure_seal_counter((uintptr_t)&c), -XEN_ENODEV);
    assert_non_null(strstr(fake_console, "no sealed keys"));
}

static void set_owner_password(void)
{
    const TPM2B_AUTH password = {.size = 3, .buffer = "abc"};

    assert_int_equal(Esys_HierarchyChangeAuth(seal_link.esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                              ESYS_TR_NONE, &password),
                     0);
}

static void an_owner_with_a_password(void **state)
{
    (void)state;
    seal_boot("same", set_owner_password);
    seal_boot("same", no_keys);
}

/* Whatever command of the sealing fails: the boot is measured still, and there are no keys. */
static uint32_t failing;
static size_t fails(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    static const uint8_t failure[10] = {0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1};

    if (tpm_cmd_u32(cmd + 6) != failing) return seal_to_swtpm(cmd, len, rsp);
    memcpy(rsp, failure, sizeof(failure));
    return sizeof(failure);
}

static void each_command_may_fail(void **state)
{
    static const uint32_t codes[] = {TPM2_CC_CreatePrimary, TPM2_CC_StartAuthSession, TPM2_CC_PolicyPCR,
                                     TPM2_CC_PolicyLocality, TPM2_CC_HMAC};

    (void)state;
    seal_shared->more = fails;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        failing = codes[i];
        seal_boot("same", no_keys);
    }
}

/* --- dom0 -------------------------------------------------------------------------------------- */

static long as_dom0(const uint8_t *cmd, size_t len)
{
    struct bh_tpm_command c = {(uintptr_t)cmd, (uint32_t)len, sizeof(seal_answer), (uintptr_t)seal_answer};
    long rc;

    seal_run_as(0);
    while ((rc = measure_tpm_command((uintptr_t)&c)) == -XEN_EAGAIN)
        ;
    return rc;
}

static void boot_policy(struct seal_policy *p)
{
    static const unsigned int pcrs[] = {0, 2, 4, 7, 8, 9};
    uint8_t values[6][32];

    for (int i = 0; i < 6; i++)
        assert_int_equal(tpm_pcr_read(pcrs[i], values[i]), 0);
    p->pcrs = 0x395;
    sha256(values, sizeof(values), p->values);
}

/* dom0 knows everything about the root's key but may say none of this; and said past the list, at its own locality, the
 * TPM refuses. */
static void dom0_goes_the_same_way(void)
{
    uint8_t cmd[TPM_CMD_MAX], policy[32];
    uint32_t key, session;
    struct seal_policy p;

    boot_policy(&p);
    seal_cmd_policy(&p, policy);
    assert_int_equal(as_dom0(cmd, seal_cmd_primary(cmd, policy)), -XEN_EPERM);
    assert_int_equal(as_dom0(cmd, seal_cmd_policy_pcr(cmd, 0x03000000, p.pcrs)), -XEN_EPERM);
    assert_int_equal(as_dom0(cmd, seal_cmd_policy_locality(cmd, 0x03000000)), -XEN_EPERM);
    assert_int_equal(as_dom0(cmd, seal_cmd_hmac(cmd, 0x80000000, 0x03000000)), -XEN_EPERM);

    assert_int_equal(seal_cmd_handle(seal_answer, seal_raw(0, cmd, seal_cmd_primary(cmd, policy), seal_answer), &key),
                     0);
    assert_int_equal(seal_cmd_handle(seal_answer, seal_raw(0, cmd, seal_cmd_session(cmd), seal_answer), &session), 0);
    seal_raw(0, cmd, seal_cmd_policy_pcr(cmd, session, p.pcrs), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
    seal_raw(0, cmd, seal_cmd_policy_locality(cmd, session), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
    seal_raw(0, cmd, seal_cmd_hmac(cmd, key, session), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6) & 0xff, TPM2_RC_LOCALITY & 0xff);
    seal_raw(0, cmd, seal_cmd_hmac(cmd, key, TPM2_RS_PW), seal_answer); /* nor by its empty password */
    assert_int_equal(tpm_cmd_u32(seal_answer + 6) & 0x13f, TPM2_RC_AUTH_UNAVAILABLE & 0x13f);
    seal_raw(2, cmd, seal_cmd_hmac(cmd, key, session), seal_answer); /* the session was good, so it was the locality */
    assert_int_equal(tpm_cmd_u32(seal_answer + 6), 0);
}

/* Another system, at locality 2 even: the key of the other chain can be made by everybody and used by nobody. */
static void another_system_tries(void)
{
    uint8_t cmd[TPM_CMD_MAX], policy[32];
    uint32_t key, session;
    struct seal_policy p, now;

    boot_policy(&p);
    seal_cmd_policy(&p, policy);
    seal_extend(8, "one more command");
    boot_policy(&now);
    assert_int_equal(seal_cmd_handle(seal_answer, seal_raw(2, cmd, seal_cmd_primary(cmd, policy), seal_answer), &key),
                     0);
    assert_int_equal(seal_cmd_handle(seal_answer, seal_raw(2, cmd, seal_cmd_session(cmd), seal_answer), &session), 0);
    seal_raw(2, cmd, seal_cmd_policy_pcr(cmd, session, p.pcrs), seal_answer);
    seal_raw(2, cmd, seal_cmd_policy_locality(cmd, session), seal_answer);
    seal_raw(2, cmd, seal_cmd_hmac(cmd, key, session), seal_answer);
    assert_int_equal(tpm_cmd_u32(seal_answer + 6) & 0xbf, TPM2_RC_POLICY_FAIL & 0xbf);
}

/* No command that uses a key for anything but a quote, moves one, makes another policy, or writes NV. */
static void commands_that_dom0_has_not(void)
{
    static const uint32_t codes[] = {TPM2_CC_HMAC,
                                     TPM2_CC_HMAC_Start,
                                     TPM2_CC_Sign,
                                     TPM2_CC_Unseal,
                                     TPM2_CC_Duplicate,
                                     TPM2_CC_Import,
                                     TPM2_CC_Rewrap,
                                     TPM2_CC_ObjectChangeAuth,
                                     TPM2_CC_LoadExternal,
                                     TPM2_CC_ContextSave,
                                     TPM2_CC_ContextLoad,
                                     TPM2_CC_Certify,
                                     TPM2_CC_CertifyCreation,
                                     TPM2_CC_SequenceUpdate,
                                     TPM2_CC_SequenceComplete,
                                     TPM2_CC_EncryptDecrypt,
                                     TPM2_CC_EncryptDecrypt2,
                                     TPM2_CC_CreateLoaded,
                                     TPM2_CC_PolicyPCR,
                                     TPM2_CC_PolicyLocality,
                                     TPM2_CC_PolicyOR,
                                     TPM2_CC_PolicyAuthorize,
                                     TPM2_CC_PolicyAuthorizeNV,
                                     TPM2_CC_PolicyNV,
                                     TPM2_CC_PolicyRestart,
                                     TPM2_CC_NV_DefineSpace,
                                     TPM2_CC_NV_UndefineSpace,
                                     TPM2_CC_NV_UndefineSpaceSpecial,
                                     TPM2_CC_NV_Increment,
                                     TPM2_CC_NV_Write,
                                     TPM2_CC_NV_SetBits,
                                     TPM2_CC_NV_Extend,
                                     TPM2_CC_NV_WriteLock,
                                     TPM2_CC_NV_ReadLock,
                                     TPM2_CC_NV_ChangeAuth,
                                     TPM2_CC_NV_Certify,
                                     TPM2_CC_Clear,
                                     TPM2_CC_ChangePPS,
                                     TPM2_CC_ChangeEPS,
                                     TPM2_CC_HierarchyChangeAuth,
                                     TPM2_CC_HierarchyControl,
                                     TPM2_CC_SetPrimaryPolicy};
    uint8_t cmd[27] = {0x80, 2, 0, 0, 0, 27, 0, 0, 0, 0, 0x40, 0, 0, 1, 0, 0, 0, 9, 0x40, 0, 0, 9};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        cmd[8] = (uint8_t)(codes[i] >> 8);
        cmd[9] = (uint8_t)codes[i];
        assert_int_equal(as_dom0(cmd, sizeof(cmd)), -XEN_EPERM);
    }
}

static void dom0_never_gets_the_root(void **state)
{
    (void)state;
    seal_boot("same", dom0_goes_the_same_way);
    seal_boot("same", another_system_tries);
    seal_boot("same", commands_that_dom0_has_not);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEAL_TEST(same_chain_same_key),      SEAL_TEST(bindings),
        SEAL_TEST(an_owner_with_a_password), SEAL_TEST(each_command_may_fail),
        SEAL_TEST(dom0_never_gets_the_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
