/* SPDX-License-Identifier: MIT */
/* Evidence that is good, and evidence that fails with exactly one code for each code there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_build.h"
#include "../../attest/verify/p256.h"

static struct attest_build b;
static mbedtls_x509_crl crl;

static void print_findings(void)
{
    for (size_t i = 0; i < b.findings.count; i++) {
        const struct findings_item *item = &b.findings.item[i];

        if (item->state != FINDINGS_PASS && item->state != FINDINGS_WAIVED)
            printf("  %s %s: %s\n", findings_state_name(item->state), findings_name(item->code), item->detail);
    }
}

/* --- One vector for each code ----------------------------------------------------------------- */

static void truncate_evidence(struct attest_build *v)
{
    v->evidence_size--;
}

static void replace(uint8_t *data, size_t size, const char *from, const char *to)
{
    uint8_t *at = memmem(data, size, from, strlen(from));

    assert_non_null(at);
    memcpy(at, to, strlen(to));
}

static void other_profile(struct attest_build *v)
{
    replace(v->packed, v->packed_size, "platform-1", "platform-9");
}

static void other_issuer(struct attest_build *v)
{
    v->issuer = &v->other_ca;
}

static void want_production(struct attest_build *v)
{
    v->wanted.profile = AKCERT_PRODUCTION;
}

/* The list stays good: it would fail with AK_REVOKED else. */
static void short_lived(struct attest_build *v)
{
    static const mbedtls_x509_time end = {2026, 1, 2, 3, 4, 4};

    v->ak_to = &end;
}

static void revoke(struct attest_build *v)
{
    attest_build_crl(v, true, &crl);
    v->wanted.crl = &crl;
}

static void forget_ek(struct attest_build *v)
{
    v->known_ek[0][31] ^= 1;
}

static void unrestricted_ak(struct attest_build *v)
{
    v->ak_public.objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED;
}

static void bad_quote_signature(struct attest_build *v)
{
    v->signature_bytes[20] ^= 1;
}

static void other_magic(struct attest_build *v)
{
    v->attest.magic ^= 1;
}

static void certification(struct attest_build *v)
{
    v->attest.type = TPM2_ST_ATTEST_CERTIFY;
    v->attest.attested.certify = (TPMS_CERTIFY_INFO){.name.size = 34, .qualifiedName.size = 34};
}

static void give_pcr23_unquoted(struct attest_build *v)
{
    v->platform.pcr_mask |= 1u << 23;
}

static void other_pcr_value(struct attest_build *v)
{
    v->platform.pcr[0][0] ^= 1;
}

static void log_what_was_not_extended(struct attest_build *v)
{
    attest_build_event(v, 22, BH_EV_RUNTIME, NULL, "never", 5);
    v->platform.log.size = v->log_size;
}

static void digest_of_other_data(struct attest_build *v)
{
    attest_build_event(v, 22, BH_EV_RUNTIME, v->nonce, "text", 4);
}

static void unknown_event(struct attest_build *v)
{
    attest_build_event(v, 22, 0x42480099, NULL, "what", 4);
}

static void other_kernel_file(struct attest_build *v)
{
    v->platform.pcr[9][5] ^= 1;
}

static void extend_on_top_of_ff(struct attest_build *v)
{
    p256_extend(v->platform.pcr[17], v->nonce);
}

static void claim_another_key(struct attest_build *v)
{
    v->platform.hv_key = (struct bytes){v->ak_xy, 64};
}

static void bad_report_signature(struct attest_build *v)
{
    v->report_signature[63] ^= 1;
}

static void other_boot_id(struct attest_build *v)
{
    v->report.boot_id[0] ^= 1;
}

static void replayed(struct attest_build *v)
{
    static uint8_t fresh[32];

    v->wanted.nonce = (struct bytes){fresh, sizeof(fresh)};
}

static void bind_something(struct attest_build *v)
{
    v->report.report_data[40] = 1;
}

static void reset_since(struct attest_build *v)
{
    v->wanted.last_reset_count = 8;
}

static void want_later_svn(struct attest_build *v)
{
    v->wanted.least_svn = 3;
}

static void report_other_policy(struct attest_build *v)
{
    v->report.policy_digest[31] ^= 1;
}

static void other_compartment(struct attest_build *v)
{
    v->report.compartment_hash[0] ^= 1;
}

static void other_launch(struct attest_build *v)
{
    v->report.launch.memory_kib += 2048;
    p256_sha256(&v->report.launch, sizeof(v->report.launch), v->report.launch_digest);
}

static void debug_build(struct attest_build *v)
{
    v->report.flags |= BH_FLAG_DEBUG;
}

static void without_iommu(struct attest_build *v)
{
    v->report.flags &= ~BH_FLAG_IOMMU;
}

