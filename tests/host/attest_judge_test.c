/* SPDX-License-Identifier: MIT */
/* What a relying party asks for is enforced: its options, the reference values, the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_build.h"
#include "../../attest/verify/p256.h"

static struct attest_build b;

static enum findings_state state_of(enum findings_code code)
{
    return findings_state_of(&b.findings, code);
}

static bool fails_with(enum findings_code code)
{
    bool only = attest_build_only(&b, code);

    for (size_t i = 0; !only && i < b.findings.count; i++)
        printf("  %s %s: %s\n", findings_state_name(b.findings.item[i].state), findings_name(b.findings.item[i].code),
               b.findings.item[i].detail);
    return only;
}

/* A line of that code says it. */
static bool says(enum findings_code code, const char *text)
{
    for (size_t i = 0; i < b.findings.count; i++) {
        if (b.findings.item[i].code == code && strstr(b.findings.item[i].detail, text) != NULL) return true;
    }
    return false;
}

static bool again(void)
{
    return verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings);
}

static void build(enum attest_build_step step, attest_build_hook hook)
{
    attest_build_run(&b, step, hook);
}

/* --- Launch, label, signer ------------------------------------------------------------------------------- */

static void a_guest_version_without_a_signer_is_not_dropped(void **state)
{
    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    b.wanted.signer_count = 0;
    b.wanted.waived = VERIFY_WAIVABLE;
    assert_false(again());
    assert_int_equal(state_of(FINDING_GUEST_SVN), FINDINGS_NOT_MADE);
    b.wanted.least_guest_svn = 0;
    assert_true(again());
    assert_int_equal(state_of(FINDING_GUEST_SVN), FINDINGS_WAIVED);
}

static void a_launch_that_was_given_decides(void **state)
{
    static const uint8_t another[32] = {1};

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    b.wanted.any_launch = true;
    assert_true(again());
    assert_int_equal(state_of(FINDING_LAUNCH), FINDINGS_PASS);
    b.wanted.launch[0] = another;
    assert_false(again());
    assert_true(fails_with(FINDING_LAUNCH));
    b.wanted.launch_count = 0;
    assert_true(again());
    assert_int_equal(state_of(FINDING_LAUNCH), FINDINGS_WAIVED);
}

static void launch_of_another_digest(struct attest_build *v)
{
    v->report.launch.kernel[0] ^= 1;
}

/* Any launch will do, but not a lie about which it is. */
static void any_launch_is_still_that_of_its_digest(void **state)
{
    (void)state;
    build(ATTEST_BUILD_REPORT, launch_of_another_digest);
    b.wanted.any_launch = true;
    b.wanted.launch_count = 0;
    assert_false(again());
    assert_true(fails_with(FINDING_LAUNCH));
}

static void a_label_that_was_given_decides(void **state)
{
    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    b.wanted.any_label = true;
    assert_true(again());
    assert_int_equal(state_of(FINDING_LABEL), FINDINGS_PASS);
    b.wanted.type = "service_t";
    assert_false(again());
    assert_true(fails_with(FINDING_LABEL));
    b.wanted.type = NULL;
    assert_true(again());
    assert_int_equal(state_of(FINDING_LABEL), FINDINGS_WAIVED);
}

static void unknown_flag(struct attest_build *v)
{
    v->report.flags |= 0x10;
}

static void an_unknown_flag_of_the_report_is_refused(void **state)
{
    (void)state;
    build(ATTEST_BUILD_REPORT, unknown_flag);
    assert_int_equal(state_of(FINDING_PARSE), FINDINGS_FAIL);
    assert_true(says(FINDING_PARSE, "report"));
}

/* --- Reference values that nobody would compare ------------------------------------------------------------ */

static struct {
    const char *model, *name;
    const uint8_t *digest;
    struct bytes raw;
    const struct pcrmodel *pcr;
} extra;

static void put_extra(struct attest_build *v, struct refwrite *w)
{
    static const uint8_t any[32] = {0x3c};

    (void)v;
    refwrite_environment(w, extra.model);
    refwrite_measurement(w, extra.name, extra.digest != NULL ? extra.digest : any, extra.raw, extra.pcr);
}

