/* SPDX-License-Identifier: MIT */
/* The way from the AK to a trusted CA: who may be on it, whose lists it takes, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_build.h"
#include "attest_certs.h"

#define SIGN_BOTH (MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN)
#define CA_NAME   "CN=Test CA,O=Bulkhead" /* as in attest_build.c */

static struct attest_build b;
static mbedtls_x509_crl lists;
static struct akca stranger, middle[3]; /* middle[0] is below b.ca, each next below the one before */
static size_t depth;                    /* how many of middle are there */
static uint8_t own_cert[2048];

static const char *detail_of(enum findings_code code)
{
    for (size_t i = 0; i < b.findings.count; i++) {
        if (b.findings.item[i].code == code) return b.findings.item[i].detail;
    }
    return "";
}

static bool fails_with(enum findings_code code)
{
    bool only = attest_build_only(&b, code);

    for (size_t i = 0; !only && i < b.findings.count; i++)
        printf("  %s %s: %s\n", findings_state_name(b.findings.item[i].state), findings_name(b.findings.item[i].code),
               b.findings.item[i].detail);
    return only;
}

static bool again(void)
{
    return verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings);
}

static void no_lists(void)
{
    mbedtls_x509_crl_free(&lists);
    mbedtls_x509_crl_init(&lists);
    b.wanted.crl = &lists;
}

static void only_list(struct akca *ca, int from_year, int to_year)
{
    no_lists();
    attest_certs_list(ca, NULL, 0, from_year, to_year, &lists);
}

static struct bytes der_of(const mbedtls_x509_crt *crt)
{
    return (struct bytes){crt->raw.p, crt->raw.len};
}

/* --- Lists --------------------------------------------------------------------------------------------- */

static void a_list_of_another_ca_says_nothing(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    only_list(&stranger, 2020, 2049);
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
    assert_non_null(strstr(detail_of(FINDING_AK_REVOKED), "no list of its issuer"));
    attest_certs_list(&b.ca, NULL, 0, 2020, 2049, &lists);
    assert_true(again());
    no_lists();
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
}

/* The caller's time is January 2026, whatever the machine's clock says. */
static void a_list_of_another_time_says_nothing(void **state)
{
    static const int years[][2] = {{2020, 2025}, {2027, 2049}};

    (void)state;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    for (size_t i = 0; i < 2; i++) {
        only_list(&b.ca, years[i][0], years[i][1]);
        assert_false(again());
        assert_true(fails_with(FINDING_AK_REVOKED));
        assert_non_null(strstr(detail_of(FINDING_AK_REVOKED), "not of this time"));
    }
    attest_certs_list(&b.ca, NULL, 0, 2026, 2026, &lists);
    assert_true(again());
}

static void a_lists_time_is_judged_by_the_callers(void **state)
{
    static const int years[] = {2021, 2047};

    (void)state;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    for (size_t i = 0; i < 2; i++) {
        only_list(&b.ca, years[i], years[i]);
        b.wanted.now.year = years[i];
        assert_true(again());
    }
}

static void a_list_by_another_key_is_unusable(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    only_list(&b.other_ca, 2020, 2049);
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
    assert_non_null(strstr(detail_of(FINDING_AK_REVOKED), "unusable"));
}

/* --- CAs in between ------------------------------------------------------------------------------------- */

static void open_middle(size_t count, const struct attest_certs_spec *first)
{
    static const char *const names[] = {"CN=Middle 1,O=Bulkhead", "CN=Middle 2,O=Bulkhead", "CN=Middle 3,O=Bulkhead"};

    for (depth = 0; depth < count; depth++) {
        struct attest_certs_spec spec = {.ca = true, .usage = SIGN_BOTH};

        if (depth == 0 && first != NULL) spec = *first;
        spec.subject = names[depth];
        attest_certs_ca(&spec, depth == 0 ? &b.ca : &middle[depth - 1], &middle[depth]);
    }
}

static void close_middle(void)
{
    while (depth != 0)
        akca_close(&middle[--depth]);
}

static const struct attest_certs_spec *ak_spec;

static void take_ak_spec(struct attest_build *v)
{
    v->ak_cert.size = attest_certs_write(ak_spec, &v->ak, v->issuer, own_cert, sizeof(own_cert));
    v->ak_cert.data = own_cert;
}

#define EK_TEXT "e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4"
#define USAGE(x)                                                                                                       \
    {                                                                                                                  \
        (const uint8_t *)(x), sizeof(x) - 1                                                                            \
    }

static const struct attest_certs_spec good = {.subject = "CN=AK,serialNumber=" EK_TEXT,
                                              .profile = AKCERT_DEVELOPMENT,
                                              .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE,
                                              .ext_usage = USAGE(ATTEST_CERTS_AK_USAGE)};

