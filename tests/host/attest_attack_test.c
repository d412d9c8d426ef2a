/* SPDX-License-Identifier: MIT */
/* The attacks of the literature on attestation, each on evidence that is genuine but for the attack. SECURITY.md lists
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>

#include "attest_build.h"
#include "../../attest/verify/p256.h"

/* Two machines, or two boots of one, with keys of their own: `b` is what the relying party asked, `other` is another.
 */
static struct attest_build b, other;

static bool failed(enum findings_code code)
{
    return findings_state_of(&b.findings, code) == FINDINGS_FAIL;
}

/* Packs parts of either into b's evidence and verifies it as b's relying party. */
static bool verify_mixed(const struct attest_build *platform, const struct attest_build *report)
{
    struct evidence_parts parts = {.nonce = b.nonce,
                                   .nonce_size = sizeof(b.nonce),
                                   .platform = platform->packed,
                                   .platform_size = platform->packed_size,
                                   .report = &report->report,
                                   .signature = report->report_signature,
                                   .salt = report->salt};

    b.evidence_size = evidence_pack(&parts, b.evidence, sizeof(b.evidence));
    return verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings);
}

static void build_both(void)
{
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    assert_true(attest_build_run(&other, ATTEST_BUILD_INPUTS, NULL));
    assert_true(verify_mixed(&b, &b));
}

/* --- Replay and relay --------------------------------------------------------------------------- */

static void want_another_nonce(struct attest_build *v)
{
    static uint8_t fresh[32] = {0xf5};

    v->wanted.nonce = (struct bytes){fresh, sizeof(fresh)};
}

static void a_replayed_answer(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, want_another_nonce));
    assert_true(attest_build_only(&b, FINDING_NONCE));
}

/* The nonce in the claim is the fresh one; the signed report is still over the old one. */
static void claim_the_fresh_nonce(struct attest_build *v)
{
    memset(v->nonce, 0xf5, sizeof(v->nonce));
}

static void a_replayed_report_under_a_fresh_nonce(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_SIGNED, claim_the_fresh_nonce));
    assert_true(attest_build_only(&b, FINDING_NONCE));
}

static void another_ek(struct attest_build *v)
{
    memset(v->ek_hash, 0xc0, sizeof(v->ek_hash));
}

static void expect_our_ek(struct attest_build *v)
{
    memset(v->known_ek[0], 0xe4, 32);
}

/* Cuckoo: a machine of the attacker, genuine and certified by the same CA, answers in our machine's place. */
static void a_relay_to_a_machine_that_is_not_ours(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, another_ek);
    expect_our_ek(&b);
    assert_false(verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings));
    assert_true(attest_build_only(&b, FINDING_EK_UNKNOWN));
}

static void bind_the_tenants_key(struct attest_build *v)
{
    v->binding_size = sizeof(v->binding);
    memset(v->binding, 0x7e, sizeof(v->binding));
}

/* The tenant's true evidence, carried to us by somebody who holds another key at the other end of our connection. */
static void a_relay_over_a_channel_that_is_not_the_tenants(void **state)
{
    static const uint8_t channel[64] = {0xaa};

    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, bind_the_tenants_key));
    b.wanted.binding = (struct bytes){channel, sizeof(channel)};
    assert_false(verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings));
    assert_true(attest_build_only(&b, FINDING_KEY));
    b.wanted.binding = (struct bytes){0};
    assert_false(verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings));
    assert_true(attest_build_only(&b, FINDING_KEY));
}

/* --- Mix and match ------------------------------------------------------------------------------ */

static void platform_of_one_boot_with_a_report_of_another(void **state)
{
    (void)state;
    build_both();
    assert_false(verify_mixed(&b, &other));
    assert_true(failed(FINDING_REPORT_SIG) && failed(FINDING_BOOT_ID));
    assert_false(verify_mixed(&other, &b));
    assert_true(failed(FINDING_REPORT_SIG) && failed(FINDING_BOOT_ID) && failed(FINDING_AK_CHAIN));
}

static void borrow_the_boot_id(struct attest_build *v)
{
    memcpy(v->report.boot_id, other.boot_id, 32);
}