static void take_extra(struct attest_build *v)
{
    v->more_refs = put_extra;
}

/* Whether a reference file with that one too is taken. */
static bool is_taken(const char *model, const char *name)
{
    extra.model = model;
    extra.name = name;
    build(ATTEST_BUILD_INPUTS, take_extra);
    return b.refs_rc == 0;
}

static void unknown_names_and_doubles_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"boot/test", "pcr24"},        {"boot/test", "pcr04"},   {"boot/test", "pcr"},    {"boot/test", "pcr7x"},
        {"boot/test", "PCR7"},         {"boot/", "pcr7"},        {"boot/test", "config"}, {"hypervisor", "pcr7"},
        {"hypervisor", "launch/"},     {"hypervisor", "launch"}, {"tenant", "config"},    {"tenant", "policy"},
        {"Tenant", "launch/x"},        {"firmware", "pcr0"},     {"boot/test", "pcr4"},   {"hypervisor", "config"},
        {"hypervisor", "launch/dom0"}, {"boot/test", "pcr-7"},   {"boot/test", "pcr100"}};
    static const char *const good[][2] = {{"tenant", "launch/x"},
                                          {"boot/test", "pcr0"},
                                          {"boot/test", "pcr23"},
                                          {"hypervisor", "launch/x"},
                                          {"tenant", "launch/dom0"}};

    (void)state;
    extra.digest = NULL;
    extra.raw = (struct bytes){0};
    extra.pcr = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (is_taken(bad[i][0], bad[i][1])) printf("  %s %s\n", bad[i][0], bad[i][1]);
        assert_int_equal(b.refs_rc, -EBADMSG);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(is_taken(good[i][0], good[i][1]));
}

/* What explains a digest gives it: one bit elsewhere, and the file is refused. */
static void what_explains_a_digest_must_give_it(void **state)
{
    struct bh_launch launch = {.magic = "BHLNCH1", .kernel = {5}};
    struct pcrmodel pcr;
    uint8_t digest[32] = {7}, value[32];

    (void)state;
    extra.raw = (struct bytes){(const uint8_t *)&launch, sizeof(launch)};
    extra.digest = value;
    extra.pcr = NULL;
    p256_sha256(&launch, sizeof(launch), value);
    assert_true(is_taken("tenant", "launch/x"));
    assert_true(is_taken("hypervisor", "launch/x"));
    launch.vcpus ^= 1;
    assert_false(is_taken("tenant", "launch/x"));
    assert_false(is_taken("hypervisor", "launch/x"));
    p256_sha256(&launch, sizeof(launch) - 1, value);
    extra.raw.size--;
    assert_false(is_taken("tenant", "launch/x"));

    pcrmodel_reset(&pcr);
    pcrmodel_extend(&pcr, digest, "first");
    pcrmodel_extend(&pcr, digest, "second");
    extra.raw = (struct bytes){0};
    extra.digest = pcr.value;
    extra.pcr = &pcr;
    assert_true(is_taken("boot/test", "pcr7"));
    assert_false(is_taken("tenant", "launch/x")); /* components are a register's */
    pcr.event[1].digest[31] ^= 0x80;
    assert_false(is_taken("boot/test", "pcr7"));
    pcr.event[1].digest[31] ^= 0x80;
    pcr.count--;
    assert_false(is_taken("boot/test", "pcr7"));
    extra.pcr = NULL;
    extra.raw = (struct bytes){digest, 32}; /* a register has no raw value to check */
    assert_false(is_taken("boot/test", "pcr7"));
}

/* Of the reference's own text: the file is written by the hook, so a bit of it is turned afterwards. */
static void a_command_line_must_be_that_of_its_digest(void **state)
{
    uint8_t *at;

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    at = memmem(b.refs_file, b.refs_size, "dom0_mem=512M", 13);
    assert_non_null(at);
    at[9] ^= 1;
    assert_int_equal(refvalues_parse((struct bytes){b.refs_file, b.refs_size}, &b.refs), -EBADMSG);
    at[9] ^= 1;
    assert_int_equal(refvalues_parse((struct bytes){b.refs_file, b.refs_size}, &b.refs), 0);
}

