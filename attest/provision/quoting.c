/* SPDX-License-Identifier: MIT */
#include "quoting.h"
#include "../verify/tpmquote.h"

#include <errno.h>
#include <tss2/tss2_mu.h>

static TPML_PCR_SELECTION selection(uint32_t mask)
{
    return (TPML_PCR_SELECTION){
        .count = 1,
        .pcrSelections[0] = {.hash = TPM2_ALG_SHA256,
                             .sizeofSelect = 3,
                             .pcrSelect = {(BYTE)mask, (BYTE)(mask >> 8), (BYTE)(mask >> 16)}},
    };
}

/* The TPM answers with as many of the first PCRs as it likes (eight, as a rule). */
static int read_some(ESYS_CONTEXT *esys, uint32_t *left, struct quoting *out)
{
    TPML_PCR_SELECTION wanted = selection(*left), *got = NULL;
    TPML_DIGEST *values = NULL;
    uint32_t mask, taken = 0;
    int rc = tpmkeys_check("TPM2_PCR_Read",
                           Esys_PCR_Read(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, NULL, &got, &values));

    if (rc != 0) return rc;
    mask = got->count != 1
               ? 0
               : (uint32_t)got->pcrSelections[0].pcrSelect[0] | (uint32_t)got->pcrSelections[0].pcrSelect[1] << 8 |
                     (uint32_t)got->pcrSelections[0].pcrSelect[2] << 16;
    mask &= *left;
    for (uint32_t pcr = 0; pcr < EVIDENCE_PCRS; pcr++) {
        if ((mask & 1u << pcr) == 0) continue;
        if (taken == values->count || values->digests[taken].size != 32) {
            rc = -EIO;
            break;
        }
        memcpy(out->pcr[pcr], values->digests[taken++].buffer, 32);
    }
    *left &= ~mask;
    Esys_Free(got);
    Esys_Free(values);
    return mask == 0 ? -EIO : rc;
}

static int quote(ESYS_CONTEXT *esys, ESYS_TR ak, const uint8_t qualifying[32], struct quoting *out)
{
    const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    TPML_PCR_SELECTION pcrs = selection(QUOTING_PCRS);
    TPM2B_DATA extra = {.size = 32};
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    int rc;

    memcpy(extra.buffer, qualifying, 32);
    rc = tpmkeys_check("TPM2_Quote", Esys_Quote(esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &extra, &scheme,
                                                &pcrs, &attest, &signature));
    if (rc != 0) return rc;
    out->attest = *attest;
    out->signature_size = 0;
    rc = tpmkeys_check("signature", Tss2_MU_TPMT_SIGNATURE_Marshal(signature, out->signature, sizeof(out->signature),
                                                                   &out->signature_size));
    Esys_Free(attest);
    Esys_Free(signature);
    return rc;
}

int quoting_make(ESYS_CONTEXT *esys, ESYS_TR ak, const uint8_t qualifying[32], struct quoting *out)
{
    uint32_t left = QUOTING_PCRS;
    struct tpmquote parsed;
    uint8_t digest[32];
    int rc = 0;

    out->pcr_mask = QUOTING_PCRS;
    while (rc == 0 && left != 0)
        rc = read_some(esys, &left, out);
    if (rc == 0) rc = quote(esys, ak, qualifying, out);
    if (rc != 0) return rc;
    if (tpmquote_parse((struct bytes){out->attest.attestationData, out->attest.size}, &parsed) != 0) return -EIO;
    tpmquote_digest(out->pcr, out->pcr_mask, digest);
    return memcmp(parsed.pcr_digest, digest, 32) == 0 ? 0 : -EAGAIN;
}
