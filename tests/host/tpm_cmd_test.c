/* SPDX-License-Identifier: MIT */
/* The bytes of the hypervisor's TPM commands, checked with tpm2-tss's marshalling, and refusal of bad responses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <tss2/tss2_mu.h>
#include "measure/tpm_cmd.h"
#include "types.h"

static void header(const uint8_t *cmd, size_t len, uint16_t tag, uint32_t code, size_t *at)
{
    uint16_t t;
    uint32_t size, c;

    *at = 0;
    assert_int_equal(Tss2_MU_UINT16_Unmarshal(cmd, len, at, &t), 0);
    assert_int_equal(Tss2_MU_UINT32_Unmarshal(cmd, len, at, &size), 0);
    assert_int_equal(Tss2_MU_UINT32_Unmarshal(cmd, len, at, &c), 0);
    assert_int_equal(t, tag);
    assert_int_equal(size, len);
    assert_int_equal(c, code);
}

static void commands(void **state)
{
    uint8_t cmd[TPM_CMD_MAX], digest[32];
    TPML_PCR_SELECTION sel;
    TPML_DIGEST_VALUES values;
    TPMS_AUTH_COMMAND auth;
    uint32_t v;
    size_t len, at;

    (void)state;
    memset(digest, 0x5a, 32);
    len = tpm_cmd_startup(cmd);
    header(cmd, len, TPM2_ST_NO_SESSIONS, TPM2_CC_Startup, &at);
    assert_int_equal(len, 12);
    len = tpm_cmd_get_random(cmd, 32);
    header(cmd, len, TPM2_ST_NO_SESSIONS, TPM2_CC_GetRandom, &at);
    assert_int_equal(cmd[11], 32);
    len = tpm_cmd_pcr_read(cmd, 21);
    header(cmd, len, TPM2_ST_NO_SESSIONS, TPM2_CC_PCR_Read, &at);
    assert_int_equal(Tss2_MU_TPML_PCR_SELECTION_Unmarshal(cmd, len, &at, &sel), 0);
    assert_int_equal(at, len);
    assert_int_equal(sel.count, 1);
    assert_int_equal(sel.pcrSelections[0].hash, TPM2_ALG_SHA256);
    assert_int_equal(sel.pcrSelections[0].pcrSelect[2], 0x20);
    len = tpm_cmd_pcr_extend(cmd, 22, digest);
    header(cmd, len, TPM2_ST_SESSIONS, TPM2_CC_PCR_Extend, &at);
    assert_int_equal(Tss2_MU_UINT32_Unmarshal(cmd, len, &at, &v), 0);
    assert_int_equal(v, 22);
    assert_int_equal(Tss2_MU_UINT32_Unmarshal(cmd, len, &at, &v), 0);
    assert_int_equal(Tss2_MU_TPMS_AUTH_COMMAND_Unmarshal(cmd, at + v, &at, &auth), 0);
    assert_int_equal(auth.sessionHandle, TPM2_RS_PW);
    assert_int_equal(Tss2_MU_TPML_DIGEST_VALUES_Unmarshal(cmd, len, &at, &values), 0);
    assert_int_equal(at, len);
    assert_int_equal(values.count, 1);
    assert_int_equal(values.digests[0].hashAlg, TPM2_ALG_SHA256);
    assert_memory_equal(values.digests[0].digest.sha256, digest, 32);
}

static const uint8_t pcr21[62] = {0x80, 1, 0, 0,    0, 62, 0, 0,    0, 0, 0, 0, 0, 9,  0,    0,
                                  0,    1, 0, 0x0b, 3, 0,  0, 0x20, 0, 0, 0, 1, 0, 32, 0xaa, 0xbb};

static void pcr_responses(void **state)
{
    uint8_t r[64], out[32];

    (void)state;
    assert_int_equal(tpm_cmd_pcr_response(pcr21, 62, 21, out), 0);
    assert_int_equal(out[0], 0xaa);
    assert_int_equal(tpm_cmd_pcr_response(pcr21, 62, 22, out), -XEN_EIO); /* another PCR */
    /* any changed byte before the value is refused, but the update counter's */
    for (int i = 0; i < 30; i++) {
        memcpy(r, pcr21, 62);
        r[i] ^= 0x40;
        assert_int_equal(tpm_cmd_pcr_response(r, 62, 21, out), i >= 10 && i < 14 ? 0 : -XEN_EIO);
    }
    for (size_t n = 0; n < 62; n++)
        assert_int_equal(tpm_cmd_pcr_response(pcr21, n, 21, out), -XEN_EIO);
}

/* What is compared is the counts alone: time goes on. */
static void counts(void **state)
{
    uint8_t r[35] = {0x80, 1, 0, 0, 0, 35, 0, 0, 0, 0}, out[32], again[32], cmd[TPM_CMD_MAX];

    (void)state;
    assert_int_equal(tpm_cmd_pcr_read(cmd, TPM_COUNTS), 10);
    assert_int_equal(tpm_cmd_u32(cmd + 6), TPM2_CC_ReadClock);
    memset(r + 10, 0x11, 25);
    assert_int_equal(tpm_cmd_pcr_response(r, 35, TPM_COUNTS, out), 0);
    for (int i = 0; i < 35; i++) {
        r[i] ^= 0x40;
        assert_int_equal(tpm_cmd_pcr_response(r, 35, TPM_COUNTS, again), i < 10 ? -XEN_EIO : 0);
        if (i >= 10) assert_int_equal(memcmp(out, again, 32) != 0, i >= 26 && i < 34);
        r[i] ^= 0x40;
    }
    for (size_t n = 0; n < 35; n++)
        assert_int_equal(tpm_cmd_pcr_response(r, n, TPM_COUNTS, out), -XEN_EIO);
}

static void random_responses(void **state)
{
    uint8_t r[16] = {0x80, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4}, out[8] = {0};

    (void)state;
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 8), 4);
    assert_int_equal(out[3], 4);
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 3), -XEN_EIO); /* more than asked */
    r[11] = 3;
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 8), -XEN_EIO);
    r[11] = 5;
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 8), -XEN_EIO);
    r[11] = 0;
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 8), -XEN_EIO);
    r[11] = 4, r[9] = 1;
    assert_int_equal(tpm_cmd_random_response(r, 16, out, 8), -XEN_EIO);
    assert_int_equal(tpm_cmd_response(r, 16), 1);
    assert_int_equal(tpm_cmd_response(r, 9), -XEN_EIO);
    r[0] = 0;
    assert_int_equal(tpm_cmd_response(r, 16), -XEN_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(pcr_responses),
        cmocka_unit_test(counts),
        cmocka_unit_test(random_responses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
