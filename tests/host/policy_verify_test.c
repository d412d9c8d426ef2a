/* SPDX-License-Identifier: MIT */
/* Signing a policy file and checking that: every byte of it is covered, and only one key is good. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/policy_table.h"
#include "monitor/policy_verify.h"
#include "policy_key_public.h"
#include "policy_support.h"

static uint8_t *good_file(size_t *size)
{
    struct policy_flat flat;
    support_flat(&flat, 1);
    support_allow(&flat, 0, 0, true, 0);
    uint8_t *file = support_file(&flat, 1, size);
    policy_flat_free(&flat);
    return file;
}

static void takes_a_signed_file(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = good_file(&size);
    assert_int_equal(policy_verify(file, size, policy_key_public), 0);
    free(file);
}

/* One bit in each part: every 7th byte of the content, every byte of the signature. */
static void refuses_altered_bytes(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = good_file(&size);
    for (size_t i = 0; i < size; i += i < size - POLICY_SIGNATURE - 97 ? 97 : 1) {
        file[i] ^= 0x10;
        if (policy_verify(file, size, policy_key_public) != -EPERM) fail_msg("byte %zu altered: taken", i);
        file[i] ^= 0x10;
    }
    free(file);
}

static void refuses_degenerate_signatures(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = good_file(&size);
    for (int fill = 0; fill < 256; fill += 255) {
        memset(file + size - POLICY_SIGNATURE, fill, POLICY_SIGNATURE);
        assert_int_equal(policy_verify(file, size, policy_key_public), -EPERM);
    }
    free(file);
}

static void refuses_another_key(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = good_file(&size), other[64] = {0};
    assert_int_equal(policy_verify(file, size, other), -EPERM);
    memcpy(other, policy_key_public, sizeof(other));
    other[63] ^= 1; /* not on the curve */
    assert_int_equal(policy_verify(file, size, other), -EPERM);
    free(file);
}

static void refuses_a_file_without_room_for_a_signature(void **state)
{
    (void)state;
    static const uint8_t file[POLICY_SIGNATURE];
    assert_int_equal(policy_verify(file, 0, policy_key_public), -EINVAL);
    assert_int_equal(policy_verify(file, POLICY_SIGNATURE - 1, policy_key_public), -EINVAL);
    assert_int_equal(policy_verify(file, POLICY_SIGNATURE, policy_key_public), -EPERM);
}

/* The same policy and key give the same bytes: the policy's digest can be predicted. */
static void signs_deterministically(void **state)
{
    (void)state;
    size_t size, again_size;
    uint8_t *file = good_file(&size), *again = good_file(&again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(file, again, size);
    free(file);
    free(again);
}

static void says_what_is_wrong_with_a_key(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "no key\n",
                                      "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"};
    size_t size;
    uint8_t *file = good_file(&size);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct policy_error e = {""};
        const char *path = support_write("bad.pem", bad[i]);
        assert_int_equal(policy_file_sign(file, size, path, &e), -EINVAL);
        assert_non_null(strstr(e.text, path));
    }
    struct policy_error e = {""};
    assert_int_equal(policy_file_sign(file, size, "/nonexistent.pem", &e), -EINVAL);
    assert_non_null(strstr(e.text, "/nonexistent.pem"));
    free(file);
}

/* What the host tool says of a signature is what the hypervisor says. */
static void the_tool_checks_signatures_too(void **state)
{
    (void)state;
    struct policy_error e = {""};
    size_t size;
    uint8_t *file = good_file(&size);
    assert_int_equal(policy_file_check(file, size, support_key_file(), &e), 0);
    file[40] ^= 1;
    assert_int_equal(policy_file_check(file, size, support_key_file(), &e), -EINVAL);
    assert_non_null(strstr(e.text, "not signed by"));
    assert_int_equal(policy_file_check(file, POLICY_SIGNATURE - 1, support_key_file(), &e), -EINVAL);
    assert_int_equal(policy_file_check(file, size, support_write("bad.pem", "no key"), &e), -EINVAL);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_signed_file),
        cmocka_unit_test(refuses_altered_bytes),
        cmocka_unit_test(refuses_degenerate_signatures),
        cmocka_unit_test(refuses_another_key),
        cmocka_unit_test(refuses_a_file_without_room_for_a_signature),
        cmocka_unit_test(signs_deterministically),
        cmocka_unit_test(says_what_is_wrong_with_a_key),
        cmocka_unit_test(the_tool_checks_signatures_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
