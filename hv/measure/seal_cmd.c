/* SPDX-License-Identifier: MIT */
#include "measure/seal_cmd.h"
#include "measure/crypto.h"
#include "measure/tpm.h"
#include "measure/tpm_put.h"

/* Changing one of these two changes every sealed key. */
static const char unique[] = "Bulkhead sealing root", message[] = "Bulkhead sealing root, version 1";

#define KEY_ATTRIBUTES                                                                                                 \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |  \
     TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)
#define NV_ATTRIBUTES                                                                                                  \
    ((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA)
#define LOCALITY       ((uint8_t)(1u << TPM_LOCALITY_HV)) /* TPMA_LOCALITY */
#define SELECTION_SIZE 10
#define NV_PUBLIC_SIZE (4 + 2 + 4 + 2 + 32 + 2)

static uint8_t *put_selection(uint8_t *p, uint32_t pcrs)
{
    p = tpm_put16(tpm_put32(p, 1), TPM2_ALG_SHA256);
    *p++ = 3;
    *p++ = pcrs;
    *p++ = pcrs >> 8;
    *p++ = pcrs >> 16;
    return p;
}

/* PolicyPCR, then PolicyLocality: Part 3, 23.7 and 23.8. Each digest is of the last one and what was done. */
void seal_cmd_policy(const struct seal_policy *policy, uint8_t digest[32])
{
    uint8_t step[32 + 4 + SELECTION_SIZE + 32] = {0};
    uint8_t *p = put_selection(tpm_put32(step + 32, TPM2_CC_PolicyPCR), policy->pcrs);

    memcpy(p, policy->values, 32);
    sha256(step, sizeof(step), step);
    *tpm_put32(step + 32, TPM2_CC_PolicyLocality) = LOCALITY;
    sha256(step, 32 + 4 + 1, digest);
}

size_t seal_cmd_primary(uint8_t *out, const uint8_t policy[32])
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_SESSIONS, TPM2_CC_CreatePrimary), TPM2_RH_OWNER), *public;

    p = tpm_put_session(p, TPM2_RS_PW, NULL);
    p = tpm_put32(tpm_put16(p, 4), 0); /* no password, no data: the TPM makes the secret */
    public = p;
    p = tpm_put16(tpm_put16(p + 2, TPM2_ALG_KEYEDHASH), TPM2_ALG_SHA256);
    p = tpm_put_sized(tpm_put32(p, KEY_ATTRIBUTES), policy, 32);
    p = tpm_put16(tpm_put16(p, TPM2_ALG_HMAC), TPM2_ALG_SHA256);
    p = tpm_put_sized(p, unique, sizeof(unique) - 1);
    tpm_put16(public, p - public - 2);
    p = tpm_put32(tpm_put16(p, 0), 0); /* no outside information, no creation PCRs */
    return tpm_put_end(out, p);
}

size_t seal_cmd_session(uint8_t *out)
{
    uint8_t *p = tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_StartAuthSession);

    p = tpm_put32(tpm_put32(p, TPM2_RH_NULL), TPM2_RH_NULL);
    p = tpm_put16(p, 16); /* nonce: nothing depends on it */
    memset(p, 0, 16);
    p = tpm_put16(p + 16, 0);
    *p++ = TPM2_SE_POLICY;
    return tpm_put_end(out, tpm_put16(tpm_put16(p, TPM2_ALG_NULL), TPM2_ALG_SHA256));
}

size_t seal_cmd_policy_locality(uint8_t *out, uint32_t session)
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_PolicyLocality), session);

    *p++ = LOCALITY;
    return tpm_put_end(out, p);
}

/* Without a digest: the PCRs as they are now. */
size_t seal_cmd_policy_pcr(uint8_t *out, uint32_t session, uint32_t pcrs)
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_PolicyPCR), session);

    return tpm_put_end(out, put_selection(tpm_put16(p, 0), pcrs));
}

size_t seal_cmd_hmac(uint8_t *out, uint32_t key, uint32_t session)
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_SESSIONS, TPM2_CC_HMAC), key);

    p = tpm_put_sized(tpm_put_session(p, session, NULL), message, sizeof(message) - 1);
    return tpm_put_end(out, tpm_put16(p, TPM2_ALG_SHA256));
}

size_t seal_cmd_flush(uint8_t *out, uint32_t handle)
{
    return tpm_put_end(out, tpm_put32(tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_FlushContext), handle));
}

size_t seal_cmd_nv_public(uint8_t *out, unsigned int slot)
{
    uint8_t *p = tpm_put_begin(out, TPM2_ST_NO_SESSIONS, TPM2_CC_NV_ReadPublic);

    return tpm_put_end(out, tpm_put32(p, SEAL_NV_FIRST + slot));
}

