/* SPDX-License-Identifier: MIT */
#include "measure/tpm_allow.h"
#include "measure/tpm_cmd.h"
#include "types.h"
#include <tss2/tss2_tpm2_types.h>

/* What a handle may be; bits, since some commands take several kinds. */
#define OBJECT    1u /* transient or persistent */
#define NV        2u
#define SESSION   4u
#define HIERARCHY 8u /* owner, endorsement, null; never platform or lockout */
#define TRANSIENT 16u
#define OURS      32u /* persistent, within the range above */

struct row {
    uint32_t code;
    enum bh_perm perm;
    uint8_t handles; /* in the handle area */
    uint8_t kind[2];
    uint8_t parameter; /* kinds of the handle that is the whole parameter area; 0 for none */
};

static const struct row rows[] = {
    {TPM2_CC_GetCapability, PERM_tpm_read, 0, {0}, 0},
    {TPM2_CC_GetTestResult, PERM_tpm_read, 0, {0}, 0},
    {TPM2_CC_PCR_Read, PERM_tpm_read, 0, {0}, 0},
    {TPM2_CC_ReadClock, PERM_tpm_read, 0, {0}, 0},
    {TPM2_CC_ReadPublic, PERM_tpm_read, 1, {OBJECT}, 0},
    {TPM2_CC_NV_ReadPublic, PERM_tpm_read, 1, {NV}, 0},
    {TPM2_CC_NV_Read, PERM_tpm_read, 2, {HIERARCHY | NV, NV}, 0},
    {TPM2_CC_GetRandom, PERM_tpm_random, 0, {0}, 0},
    {TPM2_CC_Quote, PERM_tpm_quote, 1, {OBJECT}, 0},
    {TPM2_CC_CreatePrimary, PERM_tpm_key, 1, {HIERARCHY}, 0},
    {TPM2_CC_Create, PERM_tpm_key, 1, {OBJECT}, 0},
    {TPM2_CC_Load, PERM_tpm_key, 1, {OBJECT}, 0},
    {TPM2_CC_EvictControl, PERM_tpm_key, 2, {HIERARCHY, TRANSIENT | OURS}, OURS},
    {TPM2_CC_FlushContext, PERM_tpm_key, 0, {0}, TRANSIENT | SESSION},
    {TPM2_CC_StartAuthSession, PERM_tpm_activate, 2, {OBJECT | HIERARCHY, OBJECT | HIERARCHY}, 0},
    {TPM2_CC_PolicySecret, PERM_tpm_activate, 2, {OBJECT | NV | HIERARCHY, SESSION}, 0},
    {TPM2_CC_MakeCredential, PERM_tpm_activate, 1, {OBJECT}, 0},
    {TPM2_CC_ActivateCredential, PERM_tpm_activate, 2, {OBJECT, OBJECT}, 0},
};

static unsigned int kinds_of(uint32_t h)
{
    switch (h >> TPM2_HR_SHIFT) {
    case TPM2_HT_NV_INDEX:
        return NV;
    case TPM2_HT_HMAC_SESSION:
    case TPM2_HT_POLICY_SESSION:
        return SESSION;
    case TPM2_HT_TRANSIENT:
        return OBJECT | TRANSIENT;
    case TPM2_HT_PERSISTENT:
        return h >= TPM_ALLOW_PERSISTENT_FIRST && h <= TPM_ALLOW_PERSISTENT_LAST ? OBJECT | OURS : OBJECT;
    }
    return h == TPM2_RH_OWNER || h == TPM2_RH_ENDORSEMENT || h == TPM2_RH_NULL ? HIERARCHY : 0;
}

static const struct row *find(uint32_t code)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].code == code) return &rows[i];
    return NULL;
}

/* Walks past the authorization area, if the tag says that there is one. -EINVAL where it does not fit. */
static int skip_sessions(const uint8_t *cmd, size_t len, size_t *at)
{
    uint32_t size;

    if (cmd[1] == (TPM2_ST_NO_SESSIONS & 0xff)) return 0;
    if (len - *at < 4) return -XEN_EINVAL;
    size = tpm_cmd_u32(cmd + *at);
    *at += 4;
    if (size < 9 || size > len - *at) return -XEN_EINVAL;
    *at += size;
    return 0;
}

static uint32_t u16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/* TPM2B_SENSITIVE_CREATE, then TPM2B_PUBLIC, which begins with the object's type. RSA and ECC keys are what attestation
 * takes; sealing is the hypervisor's own, and its root an HMAC key (seal_root.c). */
static int check_type(const uint8_t *p, size_t len)
{
    size_t at = len < 2 ? len : 2 + u16(p);

    if (len < at + 4) return -XEN_EINVAL;
    return u16(p + at + 2) == TPM2_ALG_RSA || u16(p + at + 2) == TPM2_ALG_ECC ? 0 : -XEN_EPERM;
}

static int check_handles(const struct row *r, const uint8_t *cmd, size_t len)
{
    size_t at = TPM_HEADER;

    if (len - at < 4u * r->handles) return -XEN_EINVAL;
    for (unsigned int i = 0; i < r->handles; i++, at += 4)
        if (!(kinds_of(tpm_cmd_u32(cmd + at)) & r->kind[i])) return -XEN_EPERM;
    if (skip_sessions(cmd, len, &at)) return -XEN_EINVAL;
    if (r->code == TPM2_CC_CreatePrimary || r->code == TPM2_CC_Create) return check_type(cmd + at, len - at);
    if (!r->parameter) return 0;
    if (len - at != 4) return -XEN_EINVAL;
    return kinds_of(tpm_cmd_u32(cmd + at)) & r->parameter ? 0 : -XEN_EPERM;
}

int tpm_allow_head(const uint8_t *head, size_t len, enum bh_perm *perm)
{
    const struct row *r;

    if (len < TPM_HEADER || len > TPM_BUFFER_MAX || tpm_cmd_u32(head + 2) != len || head[0] != 0x80 ||
        (head[1] != (TPM2_ST_NO_SESSIONS & 0xff) && head[1] != (TPM2_ST_SESSIONS & 0xff)))
        return -XEN_EINVAL;
    r = find(tpm_cmd_u32(head + 6));
    if (r) *perm = r->perm;
    return r ? 0 : -XEN_EPERM;
}

int tpm_allow(const uint8_t *cmd, size_t len, enum bh_perm *perm)
{
    int rc = tpm_allow_head(cmd, len, perm);

    return rc ? rc : check_handles(find(tpm_cmd_u32(cmd + 6)), cmd, len);
}
