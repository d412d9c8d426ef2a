/* SPDX-License-Identifier: MIT */
#include "tpmkeys.h"
#include "../ca/ektemplate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the maker left the certificate (EK Credential Profile, 2.2.1.4). */
#define EK_RSA_CERTIFICATE 0x01c00002u
#define EK_ECC_CERTIFICATE 0x01c0000au

static const TPM2B_PUBLIC ak_template = {
    .publicArea =
        {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
            .parameters.eccDetail =
                {
                    .symmetric.algorithm = TPM2_ALG_NULL,
                    .scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                    .curveID = TPM2_ECC_NIST_P256,
                    .kdf.scheme = TPM2_ALG_NULL,
                },
        },
};

int tpmkeys_check(const char *what, TSS2_RC rc)
{
    if (rc == TSS2_RC_SUCCESS) return 0;
    fprintf(stderr, "bh-provision: %s: 0x%08x\n", what, rc);
    return -EIO;
}

static void flush_all(ESYS_CONTEXT *esys, TPM2_HANDLE first)
{
    TPMS_CAPABILITY_DATA *found = NULL;
    TPMI_YES_NO more;

    if (Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first, 16, &more,
                           &found) != TSS2_RC_SUCCESS)
        return;
    for (UINT32 i = 0; i < found->data.handles.count && i < TPM2_MAX_CAP_HANDLES; i++) {
        ESYS_TR handle;

        if (Esys_TR_FromTPMPublic(esys, found->data.handles.handle[i], ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                  &handle) == TSS2_RC_SUCCESS)
            Esys_FlushContext(esys, handle);
    }
    Esys_Free(found);
}

void tpmkeys_sweep(ESYS_CONTEXT *esys)
{
    flush_all(esys, TPM2_TRANSIENT_FIRST);
    flush_all(esys, TPM2_LOADED_SESSION_FIRST);
}

static int create(ESYS_CONTEXT *esys, const char *what, const TPM2B_PUBLIC *template, ESYS_TR *handle,
                  TPM2B_PUBLIC *public)
{
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION pcrs = {0};
    TPM2B_PUBLIC *made = NULL;
    TSS2_RC rc = Esys_CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &sensitive, template, &outside, &pcrs, handle, &made, NULL, NULL, NULL);

    if (rc == TSS2_RC_SUCCESS) *public = *made;
    Esys_Free(made);
    return tpmkeys_check(what, rc);
}

/* Takes the AK's place over from whatever was there. */
static int persist(ESYS_CONTEXT *esys, struct tpmkeys *keys, ESYS_TR old)
{
    ESYS_TR transient = keys->ak, gone = ESYS_TR_NONE;
    int rc = 0;

    if (old != ESYS_TR_NONE)
        rc = tpmkeys_check("TPM2_EvictControl of the former AK",
                           Esys_EvictControl(esys, ESYS_TR_RH_OWNER, old, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                             TPMKEYS_AK_HANDLE, &gone));
    if (rc == 0)
        rc = tpmkeys_check("TPM2_EvictControl of the AK",
                           Esys_EvictControl(esys, ESYS_TR_RH_OWNER, transient, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                             ESYS_TR_NONE, TPMKEYS_AK_HANDLE, &keys->ak));
    Esys_FlushContext(esys, transient);
    return rc;
}

static bool same_name(ESYS_CONTEXT *esys, ESYS_TR handle, const TPM2B_NAME *name)
{
    TPM2B_NAME *found = NULL;
    bool same = Esys_TR_GetName(esys, handle, &found) == TSS2_RC_SUCCESS && found->size == name->size &&
                memcmp(found->name, name->name, name->size) == 0;

    Esys_Free(found);
    return same;
}

/* A primary key comes out the same each time until the TPM is cleared, so the persistent one is known by its name. */
static int open_ak(ESYS_CONTEXT *esys, struct tpmkeys *keys)
{
    ESYS_TR persistent = ESYS_TR_NONE;
    TPM2B_NAME *name = NULL;

    if (create(esys, "TPM2_CreatePrimary of the AK", &ak_template, &keys->ak, &keys->ak_public) != 0 ||
        tpmkeys_check("name of the AK", Esys_TR_GetName(esys, keys->ak, &name)) != 0)
        return -EIO;
    keys->ak_name = *name;
    Esys_Free(name);
    if (Esys_TR_FromTPMPublic(esys, TPMKEYS_AK_HANDLE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &persistent) !=
        TSS2_RC_SUCCESS)
        return persist(esys, keys, ESYS_TR_NONE);
    if (!same_name(esys, persistent, &keys->ak_name)) return persist(esys, keys, persistent);
    Esys_FlushContext(esys, keys->ak);
    keys->ak = persistent;
    return 0;
}