static void other_signer(struct attest_build *v)
{
    v->report.signer[7] ^= 1;
}

static void earlier_guest(struct attest_build *v)
{
    v->report.guest_svn--;
}

static void not_measured(struct attest_build *v)
{
    v->report.flags &= ~BH_FLAG_MEASURED;
}

static const struct {
    enum attest_build_step step;
    attest_build_hook hook;
} vectors[FINDINGS_CODE_COUNT] = {
    [FINDING_PARSE] = {ATTEST_BUILD_DONE, truncate_evidence},
    [FINDING_PROFILE] = {ATTEST_BUILD_PLATFORM, other_profile},
    [FINDING_AK_CHAIN] = {ATTEST_BUILD_INPUTS, other_issuer},
    [FINDING_AK_PROFILE] = {ATTEST_BUILD_WANTED, want_production},
    [FINDING_AK_EXPIRED] = {ATTEST_BUILD_INPUTS, short_lived},
    [FINDING_AK_REVOKED] = {ATTEST_BUILD_WANTED, revoke},
    [FINDING_EK_UNKNOWN] = {ATTEST_BUILD_WANTED, forget_ek},
    [FINDING_AK_ATTRS] = {ATTEST_BUILD_INPUTS, unrestricted_ak},
    [FINDING_QUOTE_SIG] = {ATTEST_BUILD_QUOTE, bad_quote_signature},
    [FINDING_QUOTE_MAGIC] = {ATTEST_BUILD_ATTEST, other_magic},
    [FINDING_QUOTE_TYPE] = {ATTEST_BUILD_ATTEST, certification},
    [FINDING_PCR_SELECT] = {ATTEST_BUILD_QUOTE, give_pcr23_unquoted},
    [FINDING_PCR_DIGEST] = {ATTEST_BUILD_QUOTE, other_pcr_value},
    [FINDING_LOG_REPLAY] = {ATTEST_BUILD_PCRS, log_what_was_not_extended},
    [FINDING_LOG_EVENT] = {ATTEST_BUILD_LOG, digest_of_other_data},
    [FINDING_LOG_UNKNOWN] = {ATTEST_BUILD_LOG, unknown_event},
    [FINDING_PCR_REF] = {ATTEST_BUILD_PCRS, other_kernel_file},
    [FINDING_DRTM_STATE] = {ATTEST_BUILD_PCRS, extend_on_top_of_ff},
    [FINDING_HV_KEY] = {ATTEST_BUILD_PCRS, claim_another_key},
    [FINDING_REPORT_SIG] = {ATTEST_BUILD_SIGNED, bad_report_signature},
    [FINDING_BOOT_ID] = {ATTEST_BUILD_REPORT, other_boot_id},
    [FINDING_NONCE] = {ATTEST_BUILD_WANTED, replayed},
    [FINDING_KEY] = {ATTEST_BUILD_REPORT, bind_something},
    [FINDING_STALE_BOOT] = {ATTEST_BUILD_WANTED, reset_since},
    [FINDING_HV_SVN] = {ATTEST_BUILD_WANTED, want_later_svn},
    [FINDING_POLICY] = {ATTEST_BUILD_REPORT, report_other_policy},
    [FINDING_LABEL] = {ATTEST_BUILD_REPORT, other_compartment},
    [FINDING_LAUNCH] = {ATTEST_BUILD_REPORT, other_launch},
    [FINDING_DEBUG] = {ATTEST_BUILD_REPORT, debug_build},
    [FINDING_SIGNER] = {ATTEST_BUILD_REPORT, other_signer},
    [FINDING_GUEST_SVN] = {ATTEST_BUILD_REPORT, earlier_guest},
    [FINDING_IOMMU] = {ATTEST_BUILD_REPORT, without_iommu},
    [FINDING_UNMEASURED] = {ATTEST_BUILD_REPORT, not_measured},
};

static void each_code_has_a_vector_that_fails_with_it_alone(void **state)
{
    (void)state;
    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        assert_non_null(vectors[code].hook);
        bool accepted = attest_build_run(&b, vectors[code].step, vectors[code].hook);

        if (accepted || !attest_build_only(&b, (enum findings_code)code)) {
            printf("vector of %s:\n", findings_name((enum findings_code)code));
            print_findings();
        }
        assert_false(accepted);
        assert_true(attest_build_only(&b, (enum findings_code)code));
    }
}

static void good_evidence_is_accepted(void **state)
{
    (void)state;
    if (!attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL)) print_findings();
    assert_true(findings_accepted(&b.findings));
}

static void start_at_zero(struct attest_build *v)
{
    v->start22 = 0;
}

static void a_pcr_that_began_at_zero_replays(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, start_at_zero));
}

