/* SPDX-License-Identifier: MIT */
/* Evidence as bytes: how much, what repeats what, and that each of them counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_build.h"
#include "../../attest/format/platform_pack.h"

static struct attest_build b;

static void claim_another_boot(struct attest_build *v)
{
    static const uint8_t head[] = {0x19, 0x01, 0x0c, 0x58, 0x20};
    uint8_t *at = memmem(v->evidence, v->evidence_size, head, sizeof(head));

    assert_non_null(at);
    at[sizeof(head)] ^= 1;
}

static void claim_no_debugging(struct attest_build *v)
{
    static const uint8_t claim[] = {0x19, 0x01, 0x07, 0x02};
    uint8_t *at = memmem(v->evidence, v->evidence_size, claim, sizeof(claim));

    assert_non_null(at);
    at[3] = 0;
}

static void claims_that_contradict_the_report(void **state)
{
    (void)state;
    assert_false(attest_build_run(&b, ATTEST_BUILD_DONE, claim_another_boot));
    assert_true(attest_build_only(&b, FINDING_PROFILE));
    assert_false(attest_build_run(&b, ATTEST_BUILD_DONE, claim_no_debugging));
    assert_true(attest_build_only(&b, FINDING_PROFILE));
}

static void fill_the_log(struct attest_build *v)
{
    static const char text[100];

    while (v->log_size + 144 <= sizeof(v->log))
        attest_build_event(v, 22, BH_EV_RUNTIME, NULL, text, sizeof(text));
}

static void fill_the_chain(struct attest_build *v)
{
    static uint8_t junk[16000];

    v->platform.chain[1] = (struct bytes){junk, sizeof(junk)};
    v->platform.chain_count = 2;
    v->packed_size = platform_pack(&v->platform, v->packed, sizeof(v->packed));
}

/* 16 KiB without the log, as much log as there is. */
static void evidence_is_small_but_for_its_log(void **state)
{
    bool named = false;

    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    printf("evidence without its log: %zu bytes\n", b.evidence_size - b.log_size);
    assert_true(b.evidence_size - b.log_size <= EVIDENCE_BARE_MAX);
    assert_true(attest_build_run(&b, ATTEST_BUILD_LOG, fill_the_log));
    assert_false(attest_build_run(&b, ATTEST_BUILD_PLATFORM, fill_the_chain));
    assert_int_equal(findings_state_of(&b.findings, FINDING_PARSE), FINDINGS_FAIL);
    for (size_t i = 0; i < b.findings.count; i++)
        named |= strstr(b.findings.item[i].detail, "16 KiB") != NULL;
    assert_true(named);
}

/* --- Every byte counts ------------------------------------------------------------------------- */

/* No single altered byte of the evidence is accepted: all of it is signed, measured or checked. The one exception
 * is a byte that makes another valid encoding of the same, and deterministic CBOR and DER have none; what
 * certificates leave unchecked is nothing, since they are signed. */
static bool lies_within(size_t at, const void *part, size_t size)
{
    const uint8_t *found = memmem(b.evidence, b.evidence_size, part, size);

    assert_non_null(found);
    return at >= (size_t)(found - b.evidence) && at < (size_t)(found - b.evidence) + size;
}

/* What one signature covers as a whole is sampled. */
static bool is_worth_it(size_t at)
{
    return at % 16 == 0 || !(lies_within(at, &b.report, sizeof(b.report)) ||
                             lies_within(at, b.platform.quote.data, b.platform.quote.size) ||
                             lies_within(at, b.platform.chain[0].data, b.platform.chain[0].size));
}

static void no_altered_byte_is_accepted(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    for (size_t i = 0; i < b.evidence_size; i++) {
        if (!is_worth_it(i)) continue;
        b.evidence[i] ^= 0x10;
        if (verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings)) {
            printf("byte %zu of %zu\n", i, b.evidence_size);
            fail();
        }
        b.evidence[i] ^= 0x10;
    }
}

static void no_prefix_is_accepted(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    for (size_t size = 0; size < b.evidence_size; size++) {
        assert_false(verify_evidence((struct bytes){b.evidence, size}, &b.wanted, &b.findings));
        assert_int_equal(findings_state_of(&b.findings, FINDING_PARSE), FINDINGS_FAIL);
    }
}

static int open_build(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1); /* broken structures are the point here */
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
        cmocka_unit_test(claims_that_contradict_the_report),
        cmocka_unit_test(evidence_is_small_but_for_its_log),
        cmocka_unit_test(no_altered_byte_is_accepted),
        cmocka_unit_test(no_prefix_is_accepted),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
