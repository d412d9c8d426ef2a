/* SPDX-License-Identifier: MIT */
#include "credential.h"
#include "../verify/bytes.h"

#include <errno.h>
#include <mbedtls/aes.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#define SEED_SIZE    32u
#define AES_KEY_SIZE 16u

static void put_be32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * (3 - i)));
}

/* Part 1, 11.4.10.3: one round of KDFe, for 32 bytes. The label's NUL is hashed too. */
static void kdfe(const uint8_t z[32], const char *label, const uint8_t ephemeral_x[32], const uint8_t ek_x[32],
                 uint8_t out[32])
{
    mbedtls_sha256_context sha;
    uint8_t counter[4];

    put_be32(counter, 1);
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    mbedtls_sha256_update_ret(&sha, counter, 4);
    mbedtls_sha256_update_ret(&sha, z, 32);
    mbedtls_sha256_update_ret(&sha, (const uint8_t *)label, strlen(label) + 1);
    mbedtls_sha256_update_ret(&sha, ephemeral_x, 32);
    mbedtls_sha256_update_ret(&sha, ek_x, 32);
    mbedtls_sha256_finish_ret(&sha, out);
    mbedtls_sha256_free(&sha);
}

static int hmac(const uint8_t key[32], const struct bytes *parts, size_t count, uint8_t out[32])
{
    mbedtls_md_context_t md;
    int rc;

    mbedtls_md_init(&md);
    rc = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
    if (rc == 0) rc = mbedtls_md_hmac_starts(&md, key, 32);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = mbedtls_md_hmac_update(&md, parts[i].data, parts[i].size);
    if (rc == 0) rc = mbedtls_md_hmac_finish(&md, out);
    mbedtls_md_free(&md);
    return rc == 0 ? 0 : -EIO;
}

/* Part 1, 11.4.10.2: one round of KDFa; bits at most 256, of which the caller takes the first. */
static int kdfa(const uint8_t seed[32], const char *label, struct bytes context, uint32_t bits, uint8_t out[32])
{
    uint8_t counter[4], length[4];
    const struct bytes parts[] = {{counter, 4}, {(const uint8_t *)label, strlen(label) + 1}, context, {length, 4}};

    put_be32(counter, 1);
    put_be32(length, bits);
    return hmac(seed, parts, 4, out);
}

/* An ephemeral key and the ECDH secret with the EK: seed for both ends, the ephemeral point for the TPM. */
static int share_seed(const TPMS_ECC_POINT *ek, credential_random random, void *random_context, uint8_t seed[32],
                      TPM2B_ENCRYPTED_SECRET *encrypted)
{
    uint8_t encoded[65] = {4}, ek_x[32], z[32];
    TPM2B_ECC_POINT ephemeral = {0};
    mbedtls_ecp_group group;
    mbedtls_ecp_point peer, own;
    mbedtls_mpi d, shared;
    size_t size, offset = 0;
    int rc = -EINVAL;

    if (ek->x.size > 32 || ek->y.size > 32) return -EINVAL;
    memcpy(encoded + 33 - ek->x.size, ek->x.buffer, ek->x.size);
    memcpy(encoded + 65 - ek->y.size, ek->y.buffer, ek->y.size);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&peer);
    mbedtls_ecp_point_init(&own);
    mbedtls_mpi_init(&d);
    mbedtls_mpi_init(&shared);
    if (mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
        mbedtls_ecp_point_read_binary(&group, &peer, encoded, sizeof(encoded)) != 0 ||
        mbedtls_ecp_check_pubkey(&group, &peer) != 0)
        goto out;
    rc = -EIO;
    if (mbedtls_ecp_gen_keypair(&group, &d, &own, random, random_context) != 0 ||
        mbedtls_ecdh_compute_shared(&group, &shared, &peer, &d, random, random_context) != 0 ||
        mbedtls_mpi_write_binary(&shared, z, sizeof(z)) != 0)
        goto out;
    memcpy(ek_x, encoded + 1, 32);
    if (mbedtls_ecp_point_write_binary(&group, &own, MBEDTLS_ECP_PF_UNCOMPRESSED, &size, encoded, sizeof(encoded)) != 0)
        goto out;
    kdfe(z, "IDENTITY", encoded + 1, ek_x, seed);
    ephemeral.point.x.size = 32;
    ephemeral.point.y.size = 32;
    memcpy(ephemeral.point.x.buffer, encoded + 1, 32);
    memcpy(ephemeral.point.y.buffer, encoded + 33, 32);
    if (Tss2_MU_TPMS_ECC_POINT_Marshal(&ephemeral.point, encrypted->secret, sizeof(encrypted->secret), &offset) ==
        TSS2_RC_SUCCESS) {
        encrypted->size = (UINT16)offset;
        rc = 0;
    }
