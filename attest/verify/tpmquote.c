/* SPDX-License-Identifier: MIT */
#include "tpmquote.h"

#include <errno.h>
#include <mbedtls/sha256.h>
#include <tss2/tss2_mu.h>

#define AK_ATTRIBUTES_SET                                                                                              \
    (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |              \
     TPMA_OBJECT_SENSITIVEDATAORIGIN)

static int read_quote_info(const TPMS_QUOTE_INFO *info, struct tpmquote *out)
{
    const TPMS_PCR_SELECTION *selection = &info->pcrSelect.pcrSelections[0];

    if (info->pcrDigest.size > sizeof(info->pcrDigest.buffer)) return -EBADMSG;
    out->sha256_only = info->pcrSelect.count == 1 && selection->hash == TPM2_ALG_SHA256 &&
                       selection->sizeofSelect <= 3 && info->pcrDigest.size == 32;
    if (!out->sha256_only) return 0;
    for (unsigned int i = 0; i < selection->sizeofSelect; i++)
        out->pcr_mask |= (uint32_t)selection->pcrSelect[i] << (8 * i);
    memcpy(out->pcr_digest, info->pcrDigest.buffer, 32);
    return 0;
}

int tpmquote_parse(struct bytes attest, struct tpmquote *out)
{
    TPMS_ATTEST parsed = {0};
    size_t offset = 0;

    *out = (struct tpmquote){0};
    if (Tss2_MU_TPMS_ATTEST_Unmarshal(attest.data, attest.size, &offset, &parsed) != TSS2_RC_SUCCESS ||
        offset != attest.size || parsed.extraData.size > sizeof(out->extra))
        return -EBADMSG;
    out->magic = parsed.magic;
    out->type = parsed.type;
    out->extra_size = parsed.extraData.size;
    memcpy(out->extra, parsed.extraData.buffer, out->extra_size);
    if (parsed.qualifiedSigner.size == sizeof(out->signer))
        memcpy(out->signer, parsed.qualifiedSigner.name, sizeof(out->signer));
    out->reset_count = parsed.clockInfo.resetCount;
    return parsed.type == TPM2_ST_ATTEST_QUOTE ? read_quote_info(&parsed.attested.quote, out) : 0;
}

/* Big-endian numbers may come without their leading zeros. */
static int pad32(const TPM2B_ECC_PARAMETER *number, uint8_t out[32])
{
    if (number->size > 32) return -EBADMSG;
    memset(out, 0, 32);
    memcpy(out + 32 - number->size, number->buffer, number->size);
    return 0;
}

/* Part 1, section 16: name = algorithm || digest of the public area, qualified name = the same over
 * (the parent's qualified name || name), and a hierarchy's name is its handle. */
void tpmquote_qualified_name(struct bytes tpmt_public, uint8_t out[34])
{
    uint8_t both[4 + 34] = {0x40, 0x00, 0x00, 0x0b, 0x00, 0x0b}; /* TPM_RH_ENDORSEMENT, TPM_ALG_SHA256 */

    mbedtls_sha256_ret(tpmt_public.data, tpmt_public.size, both + 6, 0);
    out[0] = 0x00;
    out[1] = 0x0b;
    mbedtls_sha256_ret(both, sizeof(both), out + 2, 0);
}

int tpmquote_parse_key(struct bytes tpmt_public, struct tpmquote_key *out)
{
    TPMT_PUBLIC key = {0};
    size_t offset = 0;

    *out = (struct tpmquote_key){0};
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(tpmt_public.data, tpmt_public.size, &offset, &key) != TSS2_RC_SUCCESS ||
        offset != tpmt_public.size)
        return -EBADMSG;
    if (key.type != TPM2_ALG_ECC || key.parameters.eccDetail.curveID != TPM2_ECC_NIST_P256) return 0;
    if (pad32(&key.unique.ecc.x, out->xy) != 0 || pad32(&key.unique.ecc.y, out->xy + 32) != 0) return -EBADMSG;
    tpmquote_qualified_name(tpmt_public, out->qualified);
    out->is_ak = key.nameAlg == TPM2_ALG_SHA256 && (key.objectAttributes & AK_ATTRIBUTES_SET) == AK_ATTRIBUTES_SET &&
                 (key.objectAttributes & TPMA_OBJECT_DECRYPT) == 0 &&
                 key.parameters.eccDetail.scheme.scheme == TPM2_ALG_ECDSA &&
                 key.parameters.eccDetail.scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA256;
    return 0;
}

int tpmquote_parse_signature(struct bytes tpmt_signature, uint8_t rs[64])
{
    TPMT_SIGNATURE signature = {0};
    size_t offset = 0;

    if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(tpmt_signature.data, tpmt_signature.size, &offset, &signature) !=
            TSS2_RC_SUCCESS ||
        offset != tpmt_signature.size || signature.sigAlg != TPM2_ALG_ECDSA ||
        signature.signature.ecdsa.hash != TPM2_ALG_SHA256 || pad32(&signature.signature.ecdsa.signatureR, rs) != 0 ||
        pad32(&signature.signature.ecdsa.signatureS, rs + 32) != 0)
        return -EBADMSG;
    return 0;
}

void tpmquote_digest(const uint8_t pcr[][32], uint32_t mask, uint8_t digest[32])
{
    mbedtls_sha256_context sha;

    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    for (unsigned int i = 0; i < 24; i++) {
        if ((mask & 1u << i) != 0) mbedtls_sha256_update_ret(&sha, pcr[i], 32);
    }
    mbedtls_sha256_finish_ret(&sha, digest);
    mbedtls_sha256_free(&sha);
}
