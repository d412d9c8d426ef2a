/* SPDX-License-Identifier: MIT */
#include "measure/tpm_cmd.h"
#include "measure/tpm_put.h"
#include "lib.h"
#include <tss2/tss2_tpm2_types.h>

size_t tpm_cmd_startup(uint8_t *out)
{
    return tpm_put_end(out, tpm_put16(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_Startup), TPM2_SU_CLEAR));
}

size_t tpm_cmd_get_random(uint8_t *out, uint16_t bytes)
{
    return tpm_put_end(out, tpm_put16(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_GetRandom), bytes));
}

size_t tpm_cmd_pcr_read(uint8_t *out, unsigned int pcr)
{
    uint8_t *p;

    if (pcr == TPM_COUNTS) return tpm_put_end(out, tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_ReadClock));
    p = tpm_put32(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_PCR_Read), 1);
    p = tpm_put16(p, TPM2_ALG_SHA256);
    *p++ = 3;
    memset(p, 0, 3);
    p[pcr / 8] = 1u << pcr % 8;
    return tpm_put_end(out, p + 3);
}

/* PCR handles are their numbers; they have an empty password. */
size_t tpm_cmd_pcr_extend(uint8_t *out, unsigned int pcr, const uint8_t digest[32])
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_SESSIONS, TPM2_CC_PCR_Extend), pcr);

    p = tpm_put_session(p, TPM2_RS_PW, NULL);
    p = tpm_put16(tpm_put32(p, 1), TPM2_ALG_SHA256);
    memcpy(p, digest, 32);
    return tpm_put_end(out, p + 32);
}

int64_t tpm_cmd_response(const uint8_t *rsp, size_t len)
{
    uint16_t tag;

    if (len < TPM_HEADER || tpm_cmd_u32(rsp + 2) != len) return -XEN_EIO;
    tag = rsp[0] << 8 | rsp[1];
    if (tag != TPM2_ST_NO_SESSIONS && tag != TPM2_ST_SESSIONS) return -XEN_EIO;
    return tpm_cmd_u32(rsp + 6);
}

bool tpm_cmd_not_yet(int64_t code)
{
    return code == TPM2_RC_RETRY || code == TPM2_RC_TESTING || code == TPM2_RC_YIELDED;
}

int tpm_cmd_random_response(const uint8_t *rsp, size_t len, uint8_t *out, size_t max)
{
    size_t n;

    if (tpm_cmd_response(rsp, len) != 0 || len < TPM_HEADER + 2) return -XEN_EIO;
    n = rsp[TPM_HEADER] << 8 | rsp[TPM_HEADER + 1];
    if (n == 0 || n > max || n != len - TPM_HEADER - 2) return -XEN_EIO;
    memcpy(out, rsp + TPM_HEADER + 2, n);
    return n;
}

/* u64 time, u64 clock, u32 resets, u32 restarts, u8 whether the clock may be trusted */
static int counts_response(const uint8_t *rsp, size_t len, uint8_t out[32])
{
    if (tpm_cmd_response(rsp, len) != 0 || len != TPM_HEADER + 25) return -XEN_EIO;
    memset(out, 0, 32);
    memcpy(out, rsp + TPM_HEADER + 16, 8);
    return 0;
}

/* u32 update counter; selections: u32 1, u16 SHA-256, u8 3, three bytes; digests: u32 1, u16 32, the value */
int tpm_cmd_pcr_response(const uint8_t *rsp, size_t len, unsigned int pcr, uint8_t out[32])
{
    uint8_t want[16], *p = want;

    if (pcr == TPM_COUNTS) return counts_response(rsp, len, out);
    if (tpm_cmd_response(rsp, len) != 0 || len != TPM_HEADER + 4 + sizeof(want) + 32) return -XEN_EIO;
    p = tpm_put16(tpm_put32(p, 1), TPM2_ALG_SHA256);
    *p++ = 3;
    memset(p, 0, 3);
    p[pcr / 8] = 1u << pcr % 8;
    tpm_put16(tpm_put32(p + 3, 1), 32);
    rsp += TPM_HEADER + 4;
    if (memcmp(rsp, want, sizeof(want)) != 0) return -XEN_EIO;
    memcpy(out, rsp + sizeof(want), 32);
    return 0;
}