/* --- Registers ---------------------------------------------------------------------------------------------- */

static uint8_t value_of_pcr7[32];

/* PCR n of attest_build.c holds n in each byte. */
static void every_register_of_the_boot_counts(void **state)
{
    (void)state;
    extra.raw = (struct bytes){0};
    extra.pcr = NULL;
    extra.digest = value_of_pcr7;
    memset(value_of_pcr7, 7, 32);
    assert_true(is_taken("boot/test", "pcr7"));
    assert_true(again());
    assert_true(is_taken("boot/test", "pcr23")); /* not quoted */
    assert_false(again());
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "PCR 23 that was not quoted"));
    value_of_pcr7[5] ^= 1;
    assert_true(is_taken("boot/test", "pcr7"));
    assert_false(again());
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "PCR 7 0707"));
    assert_true(is_taken("boot/other", "pcr7")); /* of a boot that this is not */
    assert_true(again());
}

static void a_late_launch_by_reference_is_expected(void **state)
{
    static uint8_t ff[32];

    (void)state;
    memset(ff, 0xff, sizeof(ff));
    extra.raw = (struct bytes){0};
    extra.pcr = NULL;
    extra.digest = ff; /* as if a reference could say "none" */
    for (int i = 0; i < 2; i++) {
        assert_true(is_taken("boot/test", i ? "pcr18" : "pcr17"));
        assert_false(again());
        assert_true(fails_with(FINDING_DRTM_STATE));
    }
}

/* A boot that differs from the true one in what it says of the late launch, and stands first. */
static void put_alternative(struct attest_build *v, struct refwrite *w)
{
    static const char *const names[] = {"pcr4", "pcr8", "pcr9", "pcr17", "pcr18"};
    uint8_t wrong[32] = {0x99};

    refwrite_environment(w, "boot/third");
    for (int i = 0; i < 3; i++)
        refwrite_measurement(w, names[i], v->pcr_ref[i], (struct bytes){0}, NULL);
    for (int i = 0; i < 2; i++)
        refwrite_measurement(w, names[3 + i], v->late ? v->drtm_ref[i] : wrong, (struct bytes){0}, NULL);
}

static void offer_an_alternative(struct attest_build *v)
{
    v->more_refs = put_alternative;
    v->late_unreferenced = true;
    v->late_unsaid = true;
}

/* boot/test (first) is without a late launch, boot/third is the same with one. */
static void boots_that_differ_in_their_late_launch_are_alternatives(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, offer_an_alternative));
    b.late = true;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, offer_an_alternative));
    assert_true(says(FINDING_PCR_REF, "(boot/third)"));
    b.late = false;
}

static uint8_t true_drtm[2][32];

static void put_the_true_launch(struct attest_build *v, struct refwrite *w)
{
    static const char *const names[] = {"pcr4", "pcr8", "pcr9", "pcr17", "pcr18"};

    refwrite_environment(w, "boot/third");
    for (int i = 0; i < 5; i++)
        refwrite_measurement(w, names[i], i < 3 ? v->pcr_ref[i] : true_drtm[i - 3], (struct bytes){0}, NULL);
}

static void refer_to_another_launch(struct attest_build *v)
{
    memcpy(true_drtm, v->drtm_ref, sizeof(true_drtm));
    memset(v->drtm_ref[0], 0x99, 32);
    v->more_refs = put_the_true_launch;
}

static void boots_that_differ_in_pcr_17_are_alternatives(void **state)
{
    (void)state;
    b.late = true;
    attest_build_run(&b, ATTEST_BUILD_PCRS, refer_to_another_launch);
    b.late = false;
    assert_true(findings_accepted(&b.findings));
    assert_true(says(FINDING_PCR_REF, "(boot/third)"));
}

static void leave_pcr8_out(struct attest_build *v, struct refwrite *w)
{
    (void)v;
    refwrite_environment(w, "boot/half");
    refwrite_measurement(w, "pcr4", v->pcr_ref[0], (struct bytes){0}, NULL);
    refwrite_measurement(w, "pcr9", v->pcr_ref[2], (struct bytes){0}, NULL);
}

static void half_a_boot(struct attest_build *v)
{
    v->more_refs = leave_pcr8_out;
}

