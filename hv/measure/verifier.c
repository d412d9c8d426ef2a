/* SPDX-License-Identifier: MIT */
#include "measure/verifier.h"
#include "measure/arena.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/ecdsa.h"

/* As signer.h's SIGNER_STEP_OPS; larger, for the two multiplications of a verification are dearer to take up again. */
#define STEP_OPS 128

static char memory[VERIFIER_ALL * 12 * 1024] __aligned(16);
static struct arena *arena;

static struct verification {
    mbedtls_ecdsa_context key;
    mbedtls_ecdsa_restart_ctx restart;
    uint8_t hash[32];
    uint8_t der[2 + 2 * (2 + 33)];
    size_t der_len;
} slots[VERIFIER_ALL];

/* INTEGER: positive, as short as it can be. */
static uint8_t *integer_to_der(uint8_t *p, const uint8_t v[32])
{
    unsigned int zeros = 0;
    bool sign;

    while (zeros < 31 && v[zeros] == 0)
        zeros++;
    sign = v[zeros] & 0x80;
    *p++ = 2;
    *p++ = 32 - zeros + sign;
    if (sign) *p++ = 0;
    memcpy(p, v + zeros, 32 - zeros);
    return p + 32 - zeros;
}

int verifier_start(unsigned int slot, const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64])
{
    struct verification *v = &slots[slot];
    uint8_t point[65] = {4}; /* uncompressed, SEC 1 section 2.3.4 */
    int rc;

    if (!arena) arena = arena_init(memory, sizeof(memory));
    memcpy(point + 1, pub, 64);
    memcpy(v->hash, hash, 32);
    v->der_len = integer_to_der(integer_to_der(v->der + 2, sig), sig + 32) - v->der;
    v->der[0] = 0x30;
    v->der[1] = v->der_len - 2;
    arena_use(arena);
    mbedtls_ecdsa_init(&v->key);
    mbedtls_ecdsa_restart_init(&v->restart);
    rc = mbedtls_ecp_group_load(&v->key.grp, MBEDTLS_ECP_DP_SECP256R1);
    if (!rc) rc = mbedtls_ecp_point_read_binary(&v->key.grp, &v->key.Q, point, sizeof(point));
    if (!rc) rc = mbedtls_ecp_check_pubkey(&v->key.grp, &v->key.Q);
    arena_done();
    if (rc) verifier_drop(slot);
    return rc ? -XEN_EBADMSG : 0;
}

int verifier_step(unsigned int slot)
{
    struct verification *v = &slots[slot];
    int rc;

    mbedtls_ecp_set_max_ops(STEP_OPS);
    arena_use(arena);
    rc = mbedtls_ecdsa_read_signature_restartable(&v->key, v->hash, 32, v->der, v->der_len, &v->restart);
    arena_done();
    if (rc == MBEDTLS_ERR_ECP_IN_PROGRESS) return -XEN_EAGAIN;
    verifier_drop(slot);
    return rc ? -XEN_EBADMSG : 0;
}

void verifier_drop(unsigned int slot)
{
    arena_use(arena);
    mbedtls_ecdsa_restart_free(&slots[slot].restart);
    mbedtls_ecdsa_free(&slots[slot].key);
    arena_done();
}

int ecdsa_p256_verify(const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64])
{
    int rc;

    spin_lock(&measure_lock);
    rc = verifier_start(VERIFIER_POLICY, pub, hash, sig);
    if (!rc) do
            rc = verifier_step(VERIFIER_POLICY);
        while (rc == -XEN_EAGAIN);
    spin_unlock(&measure_lock);
    return rc ? -XEN_EINVAL : 0;
}