static uint8_t *put_nv_public(uint8_t *p, unsigned int slot, const uint8_t id[32])
{
    p = tpm_put16(tpm_put32(p, SEAL_NV_FIRST + slot), TPM2_ALG_SHA256);
    p = tpm_put_sized(tpm_put32(p, NV_ATTRIBUTES), id, 32);
    return tpm_put16(p, 8);
}

size_t seal_cmd_nv_define(uint8_t *out, unsigned int slot, const uint8_t id[32], const uint8_t password[32])
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_SESSIONS, TPM2_CC_NV_DefineSpace), TPM2_RH_OWNER), *public;

    public = tpm_put_sized(tpm_put_session(p, TPM2_RS_PW, NULL), password, 32);
    p = put_nv_public(public + 2, slot, id);
    tpm_put16(public, p - public - 2);
    return tpm_put_end(out, p);
}

static uint8_t *put_nv(uint8_t *out, uint32_t code, unsigned int slot, const uint8_t password[32])
{
    uint8_t *p = tpm_put32(tpm_put_begin(out, TPM2_ST_SESSIONS, code), SEAL_NV_FIRST + slot);

    return tpm_put_session(tpm_put32(p, SEAL_NV_FIRST + slot), TPM2_RS_PW, password);
}

size_t seal_cmd_nv_increment(uint8_t *out, unsigned int slot, const uint8_t password[32])
{
    return tpm_put_end(out, put_nv(out, TPM2_CC_NV_Increment, slot, password));
}

size_t seal_cmd_nv_read(uint8_t *out, unsigned int slot, const uint8_t password[32])
{
    return tpm_put_end(out, tpm_put16(tpm_put16(put_nv(out, TPM2_CC_NV_Read, slot, password), 8), 0));
}

int seal_cmd_handle(const uint8_t *rsp, size_t len, uint32_t *handle)
{
    if (tpm_cmd_response(rsp, len) != 0 || len < TPM_HEADER + 4) return -XEN_EIO;
    *handle = tpm_cmd_u32(rsp + TPM_HEADER);
    return 0;
}

/* With sessions: u32 size of the parameters, here a TPM2B of n bytes, and then the sessions' answers. */
static const uint8_t *one_buffer(const uint8_t *rsp, size_t len, uint16_t n)
{
    static const uint8_t tag[2] = {TPM2_ST_SESSIONS >> 8, TPM2_ST_SESSIONS & 0xff};

    if (tpm_cmd_response(rsp, len) != 0 || memcmp(rsp, tag, 2) != 0 || len < TPM_HEADER + 4 + 2 + (size_t)n ||
        tpm_cmd_u32(rsp + TPM_HEADER) != 2u + n || (rsp[TPM_HEADER + 4] << 8 | rsp[TPM_HEADER + 5]) != n)
        return NULL;
    return rsp + TPM_HEADER + 4 + 2;
}

int seal_cmd_hmac_response(const uint8_t *rsp, size_t len, uint8_t out[32])
{
    const uint8_t *p = one_buffer(rsp, len, 32);

    if (!p) return -XEN_EIO;
    memcpy(out, p, 32);
    return 0;
}

int seal_cmd_nv_value(const uint8_t *rsp, size_t len, uint64_t *value)
{
    const uint8_t *p = one_buffer(rsp, len, 8);

    if (!p) return -XEN_EIO;
    *value = (uint64_t)tpm_cmd_u32(p) << 32 | tpm_cmd_u32(p + 4);
    return 0;
}

/* Only the written bit may differ from what seal_cmd_nv_define() asked for. */
int seal_cmd_nv_public_response(const uint8_t *rsp, size_t len, unsigned int slot, uint8_t id[32])
{
    const uint8_t *p = rsp + TPM_HEADER + 2;
    uint8_t want[NV_PUBLIC_SIZE];

    if (tpm_cmd_response(rsp, len) != 0 || len < TPM_HEADER + 2) return -XEN_EIO;
    if ((p[-2] << 8 | p[-1]) != NV_PUBLIC_SIZE || len < TPM_HEADER + 2 + NV_PUBLIC_SIZE) return 0;
    memcpy(id, p + NV_PUBLIC_SIZE - 2 - 32, 32);
    put_nv_public(want, slot, id);
    want[6] |= p[6] & (uint8_t)(TPMA_NV_WRITTEN >> 24);
    return memcmp(want, p, NV_PUBLIC_SIZE) == 0;
}