/* It would match with one register fewer to get right. */
static void half_a_boot_is_no_reference(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_INPUTS, half_a_boot));
    assert_false(refvalues_usable(&b.refs));
    assert_int_equal(state_of(FINDING_PCR_REF), FINDINGS_NOT_MADE);
}

static void a_pinned_register_is_checked(void **state)
{
    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    b.wanted.pcr_mask = 1u << 0 | 1u << 7;
    memset(b.wanted.pcr[0], 0, 32);
    memset(b.wanted.pcr[7], 7, 32);
    assert_true(again());
    assert_true(says(FINDING_PCR_REF, "PCR 7 0707") && says(FINDING_PCR_REF, "(--pcr)"));
    b.wanted.pcr[7][31] ^= 1;
    assert_false(again());
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "0706 (--pcr)"));
    b.wanted.pcr_mask = 1u << 15; /* zeros in the evidence's table, because it is not in the evidence */
    memset(b.wanted.pcr[15], 0, 32);
    assert_false(again());
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "not quoted"));
}

/* --- The log -------------------------------------------------------------------------------------------------- */

/* Record for record again, with a policy load before the policy of the start. */
static void load_first(struct attest_build *v)
{
    static uint8_t copy[sizeof(v->log)];
    struct bytes old = {copy, v->log_size};
    struct eventlog_record record;

    memcpy(copy, v->log, v->log_size);
    v->log_size = 0;
    attest_build_event(v, 22, BH_EV_POLICY_LOAD, v->other_policy, "\2\0\0\0", 4);
    while (eventlog_next(&old, &record) > 0)
        attest_build_event(v, record.pcr, record.type, record.digest, record.data.data, record.data.size);
}

static void a_load_before_the_policy_of_the_start_is_unsound(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, load_first));
    assert_true(fails_with(FINDING_LOG_EVENT));
}

static struct bh_launch second_domain;

static void put_two_names_of_one_domain(struct attest_build *v, struct refwrite *w)
{
    uint8_t digest[32];

    p256_sha256(&v->dom0, sizeof(v->dom0), digest);
    refwrite_environment(w, "hypervisor");
    refwrite_measurement(w, "launch/double", digest, (struct bytes){0}, NULL);
}

static void log_what_the_double_makes_room_for(struct attest_build *v)
{
    second_domain = v->tenant;
    attest_build_event(v, 21, BH_EV_LAUNCH, NULL, &second_domain, sizeof(second_domain));
    v->more_refs = put_two_names_of_one_domain;
}

static void put_a_second_domain(struct attest_build *v, struct refwrite *w)
{
    refwrite_environment(w, "hypervisor");
    refwrite_measurement(w, "launch/second", v->tenant_digest, (struct bytes){0}, NULL);
}

static void log_one_of_two_twice(struct attest_build *v)
{
    attest_build_event(v, 21, BH_EV_LAUNCH, NULL, &v->dom0, sizeof(v->dom0));
    v->more_refs = put_a_second_domain;
}

static void log_one_twice(struct attest_build *v)
{
    attest_build_event(v, 21, BH_EV_LAUNCH, NULL, &v->dom0, sizeof(v->dom0));
}

static void a_double_makes_no_room_for_another_domain(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, log_what_the_double_makes_room_for));
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "1 of them unexpected"));
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, log_one_of_two_twice));
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "1 of them missing"));
    assert_false(attest_build_run(&b, ATTEST_BUILD_LOG, log_one_twice));
    assert_true(fails_with(FINDING_PCR_REF));
    assert_true(says(FINDING_PCR_REF, "2 logged, 0 of them unexpected; 1 expected, 0 of them missing"));
}

/* --- Words ------------------------------------------------------------------------------------------------------- */

static void other_version(struct attest_build *v)
{
    uint8_t *at = memmem(v->refs_file, v->refs_size, "\3\0\0\0", 4);

    assert_non_null(at);
    at[0] = 2;
}

static void bind_data(struct attest_build *v)
{
    v->report.report_data[40] = 1;
}

static void break_quote_signature(struct attest_build *v)
{
    v->signature_bytes[20] ^= 1;
}