out:
    mbedtls_mpi_free(&shared);
    mbedtls_mpi_free(&d);
    mbedtls_ecp_point_free(&own);
    mbedtls_ecp_point_free(&peer);
    mbedtls_ecp_group_free(&group);
    return rc;
}

/* A seed of our choice, by OAEP to the EK with the label's NUL (Part 1, annex B.10.3). */
static int seal_seed(const TPMT_PUBLIC *ek, credential_random random, void *random_context, uint8_t seed[32],
                     TPM2B_ENCRYPTED_SECRET *encrypted)
{
    static const unsigned char label[] = "IDENTITY", exponent[] = {1, 0, 1};
    const TPM2B_PUBLIC_KEY_RSA *n = &ek->unique.rsa;
    mbedtls_rsa_context rsa;
    int rc = -EINVAL;

    mbedtls_rsa_init(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
    if (n->size == 256 && n->size <= sizeof(encrypted->secret) &&
        (ek->parameters.rsaDetail.exponent == 0 || ek->parameters.rsaDetail.exponent == 65537) &&
        mbedtls_rsa_import_raw(&rsa, n->buffer, n->size, NULL, 0, NULL, 0, NULL, 0, exponent, sizeof(exponent)) == 0 &&
        mbedtls_rsa_complete(&rsa) == 0 && mbedtls_rsa_check_pubkey(&rsa) == 0 &&
        random(random_context, seed, SEED_SIZE) == 0 &&
        mbedtls_rsa_rsaes_oaep_encrypt(&rsa, random, random_context, MBEDTLS_RSA_PUBLIC, label, sizeof(label),
                                       SEED_SIZE, seed, encrypted->secret) == 0) {
        encrypted->size = n->size;
        rc = 0;
    }
    mbedtls_rsa_free(&rsa);
    return rc;
}

/* AES-128-CFB, initialisation vector zero, over a TPM2B_DIGEST with the secret. */
static int encrypt_secret(const uint8_t key[AES_KEY_SIZE], const uint8_t *secret, size_t size, uint8_t *out)
{
    uint8_t plain[2 + SEED_SIZE] = {0, (uint8_t)size}, iv[16] = {0};
    mbedtls_aes_context aes;
    size_t position = 0;
    int rc;

    memcpy(plain + 2, secret, size);
    mbedtls_aes_init(&aes);
    rc = mbedtls_aes_setkey_enc(&aes, key, 8 * AES_KEY_SIZE);
    if (rc == 0) rc = mbedtls_aes_crypt_cfb128(&aes, MBEDTLS_AES_ENCRYPT, 2 + size, &position, iv, plain, out);
    mbedtls_aes_free(&aes);
    return rc == 0 ? 0 : -EIO;
}

int credential_make(const TPMT_PUBLIC *ek, const TPM2B_NAME *ak_name, const uint8_t *secret, size_t size,
                    credential_random random, void *random_context, TPM2B_ID_OBJECT *blob, TPM2B_ENCRYPTED_SECRET *seed)
{
    const struct bytes name = {ak_name->name, ak_name->size};
    uint8_t shared[SEED_SIZE], key[32], mac_key[32];
    uint8_t *mac = blob->credential + 2, *encrypted = blob->credential + 2 + 32;
    const struct bytes authenticated[] = {{encrypted, 2 + size}, name};
    int rc;

    if (ek->nameAlg != TPM2_ALG_SHA256 || size == 0 || size > SEED_SIZE) return -EINVAL;
    if (ek->type == TPM2_ALG_RSA)
        rc = seal_seed(ek, random, random_context, shared, seed);
    else if (ek->type == TPM2_ALG_ECC && ek->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256)
        rc = share_seed(&ek->unique.ecc, random, random_context, shared, seed);
    else
        rc = -EINVAL;
    if (rc == 0) rc = kdfa(shared, "STORAGE", name, 128, key);
    if (rc == 0) rc = encrypt_secret(key, secret, size, encrypted);
    if (rc == 0) rc = kdfa(shared, "INTEGRITY", (struct bytes){(const uint8_t *)"", 0}, 256, mac_key);
    if (rc == 0) rc = hmac(mac_key, authenticated, 2, mac);
    /* TPMS_ID_OBJECT: the integrity value with its size, then the encrypted part. */
    blob->credential[0] = 0;
    blob->credential[1] = 32;
    blob->size = (UINT16)(2 + 32 + 2 + size);
    return rc;
}