static void a_report_that_names_a_boot_it_is_not_of(void **state)
{
    (void)state;
    attest_build_run(&other, ATTEST_BUILD_INPUTS, NULL);
    assert_false(attest_build_run(&b, ATTEST_BUILD_REPORT, borrow_the_boot_id));
    assert_true(attest_build_only(&b, FINDING_BOOT_ID));
}

/* The same machine and AK, an earlier boot: its quote and PCRs, with the log of this one. */
static void keep_the_old_pcrs(struct attest_build *v)
{
    memcpy(v->platform.pcr[21], other.platform.pcr[21], 32);
}

static void a_quote_of_an_earlier_boot_with_the_log_of_this_one(void **state)
{
    (void)state;
    attest_build_run(&other, ATTEST_BUILD_INPUTS, NULL);
    assert_false(attest_build_run(&b, ATTEST_BUILD_PCRS, keep_the_old_pcrs));
    assert_true(attest_build_only(&b, FINDING_LOG_REPLAY));
}

static void quote_for_another_boot(struct attest_build *v)
{
    memcpy(v->attest.extraData.buffer, other.boot_id, 32);
}

static void a_quote_made_for_another_boot(void **state)
{
    (void)state;
    attest_build_run(&other, ATTEST_BUILD_INPUTS, NULL);
    assert_false(attest_build_run(&b, ATTEST_BUILD_ATTEST, quote_for_another_boot));
    assert_true(attest_build_only(&b, FINDING_HV_KEY));
}

/* --- The AK --------------------------------------------------------------------------------------- */

/* A key in software with an AK's public area, and the certificate of a true one. */
static void take_a_software_key(struct attest_build *v)
{
    memcpy(v->ak_public.unique.ecc.x.buffer, other.ak_xy, 32);
    memcpy(v->ak_public.unique.ecc.y.buffer, other.ak_xy + 32, 32);
}

static void swap_aks(void)
{
    mbedtls_pk_context keep = b.ak;

    b.ak = other.ak;
    other.ak = keep;
}

static void a_forged_ak_with_a_borrowed_certificate(void **state)
{
    (void)state;
    swap_aks();
    attest_build_run(&b, ATTEST_BUILD_INPUTS, take_a_software_key);
    swap_aks();
    assert_true(attest_build_only(&b, FINDING_AK_CHAIN));
}

static void sign_by_another_ca(struct attest_build *v)
{
    v->issuer = &v->other_ca;
}

static void an_ak_of_a_ca_with_the_same_name(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_INPUTS, sign_by_another_ca));
    assert_true(attest_build_only(&b, FINDING_AK_CHAIN));
}

static void ordinary_key(struct attest_build *v)
{
    v->ak_public.objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED;
}

static void an_ordinary_signing_key_in_the_aks_place(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_INPUTS, ordinary_key));
    assert_true(attest_build_only(&b, FINDING_AK_ATTRS));
}

/* It says that it is restricted, but the TPM named what it really is in the quote. */
static void name_the_ordinary_key(struct attest_build *v)
{
    TPMT_PUBLIC real = v->ak_public;
    uint8_t bytes[512];
    size_t size = 0;

    real.objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED;
    assert_int_equal(Tss2_MU_TPMT_PUBLIC_Marshal(&real, bytes, sizeof(bytes), &size), 0);
    tpmquote_qualified_name((struct bytes){bytes, size}, v->attest.qualifiedSigner.name);
}

static void an_ordinary_signing_key_that_says_it_is_restricted(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_ATTEST, name_the_ordinary_key));
    assert_true(attest_build_only(&b, FINDING_AK_ATTRS));
}

static void certify(struct attest_build *v)
{
    v->attest.type = TPM2_ST_ATTEST_CERTIFY;
    v->attest.attested.certify = (TPMS_CERTIFY_INFO){.name.size = 34, .qualifiedName.size = 34};
}

static void a_certification_posing_as_a_quote(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_ATTEST, certify));
    assert_true(attest_build_only(&b, FINDING_QUOTE_TYPE));
}

/* --- The log -------------------------------------------------------------------------------------- */

static void swap_first_events(struct attest_build *v)
{
    struct eventlog_record first, second;
    struct bytes log = {v->log, v->log_size};
    uint8_t copy[sizeof(v->log)];
    size_t one, two;

    assert_int_equal(eventlog_next(&log, &first), 1);
    one = v->log_size - log.size;
    assert_int_equal(eventlog_next(&log, &second), 1);
    two = v->log_size - log.size - one;
    memcpy(copy, v->log, one + two);
    memcpy(v->log, copy + one, two);
    memcpy(v->log + two, copy, one);
}