/* --- Late launch ------------------------------------------------------------------------------------ */

/* Runs with a late launch, changed by hook; whether it was accepted. */
static bool late(enum attest_build_step step, attest_build_hook hook)
{
    b.late = true;
    bool accepted = attest_build_run(&b, step, hook);
    b.late = false;
    return accepted;
}

static void no_reset(struct attest_build *v)
{
    memset(v->platform.pcr[17], 0xff, 64);
}

static void extended_on_top_of_ff(struct attest_build *v)
{
    no_reset(v);
    eventlog_replay(v->platform.log, 17, v->platform.pcr[17]);
    eventlog_replay(v->platform.log, 18, v->platform.pcr[18]);
}

static void other_mle(struct attest_build *v)
{
    memset(v->drtm_ref[0], 0x66, 32);
}

static void report_says_none(struct attest_build *v)
{
    v->report.flags &= ~BH_FLAG_LATE_LAUNCH;
}

static void nobody_expects_it(struct attest_build *v)
{
    v->late_unreferenced = v->late_unsaid = true;
}

static void only_the_references_expect_it(struct attest_build *v)
{
    v->late_unsaid = true;
}

static void only_the_relying_party_expects_it(struct attest_build *v)
{
    v->late_unreferenced = true;
}

static void expected_without(struct attest_build *v)
{
    v->wanted.late_launch = true;
}

static void drtm_event_of_pcr_21(struct attest_build *v)
{
    attest_build_event(v, 21, BH_EV_DRTM, v->nonce, "\1\5\0\0", 4);
}

static bool failed_with(enum findings_code one, enum findings_code other)
{
    for (int code = 0; code < FINDINGS_CODE_COUNT; code++)
        if ((findings_state_of(&b.findings, (enum findings_code)code) == FINDINGS_FAIL) !=
            (code == (int)one || code == (int)other))
            return false;
    return true;
}

static void late_launch_is_checked(void **state)
{
    (void)state;
    assert_true(late(ATTEST_BUILD_INPUTS, NULL));
    assert_false(late(ATTEST_BUILD_PCRS, other_mle));
    assert_true(attest_build_only(&b, FINDING_DRTM_STATE));
    assert_false(late(ATTEST_BUILD_REPORT, report_says_none));
    assert_true(attest_build_only(&b, FINDING_DRTM_STATE));
    assert_false(late(ATTEST_BUILD_PCRS, nobody_expects_it));
    assert_true(attest_build_only(&b, FINDING_DRTM_STATE));
    assert_false(late(ATTEST_BUILD_PCRS, only_the_relying_party_expects_it));
    assert_true(attest_build_only(&b, FINDING_DRTM_STATE));
    assert_true(late(ATTEST_BUILD_PCRS, only_the_references_expect_it));
    assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, expected_without));
    assert_true(attest_build_only(&b, FINDING_DRTM_STATE));
    assert_false(late(ATTEST_BUILD_LOG, drtm_event_of_pcr_21));
    assert_true(attest_build_only(&b, FINDING_LOG_EVENT));
}

/* Both say "no late launch", whatever log and report say: the registers never were zero. */
static void registers_that_began_as_ff_are_no_late_launch(void **state)
{
    (void)state;
    assert_false(late(ATTEST_BUILD_PCRS, no_reset));
    assert_true(failed_with(FINDING_DRTM_STATE, FINDING_LOG_REPLAY));
    assert_false(late(ATTEST_BUILD_PCRS, extended_on_top_of_ff));
    assert_true(failed_with(FINDING_DRTM_STATE, FINDING_LOG_REPLAY));
}

static void add_binding(struct attest_build *v)
{
    v->binding_size = sizeof(v->binding);
}

static void want_other_binding(struct attest_build *v)
{
    static const uint8_t other[64] = {1};

    v->wanted.binding = (struct bytes){other, sizeof(other)};
}

static void a_binding_is_accepted_when_it_is_the_expected_one(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, add_binding));
    assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, want_other_binding));
    assert_true(attest_build_only(&b, FINDING_KEY));
}

/* --- What a relying party did not say ---------------------------------------------------------- */

static void no_refs(struct attest_build *v)
{
    v->wanted.refs = NULL;
}

static void empty_refs(struct attest_build *v)
{
    v->refs.count = 0;
}

static void no_trust(struct attest_build *v)
{
    v->wanted.trust = NULL;
}

static void no_launch(struct attest_build *v)
{
    v->wanted.launch_count = 0;
}

static void no_label(struct attest_build *v)
{
    v->wanted.type = NULL;
}

static void no_nonce(struct attest_build *v)
{
    v->wanted.nonce = (struct bytes){0};
}