/* The AK's certificate outlives its issuers', so that what expires is theirs. */
static void below_middle(struct attest_build *v)
{
    static const mbedtls_x509_time end = {2049, 12, 31, 0, 0, 0};

    v->ak_to = &end;
    v->issuer = &middle[depth - 1];
    for (size_t i = 0; i < depth; i++)
        v->issuers[i] = der_of(&middle[depth - 1 - i].cert);
    v->issuer_count = depth;
}

/* bh-ca does not issue by a CA that may not. */
static void below_middle_by_hand(struct attest_build *v)
{
    below_middle(v);
    ak_spec = &good;
    take_ak_spec(v);
}

static void below_middle_that_is_absent(struct attest_build *v)
{
    v->issuer = &middle[0];
}

/* Runs with `count` CAs in between, the first as given, and lists of all. */
static bool with_middle(size_t count, const struct attest_certs_spec *first, attest_build_hook hook)
{
    open_middle(count, first);
    attest_build_run(&b, ATTEST_BUILD_INPUTS, hook);
    only_list(&b.ca, 2020, 2049);
    for (size_t i = 0; i < depth; i++)
        attest_certs_list(&middle[i], NULL, 0, 2020, 2049, &lists);
    return again();
}

static void chains_of_two_to_four_certificates_are_accepted(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 3; count++) {
        assert_true(with_middle(count, NULL, below_middle));
        close_middle();
    }
}

static void an_absent_ca_leads_nowhere(void **state)
{
    (void)state;
    assert_false(with_middle(1, NULL, below_middle_that_is_absent));
    assert_true(fails_with(FINDING_AK_CHAIN));
    close_middle();
}

static void an_expired_ca_in_between_shows(void **state)
{
    static const struct attest_certs_spec expired = {.ca = true, .usage = SIGN_BOTH, .to = "20251231235959"};

    (void)state;
    assert_false(with_middle(1, &expired, below_middle));
    assert_true(fails_with(FINDING_AK_EXPIRED));
    close_middle();
}

static void who_may_not_sign_certificates_is_no_issuer(void **state)
{
    static const struct attest_certs_spec lists_only = {.ca = true, .usage = MBEDTLS_X509_KU_CRL_SIGN},
                                          certificates_only = {.ca = true, .usage = MBEDTLS_X509_KU_KEY_CERT_SIGN},
                                          alone = {.ca = true, .usage = SIGN_BOTH, .alone = true},
                                          no_ca = {.usage = SIGN_BOTH};

    (void)state;
    assert_true(with_middle(1, &alone, below_middle));
    close_middle();
    assert_true(with_middle(1, NULL, below_middle_by_hand));
    close_middle();
    assert_false(with_middle(2, &alone, below_middle));
    assert_true(fails_with(FINDING_AK_CHAIN));
    close_middle();
    assert_false(with_middle(1, &lists_only, below_middle_by_hand));
    assert_true(fails_with(FINDING_AK_CHAIN));
    close_middle();
    assert_false(with_middle(1, &no_ca, below_middle_by_hand));
    assert_true(fails_with(FINDING_AK_CHAIN));
    close_middle();
    assert_false(with_middle(1, &certificates_only, below_middle)); /* it may not sign its list */
    assert_true(fails_with(FINDING_AK_REVOKED));
    close_middle();
}

static void each_issuer_on_the_way_needs_its_list(void **state)
{
    struct bytes of_middle;

    (void)state;
    assert_true(with_middle(1, NULL, below_middle));
    only_list(&b.ca, 2020, 2049);
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
    only_list(&middle[0], 2020, 2049);
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
    of_middle = der_of(&middle[0].cert);
    attest_certs_list(&b.ca, &of_middle, 1, 2020, 2049, &lists);
    assert_false(again());
    assert_true(fails_with(FINDING_AK_REVOKED));
    assert_non_null(strstr(detail_of(FINDING_AK_REVOKED), "revoked"));
    close_middle();
}

/* --- The AK's own certificate ----------------------------------------------------------------------------- */

static void what_is_not_for_an_ak_is_refused(void **state)
{
    struct attest_certs_spec bad[6];

    (void)state;
    ak_spec = &good;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, take_ak_spec));
    for (size_t i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].ext_usage = (struct bytes)USAGE(ATTEST_CERTS_SERVER_USAGE);
    bad[1].ext_usage = (struct bytes)USAGE(ATTEST_CERTS_BOTH_USAGES);
    bad[2].ext_usage = (struct bytes){0};
    bad[3].ca = true;
    bad[4].usage = MBEDTLS_X509_KU_KEY_AGREEMENT;
    bad[5].usage = 0;
    for (size_t i = 0; i < 6; i++) {
        ak_spec = &bad[i];
        assert_false(attest_build_run(&b, ATTEST_BUILD_INPUTS, take_ak_spec));
        assert_true(fails_with(FINDING_AK_CHAIN));
    }
}

