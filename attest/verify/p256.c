/* SPDX-License-Identifier: MIT */
#include "p256.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/sha256.h>

void p256_sha256(const void *data, size_t size, uint8_t digest[32])
{
    mbedtls_sha256_ret(data, size, digest, 0);
}

void p256_extend(uint8_t value[32], const uint8_t digest[32])
{
    uint8_t both[64];

    memcpy(both, value, 32);
    memcpy(both + 32, digest, 32);
    p256_sha256(both, sizeof(both), value);
}

bool p256_verify(const uint8_t pub[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t encoded[65] = {4}; /* SEC 1: uncompressed */
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi r, s;
    bool good;

    memcpy(encoded + 1, pub, 64);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    good = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&group, &point, encoded, sizeof(encoded)) == 0 &&
           mbedtls_ecp_check_pubkey(&group, &point) == 0 && mbedtls_mpi_read_binary(&r, signature, 32) == 0 &&
           mbedtls_mpi_read_binary(&s, signature + 32, 32) == 0 &&
           mbedtls_ecdsa_verify(&group, digest, 32, &point, &r, &s) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    return good;
}
