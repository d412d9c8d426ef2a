/* SPDX-License-Identifier: MIT */
/* Signatures of launches: what is signed is what counts, every bit of it; and who lets his lie does not stop others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "measure_fakes.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/signer.h"
#include "measure/vouch.h"
#include "types.h"

static struct bh_signature good;
static uint8_t launch_digest[32], signer_id[32];

static void sign(struct bh_signature *s)
{
    void *vault = vault_enter();
    uint8_t hash[32];
    int rc;

    sha256(s, 48, hash);
    signer_start(vault, 0, hash);
    while ((rc = signer_step(vault, 0, s->signature)) == -XEN_EAGAIN)
        ;
    vault_leave();
    assert_int_equal(rc, 0);
}

static int setup(void **state)
{
    static const uint8_t seed[64] = "seed";

    static struct vcpu vcpu;

    (void)state;
    current = &vcpu;
    memset(launch_digest, 0x5a, sizeof(launch_digest));
    memcpy(good.magic, "BHSIGN1", 8);
    good.svn = 7;
    memcpy(good.launch_digest, launch_digest, 32);
    assert_int_equal(signer_init(vault_enter(), VAULT_SIZE, seed, sizeof(seed), good.key), 0);
    vault_leave();
    sign(&good);
    sha256(good.key, 64, signer_id);
    return 0;
}

static struct domain domain(uint32_t domid)
{
    struct domain d = {.domid = domid};

    memcpy(d.launch_digest, launch_digest, 32);
    return d;
}

static int verdict(struct domain *d, const struct bh_signature *s)
{
    int rc, n = 0;

    while ((rc = vouch_step(d, s)) == -XEN_EAGAIN && n++ < 100)
        ;
    return rc;
}

static bool vouched(const struct domain *d)
{
    return memcmp(d->signer, signer_id, 32) == 0 && d->guest_svn == 7;
}

static void takes_a_good_one(void **state)
{
    struct domain d = domain(1);

    (void)state;
    assert_int_equal(vouch_step(&d, &good), -XEN_EAGAIN); /* not in one step */
    assert_false(vouched(&d));
    assert_int_equal(verdict(&d, &good), 0);
    assert_true(vouched(&d));
}

static void refuses_every_other_byte(void **state)
{
    static const struct domain nobody;

    (void)state;
    for (size_t at = 0; at < sizeof(good); at++) {
        struct bh_signature s = good;
        struct domain d = domain(1);

        ((uint8_t *)&s)[at] ^= (uint8_t)(1u << at % 8);
        if (verdict(&d, &s) != -XEN_EACCES) fail_msg("byte %zu altered: taken", at);
        assert_memory_equal(d.signer, nobody.signer, 32);
        assert_int_equal(d.guest_svn, 0);
    }
}

static void refuses_one_for_another_launch(void **state)
{
    struct domain d = domain(1);

    (void)state;
    d.launch_digest[31] ^= 1;
    assert_int_equal(verdict(&d, &good), -XEN_EACCES);
}

/* Domain 1 begins and goes away; or begins and never comes again. */
static void nobody_holds_the_place(void **state)
{
    struct domain a = domain(1), b = domain(2);

    (void)state;
    assert_int_equal(vouch_step(&a, &good), -XEN_EAGAIN);
    fake_tick = 0;
    assert_int_equal(verdict(&b, &good), -XEN_EAGAIN); /* waits for it */
    vouch_forget(2);                                   /* not 2's */
    assert_int_equal(vouch_step(&b, &good), -XEN_EAGAIN);
    vouch_forget(1);
    assert_int_equal(verdict(&b, &good), 0);
    assert_int_equal(vouch_step(&a, &good), -XEN_EAGAIN);
    fake_now += 250000000;
    assert_int_equal(verdict(&b, &good), 0);
    assert_true(vouched(&b));
    assert_int_equal(verdict(&a, &good), 0);
}

/* Others always queue for the lock. */
static void queued_lock(void **state)
{
    struct domain d = domain(1);
    int rc = -XEN_EAGAIN;

    (void)state;
    fake_lock_queued = true;
    for (int i = 0; i < 1000 && rc == -XEN_EAGAIN; i++)
        rc = vouch_step(&d, &good);
    fake_lock_queued = false;
    assert_int_equal(rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_good_one),
        cmocka_unit_test(refuses_every_other_byte),
        cmocka_unit_test(refuses_one_for_another_launch),
        cmocka_unit_test(nobody_holds_the_place),
        cmocka_unit_test(queued_lock),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
