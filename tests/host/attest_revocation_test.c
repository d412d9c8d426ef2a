/* SPDX-License-Identifier: MIT */
/* bh-ca's revocation lists: who gets onto one, and what readers see of it. Run from the tree's top. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "attest_build.h"
#include "guestprog.h"

static struct attest_build b; /* for its CAs and their keys */
static char top[PATH_MAX];

static int become_program(int argc, char **argv)
{
    char path[PATH_MAX + 64];

    (void)argc;
    snprintf(path, sizeof(path), "%s/build/attest/%s", top, argv[0]);
    execvp(argv[0][0] == 'b' ? path : argv[0], argv);
    return 127;
}

#define RUN(...) GUESTPROG_RUN(become_program, __VA_ARGS__)

static int revoke_by(const char *certificate)
{
    return RUN("bh-ca", "revoke", "--state", "state", "--key", "ca.key", "--cert", "ca.crt", "--days", "30", "--out",
               "crl", (char *)certificate);
}

static unsigned int revoked(void)
{
    assert_int_equal(RUN("ls", "state/revoked"), 0);
    return (unsigned int)(guestprog_out_size / (64 + 15 + 4 + 1)); /* DIGEST-TIME.der and a line's end */
}

static void is_not_revoked(const void *der, size_t size)
{
    unsigned int before = revoked();

    guestprog_put("bad.der", der, size);
    assert_int_equal(revoke_by("bad.der"), 1);
    assert_non_null(strstr(guestprog_errors, "bad.der: not a certificate that this CA signed"));
    assert_int_equal(revoked(), before);
}

/* Who asks for a revocation hands in a certificate: one that merely has a victim's name and serial is none. */
static void a_forged_certificate_revokes_nobody(void **state)
{
    uint8_t der[4096], forged[4096];
    size_t size = (size_t)guestprog_get("ak.der", der, sizeof(der) - 1);
    struct akca *ca = &b.other_ca; /* of the same name */
    const struct akca_subject subject = {.xy = b.ak_xy, .ek_hash = b.ek_hash, .profile = AKCERT_DEVELOPMENT};
    mbedtls_x509_crt victim;
    uint8_t *at;
    int n;

    (void)state;
    n = akca_issue(ca, &subject, forged, sizeof(forged));
    assert_true(n > 0);
    mbedtls_x509_crt_init(&victim);
    assert_int_equal(mbedtls_x509_crt_parse_der(&victim, der, size), 0);
    at = memmem(forged, (size_t)n, "\x02\x10", 2); /* the serial, of 16 bytes in each */
    assert_non_null(at);
    assert_int_equal(victim.serial.len, 16);
    memcpy(at + 2, victim.serial.p, 16);
    mbedtls_x509_crt_free(&victim);
    is_not_revoked(forged, (size_t)n);
    der[size - 1] ^= 1; /* of the signature */
    is_not_revoked(der, size);
    der[size - 1] ^= 1;
    der[size] = 0;
    is_not_revoked(der, size + 1);
    der[size / 2] ^= 1;
    is_not_revoked(der, size);
}

/* --- The list ------------------------------------------------------------------------------------------ */

/* What openssl reads of it. */
static const char *list_as_text(void)
{
    static char text[sizeof(guestprog_out)];

    assert_int_equal(RUN("openssl", "crl", "-inform", "DER", "-in", "crl", "-noout", "-text"), 0);
    return strcpy(text, (char *)guestprog_out);
}

static void has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", text, words);
}

static unsigned int number_of_list(void)
{
    const char *text = list_as_text(), *at;
    unsigned int n = 0;

    has(text, "Version 2 (0x1)");
    has(text, "X509v3 CRL Number");
    at = strstr(text, "X509v3 CRL Number");
    assert_int_equal(sscanf(at, "X509v3 CRL Number: %u", &n), 1);
    return n;
}