static void no_crl(struct attest_build *v)
{
    v->wanted.crl = NULL;
}

static void no_inventory(struct attest_build *v)
{
    v->wanted.known_eks = NULL;
}

static void no_reset_count(struct attest_build *v)
{
    v->wanted.last_reset_count = 0;
}

static void no_identity(struct attest_build *v)
{
    v->wanted.any_launch = true;
    v->wanted.launch_count = 0;
    v->wanted.signer_count = 0;
    v->wanted.least_guest_svn = 0;
}

static void no_svn(struct attest_build *v)
{
    v->wanted.least_svn = 0;
}

static void no_guest_svn(struct attest_build *v)
{
    v->wanted.least_guest_svn = 0;
}

static void no_salt(struct attest_build *v)
{
    struct bytes file = {v->evidence, v->evidence_size};

    /* the last claim: a key of five bytes, a head of two, the salt */
    v->evidence_size = file.size - 39;
    v->evidence[0]--;
}

static attest_build_hook hook_that_waives;

static void waive_it(struct attest_build *v)
{
    hook_that_waives(v);
    v->wanted.waived = VERIFY_WAIVABLE;
}

/* What may be waived passes when it is; the rest stays a rejection. */
static void only_what_may_be_waived_is(void **state)
{
    static const attest_build_hook may[] = {no_crl, no_inventory, no_reset_count, no_identity, no_guest_svn, no_svn},
                                   may_not[] = {no_refs, no_trust, no_launch, no_label, no_nonce};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        hook_that_waives = may[i];
        assert_true(attest_build_run(&b, ATTEST_BUILD_WANTED, waive_it));
    }
    for (size_t i = 0; i < 5; i++) {
        hook_that_waives = may_not[i];
        assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, waive_it));
    }
}

static void what_was_given_counts_though_it_is_waived(void **state)
{
    static const enum findings_code codes[] = {FINDING_AK_REVOKED, FINDING_EK_UNKNOWN, FINDING_STALE_BOOT,
                                               FINDING_SIGNER,     FINDING_GUEST_SVN,  FINDING_IOMMU,
                                               FINDING_HV_SVN};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true((VERIFY_WAIVABLE & 1ull << codes[i]) != 0);
        attest_build_run(&b, vectors[codes[i]].step, vectors[codes[i]].hook);
        b.wanted.waived = ~0ull;
        assert_false(verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings));
        assert_true(attest_build_only(&b, codes[i]));
    }
}

static void without_its_salt_a_compartment_is_not_checked(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_DONE, no_salt));
    assert_int_equal(findings_state_of(&b.findings, FINDING_LABEL), FINDINGS_NOT_MADE);
    b.wanted.any_compartment = true;
    assert_true(verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings));
}

static void what_is_not_given_is_no_pass(void **state)
{
    static const struct {
        enum findings_code code;
        attest_build_hook hook;
    } each[] = {{FINDING_PCR_REF, no_refs},    {FINDING_PCR_REF, empty_refs},      {FINDING_AK_CHAIN, no_trust},
                {FINDING_LAUNCH, no_launch},   {FINDING_LABEL, no_label},          {FINDING_NONCE, no_nonce},
                {FINDING_AK_REVOKED, no_crl},  {FINDING_EK_UNKNOWN, no_inventory}, {FINDING_STALE_BOOT, no_reset_count},
                {FINDING_SIGNER, no_identity}, {FINDING_GUEST_SVN, no_guest_svn},  {FINDING_HV_SVN, no_svn}};

    (void)state;
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        assert_false(attest_build_run(&b, ATTEST_BUILD_WANTED, each[i].hook));
        assert_int_equal(findings_state_of(&b.findings, each[i].code), FINDINGS_NOT_MADE);
    }
}

static int open_build(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1); /* broken structures are the point here */
    attest_build_open(&b);
    mbedtls_x509_crl_init(&crl);
    return 0;
}

static int close_build(void **state)
{
    (void)state;
    attest_build_close(&b);
    mbedtls_x509_crl_free(&crl);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_launch_is_checked),
        cmocka_unit_test(registers_that_began_as_ff_are_no_late_launch),
        cmocka_unit_test(good_evidence_is_accepted),
        cmocka_unit_test(each_code_has_a_vector_that_fails_with_it_alone),
        cmocka_unit_test(a_pcr_that_began_at_zero_replays),
        cmocka_unit_test(a_binding_is_accepted_when_it_is_the_expected_one),
        cmocka_unit_test(what_is_not_given_is_no_pass),
        cmocka_unit_test(only_what_may_be_waived_is),
        cmocka_unit_test(what_was_given_counts_though_it_is_waived),
        cmocka_unit_test(without_its_salt_a_compartment_is_not_checked),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
