/* SPDX-License-Identifier: MIT */
#include "ektemplate.h"

#include <string.h>
#include <tss2/tss2_mu.h>

/* PolicyA of the EK Credential Profile (B.6.2): TPM2_PolicySecret(TPM_RH_ENDORSEMENT). */
#define EK_POLICY                                                                                                      \
    {                                                                                                                  \
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52,    \
            0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa                         \
    }

/* Template L-2 of the EK Credential Profile (B.3.4): ECC NIST P-256. */
const TPM2B_PUBLIC ektemplate_ecc = {
    .publicArea =
        {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
            .authPolicy = {.size = 32, .buffer = EK_POLICY},
            .parameters.eccDetail =
                {
                    .symmetric = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB},
                    .scheme.scheme = TPM2_ALG_NULL,
                    .curveID = TPM2_ECC_NIST_P256,
                    .kdf.scheme = TPM2_ALG_NULL,
                },
            .unique.ecc = {.x = {.size = 32}, .y = {.size = 32}},
        },
};

/* Template L-1 (B.3.3): RSA 2048. */
const TPM2B_PUBLIC ektemplate_rsa = {
    .publicArea =
        {
            .type = TPM2_ALG_RSA,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
            .authPolicy = {.size = 32, .buffer = EK_POLICY},
            .parameters.rsaDetail =
                {
                    .symmetric = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB},
                    .scheme.scheme = TPM2_ALG_NULL,
                    .keyBits = 2048,
                },
            .unique.rsa = {.size = 256},
        },
};

static bool same(const TPMT_PUBLIC *a, const TPMT_PUBLIC *b)
{
    uint8_t bytes[2][sizeof(TPMT_PUBLIC)];
    size_t size[2] = {0, 0};

    return Tss2_MU_TPMT_PUBLIC_Marshal(a, bytes[0], sizeof(bytes[0]), &size[0]) == TSS2_RC_SUCCESS &&
           Tss2_MU_TPMT_PUBLIC_Marshal(b, bytes[1], sizeof(bytes[1]), &size[1]) == TSS2_RC_SUCCESS &&
           size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0;
}

/* The key in its one length too: another number of leading zeros would be another digest. */
bool ektemplate_is(const TPMT_PUBLIC *ek)
{
    TPMT_PUBLIC wanted = ek->type == TPM2_ALG_RSA ? ektemplate_rsa.publicArea : ektemplate_ecc.publicArea;

    if (ek->type == TPM2_ALG_RSA && (ek->unique.rsa.size != 256 || !(ek->unique.rsa.buffer[0] & 0x80))) return false;
    if (ek->type == TPM2_ALG_ECC && (ek->unique.ecc.x.size != 32 || ek->unique.ecc.y.size != 32)) return false;
    wanted.unique = ek->unique;
    return same(ek, &wanted);
}