static void numbers_rise_and_dates_stay(void **state)
{
    static char before[128];
    const char *date;
    unsigned int number;

    (void)state;
    assert_int_equal(revoke_by(NULL), 0);
    number = number_of_list();
    has(list_as_text(), "No Revoked Certificates");
    assert_int_equal(revoke_by("ak.der"), 0);
    assert_int_equal(number_of_list(), number + 1);
    date = strstr(list_as_text(), "Revocation Date:");
    assert_non_null(date);
    snprintf(before, sizeof(before), "%.42s", date);
    sleep(2);
    assert_int_equal(revoke_by("ak.der"), 0); /* once more changes nothing */
    assert_int_equal(revoke_by(NULL), 0);
    assert_int_equal(number_of_list(), number + 3);
    has(list_as_text(), before);
    assert_int_equal(RUN("openssl", "x509", "-in", "ca.crt", "-noout"), 0);
    assert_int_equal(RUN("openssl", "crl", "-inform", "DER", "-in", "crl", "-noout", "-CAfile", "ca.crt"), 0);
    guestprog_put("state/crl-number", "many", 4);
    assert_int_equal(revoke_by(NULL), 1);
    guestprog_put("state/crl-number", "254\n", 4); /* where the encoding grows by a byte, the highest bit set */
    assert_int_equal(revoke_by(NULL), 0);
    assert_int_equal(number_of_list(), 255);
    assert_int_equal(revoke_by(NULL), 0);
    has(list_as_text(), "256");
}

static void what_is_over_is_not_listed(void **state)
{
    const mbedtls_x509_time from = {2020, 1, 1, 0, 0, 0}, to = {2021, 1, 1, 0, 0, 0};
    const struct akca_subject subject = {b.ak_xy, b.ek_hash, AKCERT_PRODUCTION, &from, &to};
    unsigned int before = revoked(), listed = 0;
    uint8_t der[4096];
    int n = akca_issue(&b.ca, &subject, der, sizeof(der));

    (void)state;
    assert_true(n > 0);
    guestprog_put("over.der", der, (size_t)n);
    assert_int_equal(revoke_by("over.der"), 0);
    assert_int_equal(revoked(), before + 1);
    for (const char *at = list_as_text(); (at = strstr(at, "Serial Number:")) != NULL; at++)
        listed++;
    assert_int_equal(listed, 1);
}

/* From before there were times in names: since when, the file says. */
static void a_former_states_names_are_taken(void **state)
{
    uint8_t der[4096];
    const struct akca_subject subject = {.xy = b.ak_xy, .ek_hash = b.ek_hash, .profile = AKCERT_DEVELOPMENT};
    int n = akca_issue(&b.ca, &subject, der, sizeof(der));

    (void)state;
    assert_true(n > 0);
    guestprog_put("state/revoked/00.der", der, (size_t)n);
    assert_int_equal(RUN("touch", "-d", "2024-05-06 07:08:09 UTC", "state/revoked/00.der"), 0);
    assert_int_equal(revoke_by(NULL), 0);
    has(list_as_text(), "Revocation Date: May  6 07:08:09 2024 GMT");
    guestprog_put("state/revoked/01.der", "garbage", 7); /* it is named, not left out */
    assert_int_equal(revoke_by(NULL), 1);
    assert_non_null(strstr(guestprog_errors, "state/revoked/01.der: not a certificate"));
}

static int setup(void **state)
{
    const struct akca_subject subject = {.xy = b.ak_xy, .ek_hash = b.ek_hash, .profile = AKCERT_DEVELOPMENT};
    uint8_t der[4096];
    int n;

    (void)state;
    if (getcwd(top, sizeof(top)) == NULL) return -1;
    attest_build_open(&b);
    n = akca_issue(&b.ca, &subject, der, sizeof(der));
    guestprog_start();
    guestprog_put("ca.key", b.ca_key_pem, strlen((char *)b.ca_key_pem));
    guestprog_put("ca.crt", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
    guestprog_put("ak.der", der, (size_t)n);
    return revoke_by(NULL);
}

static int teardown(void **state)
{
    (void)state;
    attest_build_close(&b);
    guestprog_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forged_certificate_revokes_nobody),
        cmocka_unit_test(numbers_rise_and_dates_stay),
        cmocka_unit_test(what_is_over_is_not_listed),
        cmocka_unit_test(a_former_states_names_are_taken),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
