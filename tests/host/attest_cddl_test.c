/* SPDX-License-Identifier: MIT */
/* attest/evidence.cddl says what is written: nothing more, nothing less. Run from the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_build.h"
#include "cddl_match.h"
#include "../../attest/ca/akrequest.h"

static char cddl[32768];
static struct attest_build b;

static bool fits(const char *rule, const uint8_t *data, size_t size)
{
    return cddl_match(cddl, rule, data, size);
}

static void with_binding(struct attest_build *v)
{
    v->binding_size = sizeof(v->binding);
}

static void evidence_is_what_the_rules_say(void **state)
{
    (void)state;
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL));
    assert_true(fits("evidence", b.evidence, b.evidence_size));
    assert_true(fits("platform-evidence", b.packed, b.packed_size));
    assert_true(fits("reference-file", b.refs_file, b.refs_size));
    assert_true(attest_build_run(&b, ATTEST_BUILD_INPUTS, with_binding));
    assert_true(fits("evidence", b.evidence, b.evidence_size));
    assert_false(fits("platform-evidence", b.evidence, b.evidence_size));
    assert_false(fits("reference-file", b.packed, b.packed_size));
    assert_false(fits("evidence", b.evidence, b.evidence_size - 1));
}

/* libcbor, by which the rules are checked, believes an altered length and asks for so much: it takes a refusal well. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* A reader that takes what the rules do not allow, or refuses what they do, would be found here. */
static void rules_and_reader_agree_on_altered_heads(void **state)
{
    unsigned int both = 0, neither = 0;
    struct evidence e;

    (void)state;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    for (size_t i = 0; i < 120; i++) {
        for (unsigned int bit = 0; bit < 8; bit++) {
            bool parsed, rules;

            b.evidence[i] ^= (uint8_t)(1u << bit);
            parsed = evidence_parse((struct bytes){b.evidence, b.evidence_size}, &e) == 0 &&
                     bytes_is_text(e.profile, EVIDENCE_PROFILE);
            rules = fits("evidence", b.evidence, b.evidence_size);
            /* the rules look into the platform part too, and know nothing of the shortest encoding */
            if (parsed && !rules) {
                struct evidence_platform platform;

                assert_true(evidence_parse_platform(e.platform, &platform) != 0 ||
                            !bytes_is_text(platform.profile, EVIDENCE_PLATFORM_PROFILE));
            }
            if (rules) assert_true(parsed);
            both += parsed && rules;
            neither += !parsed && !rules;
            b.evidence[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(both > 20 && neither > 20);
}

static void requests_have_two_parts_or_three(void **state)
{
    static const uint8_t two[] = {0xa2, 0, 0x41, 7, 1, 0x41, 8}, three[] = {0xa3, 0, 0x41, 7, 1, 0x41, 8, 2, 0x41, 9},
                         gap[] = {0xa2, 0, 0x41, 7, 2, 0x41, 8}, text[] = {0xa2, 0, 0x61, 'a', 1, 0x41, 8};

    (void)state;
    assert_true(fits("certification-request", two, sizeof(two)));
    assert_true(fits("certification-request", three, sizeof(three)));
    assert_false(fits("certification-request", gap, sizeof(gap)));
    assert_false(fits("certification-request", text, sizeof(text)));
    assert_true(fits("certification-challenge", two, sizeof(two)));
    assert_false(fits("certification-challenge", three, sizeof(three)));
}

static int start(void **state)
{
    FILE *f = fopen("attest/evidence.cddl", "r");
    size_t size = f != NULL ? fread(cddl, 1, sizeof(cddl) - 1, f) : 0;

    (void)state;
    if (f != NULL) fclose(f);
    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    return size == 0 || size == sizeof(cddl) - 1;
}

static int stop(void **state)
{
    (void)state;
    attest_build_close(&b);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_what_the_rules_say),
        cmocka_unit_test(rules_and_reader_agree_on_altered_heads),
        cmocka_unit_test(requests_have_two_parts_or_three),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
