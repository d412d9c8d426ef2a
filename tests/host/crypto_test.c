/* SPDX-License-Identifier: MIT */
/* SHA-256 against FIPS 180-4's examples, ECDSA against RFC 6979 A.2.5, and what a verifier must refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "measure/arena.h"
#include "measure/crypto.h"
#include "types.h"

static const uint8_t pub[64] = {0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74, 0xC6,
                                0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6, 0x69,
                                0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC,
                                0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2, 0x0C,
                                0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99};
static const uint8_t signature[64] = {0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4,
                                      0x5E, 0x81, 0xD6, 0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D,
                                      0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0xF7, 0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C,
                                      0x41, 0xD4, 0x36, 0xC7, 0xA1, 0xB6, 0xE2, 0x9F, 0x65, 0xF3, 0xE9, 0x00, 0xDB,
                                      0xB9, 0xAF, 0xF4, 0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8};

static void hex(const uint8_t d[32], char out[65])
{
    for (int i = 0; i < 32; i++) {
        out[2 * i] = "0123456789abcdef"[d[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[d[i] & 15];
    }
    out[64] = 0;
}

static void sha256_examples(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t d[32];
    char h[65];

    (void)state;
    sha256("abc", 3, d);
    hex(d, h);
    assert_string_equal(h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256("", 0, d);
    hex(d, h);
    assert_string_equal(h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(two_blocks, 56, d);
    hex(d, h);
    assert_string_equal(h, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* A million a's, in pieces of every size, with the state moved between them: it holds no pointers. */
static void sha256_pieces(void **state)
{
    struct sha256_state s[2];
    char piece[1000];
    uint8_t d[32];
    char h[65];
    size_t left = 1000000;
    int at = 0;

    (void)state;
    memset(piece, 'a', sizeof(piece));
    sha256_start(&s[0]);
    for (size_t n = 0; left; n = (n + 7) % sizeof(piece)) {
        size_t take = MIN(n, left);

        sha256_update(&s[at], piece, take);
        left -= take;
        s[!at] = s[at];
        memset(&s[at], 0xaa, sizeof(s[at]));
        at = !at;
    }
    sha256_finish(&s[at], d);
    hex(d, h);
    assert_string_equal(h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void verify_accepts_and_refuses(void **state)
{
    uint8_t hash[32], bad_hash[32], bad_sig[64], bad_pub[64];

    (void)state;
    sha256("sample", 6, hash);
    assert_int_equal(ecdsa_p256_verify(pub, hash, signature), 0);
    for (int bit = 0; bit < 256; bit += 37) {
        memcpy(bad_hash, hash, 32);
        bad_hash[bit / 8] ^= 1 << bit % 8;
        assert_int_equal(ecdsa_p256_verify(pub, bad_hash, signature), -XEN_EINVAL);
    }
    for (int bit = 0; bit < 512; bit += 37) {
        memcpy(bad_sig, signature, 64);
        bad_sig[bit / 8] ^= 1 << bit % 8;
        assert_int_equal(ecdsa_p256_verify(pub, hash, bad_sig), -XEN_EINVAL);
        memcpy(bad_pub, pub, 64);
        bad_pub[bit / 8] ^= 1 << bit % 8;
        assert_int_equal(ecdsa_p256_verify(bad_pub, hash, signature), -XEN_EINVAL);
    }
    /* r or s of 0 or over the order; a key that is no point, or the point at infinity */
    memset(bad_sig, 0, 64);
    assert_int_equal(ecdsa_p256_verify(pub, hash, bad_sig), -XEN_EINVAL);
    memset(bad_sig, 0xff, 64);
    assert_int_equal(ecdsa_p256_verify(pub, hash, bad_sig), -XEN_EINVAL);
    memset(bad_pub, 0, 64);
    assert_int_equal(ecdsa_p256_verify(bad_pub, hash, signature), -XEN_EINVAL);
    memset(bad_pub, 0xff, 64);
    assert_int_equal(ecdsa_p256_verify(bad_pub, hash, signature), -XEN_EINVAL);
}

static void arena_reuses_and_bounds(void **state)
{
    static char mem[1024] __attribute__((aligned(16)));
    struct arena *a = arena_init(mem, sizeof(mem));
    void *p[8];
    char *q;

    (void)state;
    assert_null(arena_calloc(1, 16)); /* none in use */
    arena_use(a);
    assert_null(arena_calloc(1, sizeof(mem)));
    assert_null(arena_calloc(1ul << 33, 1ul << 33));
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 8; i++) {
            p[i] = arena_calloc(3, 10 + i);
            assert_non_null(p[i]);
            memset(p[i], 0xee, 3 * (10 + i));
        }
        for (int i = 0; i < 8; i++)
            arena_free(p[(i * 3 + round) % 8]);
    }
    q = arena_calloc(1, 900); /* all joined again, wiped, zero */
    assert_non_null(q);
    for (int i = 0; i < 900; i++)
        assert_int_equal(q[i], 0);
    arena_free(q);
    arena_free(NULL);
    arena_done();
    assert_in_range(arena_peak(a), 900, sizeof(mem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_examples),
        cmocka_unit_test(sha256_pieces),
        cmocka_unit_test(verify_accepts_and_refuses),
        cmocka_unit_test(arena_reuses_and_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