/* What a certificate says is printed, before anybody has vouched for it. */
static void no_detail_leaves_its_line(void **state)
{
    static const struct attest_certs_spec liar = {.subject = "CN=AK,serialNumber=x\nverdict: ACCEPTED\x1b[2J\x7f",
                                                  .profile = AKCERT_DEVELOPMENT,
                                                  .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE,
                                                  .ext_usage = USAGE(ATTEST_CERTS_AK_USAGE)};

    (void)state;
    ak_spec = &liar;
    assert_false(attest_build_run(&b, ATTEST_BUILD_INPUTS, take_ak_spec));
    assert_true(fails_with(FINDING_EK_UNKNOWN));
    assert_non_null(strstr(detail_of(FINDING_EK_UNKNOWN), "x?verdict: ACCEPTED?[2J?"));
    for (size_t i = 0; i < b.findings.count; i++) {
        for (const char *c = b.findings.item[i].detail; *c != '\0'; c++)
            assert_in_range(*c, 0x20, 0x7e);
    }
}

/* --- Roots ------------------------------------------------------------------------------------------------ */

/* The trusted list for a moment: `first`, then the CA's own certificate or not. */
static bool with_trust(const struct bytes first, bool own)
{
    mbedtls_x509_crt trust;
    bool accepted;

    mbedtls_x509_crt_init(&trust);
    assert_int_equal(mbedtls_x509_crt_parse_der(&trust, first.data, first.size), 0);
    if (own) assert_int_equal(mbedtls_x509_crt_parse_der(&trust, b.ca.cert.raw.p, b.ca.cert.raw.len), 0);
    b.wanted.trust = &trust;
    accepted = again();
    b.wanted.trust = &b.ca.cert;
    mbedtls_x509_crt_free(&trust);
    return accepted;
}

static void an_expired_root_counts_only_when_it_is_the_only_one(void **state)
{
    static const struct attest_certs_spec former = {
        .subject = CA_NAME, .ca = true, .usage = SIGN_BOTH, .to = "20251231235959"};
    uint8_t same_key[2048];
    struct akca other_key;
    size_t size;

    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    attest_certs_ca(&former, NULL, &other_key);
    assert_true(with_trust(der_of(&other_key.cert), true));
    size = attest_certs_write(&former, &b.ca.key, &b.ca, same_key, sizeof(same_key));
    assert_true(with_trust((struct bytes){same_key, size}, true));
    assert_false(with_trust((struct bytes){same_key, size}, false));
    assert_true(fails_with(FINDING_AK_EXPIRED));
    akca_close(&other_key);
}

/* By the machine's clock (2026 or later) mbedTLS takes the later certificate; the caller asks about 2021. */
static void of_two_certificates_of_a_root_the_callers_time_decides(void **state)
{
    static const struct attest_certs_spec
        later = {.subject = CA_NAME, .ca = true, .usage = SIGN_BOTH, .from = "20240101000000"},
        former = {.subject = CA_NAME, .ca = true, .usage = SIGN_BOTH, .to = "20231231235959"};
    uint8_t one[2048], two[2048];
    mbedtls_x509_crt trust;

    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    mbedtls_x509_crt_init(&trust);
    mbedtls_x509_crt_parse_der(&trust, one, attest_certs_write(&later, &b.ca.key, &b.ca, one, sizeof(one)));
    mbedtls_x509_crt_parse_der(&trust, two, attest_certs_write(&former, &b.ca.key, &b.ca, two, sizeof(two)));
    b.wanted.trust = &trust;
    b.wanted.now.year = 2021;
    assert_true(again());
    mbedtls_x509_crt_free(&trust);
    b.wanted.trust = &b.ca.cert;
}

static int open_build(void **state)
{
    static const struct attest_certs_spec of_another_name = {
        .subject = "CN=Another CA,O=Bulkhead", .ca = true, .usage = SIGN_BOTH};

    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    attest_certs_ca(&of_another_name, NULL, &stranger);
    mbedtls_x509_crl_init(&lists);
    return 0;
}

static int close_build(void **state)
{
    (void)state;
    mbedtls_x509_crl_free(&lists);
    akca_close(&stranger);
    attest_build_close(&b);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_another_ca_says_nothing),
        cmocka_unit_test(a_list_of_another_time_says_nothing),
        cmocka_unit_test(a_lists_time_is_judged_by_the_callers),
        cmocka_unit_test(a_list_by_another_key_is_unusable),
        cmocka_unit_test(chains_of_two_to_four_certificates_are_accepted),
        cmocka_unit_test(an_absent_ca_leads_nowhere),
        cmocka_unit_test(an_expired_ca_in_between_shows),
        cmocka_unit_test(who_may_not_sign_certificates_is_no_issuer),
        cmocka_unit_test(each_issuer_on_the_way_needs_its_list),
        cmocka_unit_test(what_is_not_for_an_ak_is_refused),
        cmocka_unit_test(no_detail_leaves_its_line),
        cmocka_unit_test(an_expired_root_counts_only_when_it_is_the_only_one),
        cmocka_unit_test(of_two_certificates_of_a_root_the_callers_time_decides),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
