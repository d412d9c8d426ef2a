/* SPDX-License-Identifier: MIT */
/* mbedTLS's own hook for another ECDSA verification (MBEDTLS_ECDSA_VERIFY_ALT), filled by nettle. All of it is public.
 */
#include <mbedtls/ecdsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <stdbool.h>

#define NUMBER_MAX 48u /* bytes, P-384 */

static const struct ecc_curve *curve_of(const mbedtls_ecp_group *group)
{
    switch (group->id) {
    case MBEDTLS_ECP_DP_SECP256R1:
        return nettle_get_secp_256r1();
    case MBEDTLS_ECP_DP_SECP384R1:
        return nettle_get_secp_384r1();
    default:
        return NULL;
    }
}

/* False for a number below zero or too large for any of the curves. */
static bool convert(mpz_t to, const mbedtls_mpi *from)
{
    uint8_t bytes[NUMBER_MAX];

    if (mbedtls_mpi_cmp_int(from, 0) < 0 || mbedtls_mpi_write_binary(from, bytes, sizeof(bytes)) != 0) return false;
    mpz_import(to, sizeof(bytes), 1, 1, 1, 0, bytes);
    return true;
}

int mbedtls_ecdsa_verify(mbedtls_ecp_group *grp, const unsigned char *buf, size_t blen, const mbedtls_ecp_point *Q,
                         const mbedtls_mpi *r, const mbedtls_mpi *s)
{
    const struct ecc_curve *curve = curve_of(grp);
    struct dsa_signature signature;
    struct ecc_point key;
    mpz_t x, y;
    bool good;

    if (curve == NULL) return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
    mpz_init(x);
    mpz_init(y);
    ecc_point_init(&key, curve);
    dsa_signature_init(&signature);
    /* ecc_point_set: coordinates below p, and on the curve. ecdsa_verify: r and s from 1 to q - 1. */
    good = mbedtls_mpi_cmp_int(&Q->Z, 1) == 0 && convert(x, &Q->X) && convert(y, &Q->Y) && convert(signature.r, r) &&
           convert(signature.s, s) && ecc_point_set(&key, x, y) != 0 && ecdsa_verify(&key, blen, buf, &signature) != 0;
    dsa_signature_clear(&signature);
    ecc_point_clear(&key);
    mpz_clear(y);
    mpz_clear(x);
    return good ? 0 : MBEDTLS_ERR_ECP_VERIFY_FAILED;
}