static void a_reordered_log(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_PCRS, swap_first_events));
    assert_true(attest_build_only(&b, FINDING_LOG_REPLAY));
}

static void cut_last_event(struct attest_build *v)
{
    v->platform.log.size -= 44 + 14;
}

static void a_truncated_log(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_PCRS, cut_last_event));
    assert_true(attest_build_only(&b, FINDING_LOG_REPLAY));
}

static void extend_without_log(struct attest_build *v)
{
    p256_extend(v->platform.pcr[21], v->nonce);
}

static void an_extend_without_a_record(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_PCRS, extend_without_log));
    assert_true(attest_build_only(&b, FINDING_LOG_REPLAY));
}

static void log_a_second_key(struct attest_build *v)
{
    attest_build_event(v, 21, BH_EV_HV_KEY, NULL, v->ak_xy, 64);
}

static void a_second_key_in_the_log(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, log_a_second_key));
    assert_true(failed(FINDING_LOG_EVENT));
    assert_int_equal(findings_state_of(&b.findings, FINDING_REPORT_SIG), FINDINGS_NOT_MADE);
}

static void log_a_second_launch(struct attest_build *v)
{
    attest_build_event(v, 21, BH_EV_LAUNCH, NULL, &v->tenant, sizeof(v->tenant));
}

static void a_boot_domain_that_nobody_expects(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, log_a_second_launch));
    assert_true(attest_build_only(&b, FINDING_PCR_REF));
}

static void expect_another_policy(struct attest_build *v)
{
    uint8_t *at = memmem(v->refs_file, sizeof(v->refs_file), v->policy_digest, 32);

    assert_non_null(at);
    at[0] ^= 1;
}

static void a_swapped_policy(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, expect_another_policy));
    assert_true(failed(FINDING_PCR_REF) && failed(FINDING_POLICY));
}

/* dom0 shows the hash of one image and has the hypervisor load another: the report holds what was loaded. */
static void substitute_kernel(struct attest_build *v)
{
    v->report.launch.kernel[0] ^= 1;
}

static void a_launch_that_is_not_that_of_the_digest(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_REPORT, substitute_kernel));
    assert_true(attest_build_only(&b, FINDING_LAUNCH));
}

/* PCR 22 set back by a domain that found the way, and then extended at will: the log of the boot does not lead there.
 */
static void set_pcr_22_back(struct attest_build *v)
{
    memset(v->platform.pcr[22], 0, 32);
}

static void a_pcr_that_was_reset(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_PCRS, set_pcr_22_back));
    assert_true(attest_build_only(&b, FINDING_LOG_REPLAY));
}

/* --- Policies at run time, downgrades -------------------------------------------------------------- */

static void load(struct attest_build *v, const uint8_t digest[32], uint8_t version)
{
    const uint8_t data[4] = {version};

    attest_build_event(v, 22, BH_EV_POLICY_LOAD, digest, data, 4);
}

static void report_policy(struct attest_build *v, const uint8_t digest[32], uint32_t version)
{
    memcpy(v->report.policy_digest, digest, 32);
    v->report.policy_version = version;
}

static void load_a_newer_one(struct attest_build *v)
{
    load(v, v->other_policy, 4);
}

static void report_the_newer_one(struct attest_build *v)
{
    report_policy(v, v->other_policy, 4);
}

static uint8_t unexpected[32] = {0x66};

static void load_an_unexpected_one(struct attest_build *v)
{
    load(v, unexpected, 4);
    load(v, v->other_policy, 5);
}

static void report_an_unexpected_one(struct attest_build *v)
{
    report_policy(v, unexpected, 9);
}

static void load_an_older_one(struct attest_build *v)
{
    load(v, v->other_policy, 2);
}

static void report_the_older_one(struct attest_build *v)
{
    report_policy(v, v->other_policy, 2);
}

/* Signs the report that stands there again, over the log that stands there. */
static bool report_anew(attest_build_hook report)
{
    report(&b);
    attest_build_sign_report(&b);
    return verify_mixed(&b, &b);
}

