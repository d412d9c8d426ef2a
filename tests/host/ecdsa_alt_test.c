/* SPDX-License-Identifier: MIT */
/* bh-verify's ECDSA (nettle behind mbedTLS's hook): a published signature, and what must never pass for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../attest/verify/p256.h"

/* RFC 6979 A.2.5: P-256, SHA-256, message "sample". */
static const uint8_t key[64] = {0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6,
                                0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69,
                                0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6, 0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc,
                                0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2, 0x0c,
                                0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99};
static const uint8_t good[64] = {0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4,
                                 0x5e, 0x81, 0xd6, 0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d,
                                 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16, 0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c,
                                 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65, 0xf3, 0xe9, 0x00, 0xdb,
                                 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8};
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t prime[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static uint8_t digest[32];

static int hash(void **state)
{
    (void)state;
    p256_sha256("sample", 6, digest);
    return 0;
}

static void the_published_signature_is_good(void **state)
{
    (void)state;
    assert_true(p256_verify(key, digest, good));
}

static void no_other_bit_is(void **state)
{
    uint8_t signature[64], other_key[64], other_digest[32];

    (void)state;
    for (unsigned int bit = 0; bit < 512; bit++) {
        memcpy(signature, good, 64);
        memcpy(other_key, key, 64);
        memcpy(other_digest, digest, 32);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        other_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        other_digest[bit / 16] ^= (uint8_t)(1 << bit % 8);
        assert_false(p256_verify(key, digest, signature));
        assert_false(p256_verify(other_key, digest, good));
        assert_false(p256_verify(key, other_digest, good));
    }
}

/* r and s from 1 to n - 1: what equals a good one modulo n is none. */
static void numbers_out_of_range_are_refused(void **state)
{
    static const uint8_t zero[32];
    const uint8_t *const bad[] = {zero, order, prime};
    uint8_t signature[64];

    (void)state;
    for (unsigned int i = 0; i < 9; i++) {
        memcpy(signature, bad[i % 3], 32);
        memcpy(signature + 32, bad[i / 3], 32);
        assert_false(p256_verify(key, digest, signature));
        assert_false(p256_verify(key, zero, signature));
    }
    for (unsigned int i = 0; i < 6; i++) {
        memcpy(signature, good, 64);
        memcpy(signature + 32 * (i % 2), bad[i / 2], 32);
        assert_false(p256_verify(key, digest, signature));
    }
    memset(signature, 0xff, sizeof(signature));
    assert_false(p256_verify(key, digest, signature));
}

static void points_that_are_none_are_refused(void **state)
{
    uint8_t point[64] = {0};

    (void)state;
    assert_false(p256_verify(point, digest, good)); /* nor is this infinity */
    memcpy(point, prime, 32);
    memcpy(point + 32, prime, 32);
    assert_false(p256_verify(point, digest, good));
    memset(point, 0xff, sizeof(point));
    assert_false(p256_verify(point, digest, good));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_signature_is_good),
        cmocka_unit_test(no_other_bit_is),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(points_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, hash, NULL);
}
