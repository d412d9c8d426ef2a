/* SPDX-License-Identifier: MIT */
#include "measure/crypto.h"
#include "measure/arena.h"
#include "measure/measure_lock.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/sha256.h"

BUILD_ASSERT(sizeof(mbedtls_sha256_context) <= sizeof(struct sha256_state));

/* What a verification needs; nothing of it is secret. */
static char verify_arena[24 * 1024] __aligned(16);

static mbedtls_sha256_context *context(struct sha256_state *s)
{
    return (mbedtls_sha256_context *)s->opaque;
}

/* mbedTLS's own code cannot fail here: the results are for hardware in its place. */
void sha256_start(struct sha256_state *s)
{
    mbedtls_sha256_init(context(s));
    mbedtls_sha256_starts_ret(context(s), 0);
}

void sha256_update(struct sha256_state *s, const void *data, size_t len)
{
    mbedtls_sha256_update_ret(context(s), data, len);
}

void sha256_finish(struct sha256_state *s, uint8_t out[32])
{
    mbedtls_sha256_finish_ret(context(s), out);
    mbedtls_sha256_free(context(s));
}

void sha256(const void *data, size_t len, uint8_t out[32])
{
    struct sha256_state s;

    sha256_start(&s);
    sha256_update(&s, data, len);
    sha256_finish(&s, out);
}

static int read_and_verify(mbedtls_ecp_keypair *key, mbedtls_mpi *r, mbedtls_mpi *s, const uint8_t pub[64],
                           const uint8_t hash[32], const uint8_t sig[64])
{
    uint8_t point[65] = {4}; /* uncompressed, SEC 1 section 2.3.4 */

    memcpy(point + 1, pub, 64);
    if (mbedtls_ecp_group_load(&key->grp, MBEDTLS_ECP_DP_SECP256R1) ||
        mbedtls_ecp_point_read_binary(&key->grp, &key->Q, point, sizeof(point)) ||
        mbedtls_ecp_check_pubkey(&key->grp, &key->Q) || mbedtls_mpi_read_binary(r, sig, 32) ||
        mbedtls_mpi_read_binary(s, sig + 32, 32))
        return -XEN_EINVAL;
    return mbedtls_ecdsa_verify(&key->grp, hash, 32, &key->Q, r, s) ? -XEN_EINVAL : 0;
}

int ecdsa_p256_verify(const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64])
{
    mbedtls_ecp_keypair key;
    mbedtls_mpi r, s;
    int rc;

    spin_lock(&measure_lock);
    arena_use(arena_init(verify_arena, sizeof(verify_arena)));
    mbedtls_ecp_keypair_init(&key);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    rc = read_and_verify(&key, &r, &s, pub, hash, sig);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_keypair_free(&key);
    arena_done();
    spin_unlock(&measure_lock);
    return rc;
}
