/* SPDX-License-Identifier: MIT */
/* Signatures made in steps, many at a time, within the vault's size; and that nothing secret leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/signer.h"
#include "types.h"

static char vault[VAULT_SIZE] __attribute__((aligned(4096)));
static uint8_t pub[64];

static void init(const char *seed)
{
    memset(vault, 0, sizeof(vault));
    assert_int_equal(signer_init(vault, sizeof(vault), (const uint8_t *)seed, strlen(seed), pub), 0);
}

static int finish(unsigned int slot, uint8_t sig[64])
{
    int rc, steps = 0;

    while ((rc = signer_step(vault, slot, sig)) == -XEN_EAGAIN)
        steps++;
    assert_int_equal(rc, 0);
    return steps;
}

static void key_comes_from_the_seed(void **state)
{
    uint8_t first[64];

    (void)state;
    init("0123456789abcdef0123456789abcdef");
    memcpy(first, pub, 64);
    init("0123456789abcdef0123456789abcdef");
    assert_memory_equal(first, pub, 64);
    init("0123456789abcdef0123456789abcdeg");
    assert_memory_not_equal(first, pub, 32);
}

static void signs_in_steps(void **state)
{
    uint8_t hash[32], sig[64];

    (void)state;
    init("a seed of enough bytes for HMAC_DRBG");
    for (int i = 0; i < 20; i++) {
        sha256(&i, sizeof(i), hash);
        signer_start(vault, i % SIGNER_SLOTS, hash);
        assert_in_range(finish(i % SIGNER_SLOTS, sig), 3, 20);
        assert_int_equal(ecdsa_p256_verify(pub, hash, sig), 0);
        hash[0] ^= 1;
        assert_int_equal(ecdsa_p256_verify(pub, hash, sig), -XEN_EINVAL);
    }
}

/* All slots at once, out of step with each other, some dropped on the way, and started anew. */
static void slots_do_not_mix(void **state)
{
    uint8_t hash[SIGNER_SLOTS][32], sig[64];
    bool live[SIGNER_SLOTS] = {false};
    unsigned int done = 0;

    (void)state;
    init("another seed of enough bytes for it");
    for (unsigned int n = 0; done < 40; n++) {
        unsigned int s = (n * 5 + n / 7) % SIGNER_SLOTS;
        int rc;

        if (!live[s]) {
            sha256(&n, sizeof(n), hash[s]);
            signer_start(vault, s, hash[s]);
            live[s] = true;
        }
        if (n % 61 == 60) {
            signer_drop(vault, s);
            live[s] = false;
            continue;
        }
        rc = signer_step(vault, s, sig);
        if (rc == -XEN_EAGAIN) continue;
        assert_int_equal(rc, 0);
        assert_int_equal(ecdsa_p256_verify(pub, hash[s], sig), 0);
        live[s] = false;
        done++;
    }
    assert_in_range(signer_peak(vault), 4096, sizeof(vault) - 4096);
}

/* With no room for another signature it fails, and the others still finish. */
static void a_full_vault_fails_cleanly(void **state)
{
    uint8_t hash[32], sig[64];
    int rc, failed = 0;

    (void)state;
    memset(vault, 0, sizeof(vault));
    assert_int_equal(signer_init(vault, 12 * 1024, (const uint8_t *)"seed seed seed seed seed", 24, pub), 0);
    sha256("x", 1, hash);
    for (unsigned int s = 0; s < SIGNER_SLOTS; s++)
        signer_start(vault, s, hash);
    for (unsigned int s = 0; s < SIGNER_SLOTS; s++) {
        rc = signer_step(vault, s, sig);
        if (rc != -XEN_EAGAIN) {
            assert_int_equal(rc, -XEN_EINVAL);
            failed++;
            continue;
        }
        if (s > 0) continue;
        finish(s, sig);
        assert_int_equal(ecdsa_p256_verify(pub, hash, sig), 0);
    }
    assert_in_range(failed, 0, SIGNER_SLOTS - 1);
    assert_true(signer_init(vault, 2048, (const uint8_t *)"seed", 4, pub) == -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_comes_from_the_seed),
        cmocka_unit_test(signs_in_steps),
        cmocka_unit_test(slots_do_not_mix),
        cmocka_unit_test(a_full_vault_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
