/* SPDX-License-Identifier: MIT */
/* Signatures verified in steps, several interleaved: each gets its own verdict, and no step is long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "measure_fakes.h"
#include "measure/measure.h"
#include "measure/signer.h"
#include "measure/verifier.h"
#include "types.h"

static uint8_t pub[64], hash[32], sig[64];

static void sign(uint8_t n)
{
    void *vault = vault_enter();
    int rc;

    memset(hash, n, sizeof(hash));
    signer_start(vault, 0, hash);
    while ((rc = signer_step(vault, 0, sig)) == -XEN_EAGAIN)
        ;
    vault_leave();
    assert_int_equal(rc, 0);
}

static int setup(void **state)
{
    static const uint8_t seed[64] = "seed";
    int rc = signer_init(vault_enter(), VAULT_SIZE, seed, sizeof(seed), pub);

    (void)state;
    vault_leave();
    return rc;
}

static int verdict(unsigned int slot, unsigned int *steps)
{
    int rc;

    *steps = 0;
    do
        ++*steps;
    while ((rc = verifier_step(slot)) == -XEN_EAGAIN);
    return rc;
}

static void good_and_bad(void **state)
{
    unsigned int steps;

    (void)state;
    for (uint8_t n = 0; n < 20; n++) { /* some have an r or s with the top bit set */
        sign(n);
        assert_int_equal(verifier_start(1, pub, hash, sig), 0);
        assert_int_equal(verdict(1, &steps), 0);
        assert_in_range(steps, 20, 64);
        sig[n * 3] ^= (uint8_t)(1 << n % 8);
        assert_int_equal(verifier_start(1, pub, hash, sig), 0);
        assert_int_equal(verdict(1, &steps), -XEN_EBADMSG);
        sig[n * 3] ^= (uint8_t)(1 << n % 8);
        hash[n] ^= 1;
        assert_int_equal(verifier_start(1, pub, hash, sig), 0);
        assert_int_equal(verdict(1, &steps), -XEN_EBADMSG);
    }
}

/* r, s of zero, one, the group's order and all ones; a key off the curve. */
static void edges(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                      0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    uint8_t value[4][32] = {{0}, {[31] = 1}}, off[64];
    unsigned int steps;

    (void)state;
    sign(1);
    memcpy(value[2], order, 32);
    memset(value[3], 0xff, 32);
    for (int i = 0; i < 16; i++) {
        memcpy(sig, value[i / 4], 32);
        memcpy(sig + 32, value[i % 4], 32);
        assert_int_equal(verifier_start(0, pub, hash, sig), 0);
        assert_int_equal(verdict(0, &steps), -XEN_EBADMSG);
    }
    memcpy(off, pub, 64);
    off[63] ^= 1;
    assert_int_equal(verifier_start(0, off, hash, sig), -XEN_EBADMSG);
    memset(off, 0, 64);
    assert_int_equal(verifier_start(0, off, hash, sig), -XEN_EBADMSG);
}

/* All slots at once, one step each in turn; dropped ones give their memory back. */
static void interleaved(void **state)
{
    unsigned int done = 0, n = 0;

    (void)state;
    for (int round = 0; round < 30; round++) {
        sign(9);
        for (unsigned int i = 0; i < VERIFIER_SLOTS; i++) {
            sig[5] ^= i & 1;
            assert_int_equal(verifier_start(i, pub, hash, sig), 0);
            sig[5] ^= i & 1;
            verifier_step(i);
            verifier_step(i);
        }
        if (round == 29) break;
        for (unsigned int i = 0; i < VERIFIER_SLOTS; i++)
            verifier_drop(i);
    }
    while (done != (1u << VERIFIER_SLOTS) - 1) {
        unsigned int i = n++ % VERIFIER_SLOTS;
        int rc;

        if (done & 1u << i || (rc = verifier_step(i)) == -XEN_EAGAIN) continue;
        assert_int_equal(rc, i & 1 ? -XEN_EBADMSG : 0);
        done |= 1u << i;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_and_bad), cmocka_unit_test(edges),
                                       cmocka_unit_test(interleaved)};

    return cmocka_run_group_tests(tests, setup, NULL);
}