static void break_report_signature(struct attest_build *v)
{
    v->report_signature[63] ^= 1;
}

static void quote_over_other_values(struct attest_build *v)
{
    v->platform.pcr[0][0] ^= 1;
}

static void extend_what_is_not_logged(struct attest_build *v)
{
    p256_extend(v->platform.pcr[22], v->nonce);
}

static void other_hv_key(struct attest_build *v)
{
    v->platform.hv_key = (struct bytes){v->ak_xy, 64};
}

static void not_measured(struct attest_build *v)
{
    v->report.flags &= ~BH_FLAG_MEASURED;
}

static void other_platform_profile(struct attest_build *v)
{
    uint8_t *at = memmem(v->packed, v->packed_size, "platform-1", 10);

    assert_non_null(at);
    at[9] = '9';
}

static void ask_later(struct attest_build *v)
{
    v->wanted.now.year = 2051;
}

static void know_no_ek(struct attest_build *v)
{
    v->wanted.known_ek_count = 0;
}

/* A line that failed does not read like one that passed. */
static void a_failure_says_what_is_wrong(void **state)
{
    static const struct {
        enum attest_build_step step;
        attest_build_hook hook;
        enum findings_code code;
        const char *text;
    } each[] = {{ATTEST_BUILD_WANTED, other_version, FINDING_PCR_REF, "its version is logged as 3, expected 2"},
                {ATTEST_BUILD_REPORT, bind_data, FINDING_KEY, "the report binds something"},
                {ATTEST_BUILD_QUOTE, break_quote_signature, FINDING_QUOTE_SIG, "are NOT signed"},
                {ATTEST_BUILD_SIGNED, break_report_signature, FINDING_REPORT_SIG, "is NOT signed"},
                {ATTEST_BUILD_QUOTE, quote_over_other_values, FINDING_PCR_DIGEST, ", the values give "},
                {ATTEST_BUILD_PCRS, extend_what_is_not_logged, FINDING_LOG_REPLAY, "; the log leads from all FF to "},
                {ATTEST_BUILD_REPORT, not_measured, FINDING_UNMEASURED, "was NOT measured"},
                {ATTEST_BUILD_PLATFORM, other_platform_profile, FINDING_PROFILE, "a profile other than"},
                {ATTEST_BUILD_WANTED, ask_later, FINDING_AK_EXPIRED, "is NOT valid at 2051-01-02"},
                {ATTEST_BUILD_WANTED, know_no_ek, FINDING_EK_UNKNOWN, "is not in the inventory"},
                {ATTEST_BUILD_PCRS, other_hv_key, FINDING_HV_KEY, "is not the hypervisor-key claim"}};

    (void)state;
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
        assert_false(says(each[i].code, each[i].text));
        build(each[i].step, each[i].hook);
        assert_false(again());
        assert_true(says(each[i].code, each[i].text));
    }
}

static int open_build(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    return 0;
}

static int close_build(void **state)
{
    (void)state;
    attest_build_close(&b);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_version_without_a_signer_is_not_dropped),
        cmocka_unit_test(a_launch_that_was_given_decides),
        cmocka_unit_test(any_launch_is_still_that_of_its_digest),
        cmocka_unit_test(a_label_that_was_given_decides),
        cmocka_unit_test(an_unknown_flag_of_the_report_is_refused),
        cmocka_unit_test(unknown_names_and_doubles_are_refused),
        cmocka_unit_test(what_explains_a_digest_must_give_it),
        cmocka_unit_test(a_command_line_must_be_that_of_its_digest),
        cmocka_unit_test(every_register_of_the_boot_counts),
        cmocka_unit_test(a_late_launch_by_reference_is_expected),
        cmocka_unit_test(boots_that_differ_in_their_late_launch_are_alternatives),
        cmocka_unit_test(boots_that_differ_in_pcr_17_are_alternatives),
        cmocka_unit_test(half_a_boot_is_no_reference),
        cmocka_unit_test(a_pinned_register_is_checked),
        cmocka_unit_test(a_load_before_the_policy_of_the_start_is_unsound),
        cmocka_unit_test(a_double_makes_no_room_for_another_domain),
        cmocka_unit_test(a_failure_says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