int tpmkeys_open(ESYS_CONTEXT *esys, bool rsa, struct tpmkeys *keys)
{
    memset(keys, 0, sizeof(*keys));
    keys->ek = ESYS_TR_NONE;
    keys->ak = ESYS_TR_NONE;
    if (open_ak(esys, keys) != 0) return -EIO;
    return create(esys, "TPM2_CreatePrimary of the EK", rsa ? &ektemplate_rsa : &ektemplate_ecc, &keys->ek,
                  &keys->ek_public);
}

/* Reads what is there in pieces: a TPM gives some 1 KiB at most at once. */
static long read_index(ESYS_CONTEXT *esys, ESYS_TR index, uint16_t total, uint8_t *out)
{
    for (uint16_t at = 0; at < total;) {
        uint16_t size = total - at < 512 ? (uint16_t)(total - at) : 512;
        TPM2B_MAX_NV_BUFFER *part = NULL;

        if (Esys_NV_Read(esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, size, at,
                         &part) != TSS2_RC_SUCCESS ||
            part->size != size) {
            Esys_Free(part);
            return -EIO;
        }
        memcpy(out + at, part->buffer, size);
        Esys_Free(part);
        at = (uint16_t)(at + size);
    }
    return total;
}

long tpmkeys_ek_certificate(ESYS_CONTEXT *esys, bool rsa, uint8_t *out, size_t capacity)
{
    TPM2B_NV_PUBLIC *area = NULL;
    ESYS_TR index;
    long rc;

    if (Esys_TR_FromTPMPublic(esys, rsa ? EK_RSA_CERTIFICATE : EK_ECC_CERTIFICATE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, &index) != TSS2_RC_SUCCESS)
        return 0;
    if (Esys_NV_ReadPublic(esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area, NULL) != TSS2_RC_SUCCESS)
        return -EIO;
    rc = area->nvPublic.dataSize > capacity ? -EMSGSIZE : read_index(esys, index, area->nvPublic.dataSize, out);
    Esys_Free(area);
    /* What a DER certificate says of its own size counts: makers pad the index. */
    if (rc >= 4 && out[0] == 0x30 && out[1] == 0x82 && (out[2] << 8 | out[3]) + 4 <= rc)
        rc = (out[2] << 8 | out[3]) + 4;
    return rc;
}

void tpmkeys_close(ESYS_CONTEXT *esys, struct tpmkeys *keys)
{
    if (keys->ek != ESYS_TR_NONE) Esys_FlushContext(esys, keys->ek);
    keys->ek = ESYS_TR_NONE;
}

int tpmkeys_activate(ESYS_CONTEXT *esys, const struct tpmkeys *keys, const TPM2B_ID_OBJECT *blob,
                     const TPM2B_ENCRYPTED_SECRET *seed, TPM2B_DIGEST *secret)
{
    const TPMT_SYM_DEF symmetric = {.algorithm = TPM2_ALG_NULL};
    TPM2B_DIGEST *got = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    int rc =
        tpmkeys_check("TPM2_StartAuthSession",
                      Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                            NULL, TPM2_SE_POLICY, &symmetric, TPM2_ALG_SHA256, &session));

    if (rc != 0) return rc;
    rc = tpmkeys_check("TPM2_PolicySecret",
                       Esys_PolicySecret(esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                         ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL));
    if (rc == 0)
        rc =
            tpmkeys_check("TPM2_ActivateCredential", Esys_ActivateCredential(esys, keys->ak, keys->ek, ESYS_TR_PASSWORD,
                                                                             session, ESYS_TR_NONE, blob, seed, &got));
    if (rc == 0) *secret = *got;
    Esys_Free(got);
    Esys_FlushContext(esys, session);
    return rc;
}
