/* SPDX-License-Identifier: MIT */
#include "measure/signer.h"
#include "measure/arena.h"
#include "measure/crypto.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/hmac_drbg.h"

struct signer {
    mbedtls_ecdsa_context key;
    mbedtls_hmac_drbg_context drbg;
    struct signer_slot {
        uint8_t hash[32];
        mbedtls_ecdsa_restart_ctx restart;
    } slot[SIGNER_SLOTS];
    struct arena *arena;
    uint8_t salt_root[32];
};

#define SIGNER_SIZE ROUND_UP(sizeof(struct signer), 16)

static int make_key(struct signer *s, const uint8_t *seed, size_t seed_len, uint8_t pub[64])
{
    const mbedtls_md_info_t *sha = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

    mbedtls_hmac_drbg_init(&s->drbg);
    mbedtls_ecdsa_init(&s->key);
    if (mbedtls_hmac_drbg_seed_buf(&s->drbg, sha, seed, seed_len) ||
        mbedtls_ecdsa_genkey(&s->key, MBEDTLS_ECP_DP_SECP256R1, mbedtls_hmac_drbg_random, &s->drbg) ||
        mbedtls_hmac_drbg_random(&s->drbg, s->salt_root, sizeof(s->salt_root)) ||
        mbedtls_ecp_check_pub_priv(&s->key, &s->key) || mbedtls_mpi_write_binary(&s->key.Q.X, pub, 32) ||
        mbedtls_mpi_write_binary(&s->key.Q.Y, pub + 32, 32))
        return -XEN_EINVAL;
    return 0;
}

int signer_init(void *vault, size_t size, const uint8_t *seed, size_t seed_len, uint8_t pub[64])
{
    struct signer *s = vault;
    int rc;

    s->arena = arena_init((char *)vault + SIGNER_SIZE, size - SIGNER_SIZE);
    arena_use(s->arena);
    rc = make_key(s, seed, seed_len, pub);
    arena_done();
    if (rc) wipe(vault, size);
    return rc;
}

void signer_start(void *vault, unsigned int slot, const uint8_t hash[32])
{
    struct signer_slot *sl = &((struct signer *)vault)->slot[slot];

    memcpy(sl->hash, hash, 32);
    mbedtls_ecdsa_restart_init(&sl->restart);
}

/* SEQUENCE { INTEGER, INTEGER } in DER, as mbedTLS wrote it, into two fields of 32 bytes. */
static int integer_from_der(const uint8_t **p, const uint8_t *end, uint8_t out[32])
{
    size_t len;

    if (end - *p < 2 || (*p)[0] != 2 || (len = (*p)[1]) > (size_t)(end - *p - 2)) return -XEN_EINVAL;
    *p += 2;
    if (len == 33 && **p == 0) (*p)++, len--;
    if (len == 0 || len > 32) return -XEN_EINVAL;
    memset(out, 0, 32 - len);
    memcpy(out + 32 - len, *p, len);
    *p += len;
    return 0;
}

static int sig_from_der(const uint8_t *der, size_t len, uint8_t sig[64])
{
    const uint8_t *p = der + 2, *end = der + len;

    if (len < 2 || der[0] != 0x30 || der[1] != len - 2 || integer_from_der(&p, end, sig) ||
        integer_from_der(&p, end, sig + 32) || p != end)
        return -XEN_EINVAL;
    return 0;
}

int signer_step(void *vault, unsigned int slot, uint8_t sig[64])
{
    struct signer *s = vault;
    struct signer_slot *sl = &s->slot[slot];
    uint8_t der[MBEDTLS_ECDSA_MAX_SIG_LEN(256)];
    size_t len = 0;
    int rc;

    /* Making the nonce is not counted, so in the step that does it nothing else has room. */
    mbedtls_ecp_set_max_ops(sl->restart.det ? SIGNER_STEP_OPS : 1);
    arena_use(s->arena);
    rc = mbedtls_ecdsa_write_signature_restartable(&s->key, MBEDTLS_MD_SHA256, sl->hash, 32, der, &len,
                                                   mbedtls_hmac_drbg_random, &s->drbg, &sl->restart);
    if (rc == MBEDTLS_ERR_ECP_IN_PROGRESS) {
        arena_done();
        return -XEN_EAGAIN;
    }
    mbedtls_ecdsa_restart_free(&sl->restart);
    arena_done();
    return rc ? -XEN_EINVAL : sig_from_der(der, len, sig);
}

void signer_drop(void *vault, unsigned int slot)
{
    struct signer *s = vault;

    arena_use(s->arena);
    mbedtls_ecdsa_restart_free(&s->slot[slot].restart);
    arena_done();
}

void signer_salt(void *vault, uint64_t epoch, uint8_t salt[32])
{
    struct sha256_state s;

    sha256_start(&s);
    sha256_update(&s, "BHSALT1", 8);
    sha256_update(&s, ((struct signer *)vault)->salt_root, 32);
    sha256_update(&s, &epoch, sizeof(epoch));
    sha256_finish(&s, salt);
}

size_t signer_peak(void *vault)
{
    return SIGNER_SIZE + arena_peak(((struct signer *)vault)->arena);
}