/* The report's policy is the hypervisor's word of now, the log's as old as the quote (FORMAT.md, POLICY). */
static void a_policy_loaded_at_run_time(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_LOG, load_a_newer_one);
    assert_true(attest_build_only(&b, FINDING_POLICY)); /* the report still names the one of the start */
    assert_true(report_anew(report_the_newer_one));
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL); /* loaded after the quote */
    assert_true(report_anew(report_the_newer_one));
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    assert_false(report_anew(report_an_unexpected_one));
    assert_true(attest_build_only(&b, FINDING_POLICY));
}

static void a_policy_of_meanwhile_that_nobody_expects(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_LOG, load_an_unexpected_one);
    report_policy(&b, b.other_policy, 5);
    attest_build_sign_report(&b);
    assert_false(verify_mixed(&b, &b));
    assert_true(attest_build_only(&b, FINDING_PCR_REF));
}

static void a_downgraded_policy(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_LOG, load_an_older_one);
    assert_false(report_anew(report_the_older_one));
    assert_true(attest_build_only(&b, FINDING_LOG_EVENT));
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    assert_false(report_anew(report_the_older_one));
    assert_true(attest_build_only(&b, FINDING_POLICY));
}

static void old_hypervisor(struct attest_build *v)
{
    v->report.svn = 1;
}

static void a_downgraded_hypervisor(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_REPORT, old_hypervisor));
    assert_true(attest_build_only(&b, FINDING_HV_SVN));
}

static void old_guest(struct attest_build *v)
{
    v->report.guest_svn = 5;
}

static void unsign(struct attest_build *v)
{
    memset(v->report.signer, 0, 32);
}

static void want_zeros(struct attest_build *v)
{
    static const uint8_t nobody[32];

    unsign(v);
    attest_build_sign_report(v);
    v->wanted.signer[0] = nobody;
}

static void a_downgraded_or_unsigned_guest(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_REPORT, old_guest));
    assert_true(attest_build_only(&b, FINDING_GUEST_SVN));
    assert_false(attest_build_run(&b, ATTEST_BUILD_REPORT, unsign));
    assert_true(attest_build_only(&b, FINDING_SIGNER));
    attest_build_run(&b, ATTEST_BUILD_WANTED, want_zeros);
    assert_false(verify_mixed(&b, &b));
    assert_true(attest_build_only(&b, FINDING_SIGNER));
}

static int open_build(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    attest_build_open(&other);
    return 0;
}

static int close_build(void **state)
{
    (void)state;
    attest_build_close(&b);
    attest_build_close(&other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replayed_answer),
        cmocka_unit_test(a_replayed_report_under_a_fresh_nonce),
        cmocka_unit_test(a_relay_to_a_machine_that_is_not_ours),
        cmocka_unit_test(a_relay_over_a_channel_that_is_not_the_tenants),
        cmocka_unit_test(platform_of_one_boot_with_a_report_of_another),
        cmocka_unit_test(a_report_that_names_a_boot_it_is_not_of),
        cmocka_unit_test(a_quote_of_an_earlier_boot_with_the_log_of_this_one),
        cmocka_unit_test(a_quote_made_for_another_boot),
        cmocka_unit_test(a_forged_ak_with_a_borrowed_certificate),
        cmocka_unit_test(an_ak_of_a_ca_with_the_same_name),
        cmocka_unit_test(an_ordinary_signing_key_in_the_aks_place),
        cmocka_unit_test(an_ordinary_signing_key_that_says_it_is_restricted),
        cmocka_unit_test(a_certification_posing_as_a_quote),
        cmocka_unit_test(a_reordered_log),
        cmocka_unit_test(a_truncated_log),
        cmocka_unit_test(an_extend_without_a_record),
        cmocka_unit_test(a_second_key_in_the_log),
        cmocka_unit_test(a_boot_domain_that_nobody_expects),
        cmocka_unit_test(a_swapped_policy),
        cmocka_unit_test(a_launch_that_is_not_that_of_the_digest),
        cmocka_unit_test(a_pcr_that_was_reset),
        cmocka_unit_test(a_policy_loaded_at_run_time),
        cmocka_unit_test(a_policy_of_meanwhile_that_nobody_expects),
        cmocka_unit_test(a_downgraded_policy),
        cmocka_unit_test(a_downgraded_hypervisor),
        cmocka_unit_test(a_downgraded_or_unsigned_guest),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
