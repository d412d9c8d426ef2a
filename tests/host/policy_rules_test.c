/* SPDX-License-Identifier: MIT */
/* The rules file: what it says, and each way to get it wrong: refused with the line and what is allowed. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_bind.h"
#include "policy_support.h"

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int parse(const char *text, struct policy_rules *rules, struct policy_error *e)
{
    return policy_rules_parse("x.rules", text, strlen(text), rules, e);
}

static void reads_every_rule(void **state)
{
    (void)state;
    static const char text[] =
        "# a comment\n\n"
        "assign dom0_t web_t:c1-c9 * # another\n"
        "\tclearance  guard_t:c1 c2 c5-c9\r\n"
        "ceiling * memory=2G vcpus=4 weight=512 cap=200 ports=128 grants=8 reports=100 audit=50\n"
        "launch web_t digest " ID "\n"
        "launch web_t:c5 signer " ID " svn>=7\n"
        "conflict banks per-boot a_t b_t:c4-c5\n"
        "record policy domain";
    static const uint32_t most[POLICY_LIMITS] = {2048, 4, 512, 200, 128, 8, 100, 50};
    struct policy_rules r;
    struct policy_error e;
    assert_int_equal(parse(text, &r, &e), 0);
    assert_int_equal(r.count, 7);
    assert_int_equal(r.rule[0].line, 3);
    assert_string_equal(r.rule[0].name, "dom0_t");
    assert_int_equal(r.rule[0].items, 2);
    assert_string_equal(r.rule[0].item[0].name, "web_t");
    assert_int_equal(r.rule[0].item[0].low, 1);
    assert_int_equal(r.rule[0].item[0].high, 9);
    assert_string_equal(r.rule[0].item[1].name, "*");
    assert_int_equal(r.rule[0].item[1].high, 1023);
    assert_string_equal(r.rule[1].label.name, "guard_t");
    assert_int_equal(r.rule[1].label.high, 1);
    assert_int_equal(r.rule[1].items, 2);
    assert_int_equal(r.rule[1].item[1].low, 5);
    assert_memory_equal(r.rule[2].most, most, sizeof(most));
    assert_int_equal(r.rule[3].launch_kind, POLICY_LAUNCH_DIGEST);
    assert_int_equal(r.rule[3].id[31], 0xff);
    assert_int_equal(r.rule[4].launch_kind, POLICY_LAUNCH_SIGNER);
    assert_int_equal(r.rule[4].svn, 7);
    assert_int_equal(r.rule[5].per_boot, 1);
    assert_string_equal(r.rule[5].name, "banks");
    assert_string_equal(r.rule[6].item[1].name, "domain");
    assert_int_equal(r.rule[6].line, 9);
    policy_rules_free(&r);
    assert_int_equal(parse("", &r, &e), 0);
    assert_int_equal(r.count, 0);
}

/* Each on line 2. */
static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } bad[] = {
        {"allow a_t b_t", "'allow' is no rule: assign, clearance, ceiling, launch, conflict, record are"},
        {"assign a_t", "assign CREATOR LABEL..."},
        {"assign * b_t", "* is not allowed here"},
        {"assign a_t b/t", "'b/t' is no name of a type"},
        {"assign a_t b_t:", "'' is no compartment: c0 to c1023"},
        {"assign a_t b_t:c1024", "'c1024' is no compartment"},
        {"assign a_t b_t:c5-c4", "second compartment is below the first"},
        {"assign a_t b_t:c5-", "'c5-' is no compartment"},
        {"assign a_t b_t:5", "'5' is no compartment"},
        {"assign a_t b_t:c-1", "'c-1' is no compartment"},
        {"assign a_t b_t:c99999999999", "no compartment"},
        {"clearance a_t", "clearance LABEL"},
        {"clearance a_t b_t", "'b_t' is no compartment"},
        {"ceiling a_t", "ceiling TYPE"},
        {"ceiling a_t memory=512", "whole MiB with K, M or G"},
        {"ceiling a_t memory=1025K", "whole MiB"},
        {"ceiling a_t memory=8388608M", "from 1 to 4194304M is allowed"},
        {"ceiling a_t vcpus=0", "from 1 to 32 is allowed"},
        {"ceiling a_t vcpus=33", "from 1 to 32 is allowed"},
        {"ceiling a_t vcpus=4294967297", "a number is wanted"},
        {"ceiling a_t vcpus=-1", "a number is wanted"},
        {"ceiling a_t speed=9", "'speed=9' is no limit: memory=512M"},
        {"ceiling a_t vcpus=1 vcpus=2", "vcpus is there twice"},
        {"launch a_t", "launch LABEL digest HEX64"},
        {"launch a_t digest 0011", "'0011' is no SHA-256"},
        {"launch a_t digest " ID " svn>=1", "launch LABEL digest"},
        {"launch a_t signer " ID " svn=1", "svn>=N with N"},
        {"launch a_t signer 0000000000000000000000000000000000000000000000000000000000000000", "no SHA-256"},
        {"conflict banks at-a-time a_t", "two members at least"},
        {"conflict banks always a_t b_t", "at-a-time|per-boot"},
        {"conflict a_name_that_is_too_long at-a-time a_t b_t", "1 to 22 letters"},
        {"record", "record CLASS"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[256];
        struct policy_rules r;
        struct policy_error e = {""};
        snprintf(text, sizeof(text), "record tpm\n%s\nrecord tpm\n", bad[i].line);
        if (parse(text, &r, &e) != -EINVAL) fail_msg("taken: %s", bad[i].line);
        if (strncmp(e.text, "x.rules:2: ", 11) != 0 || !strstr(e.text, bad[i].why))
            fail_msg("%s: refused with \"%s\", not \"%s\"", bad[i].line, e.text, bad[i].why);
        assert_null(r.rule);
    }
    struct policy_rules r;
    struct policy_error e;
    assert_int_equal(policy_rules_parse("x", "record\0tpm", 10, &r, &e), -EINVAL);
    assert_non_null(strstr(e.text, "NUL"));
}

/* Rules on the types t000 to t003. */
static void says_what_does_not_fit_the_policy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"assign t000 web_t", "x.rules:1: the policy has no type web_t"},
        {"assign web_t t001", "no type web_t"},
        {"record files", "x.rules:1: the hypervisor has no class files"},
        {"assign t000 t001:c1-c5\nassign t000 t001:c5", "x.rules:2: line 1 is about t001"},
        {"assign t000 t001:c1-c5 t001:c2", "in the rule twice"},
        {"clearance t001:c1-c5 c9\nassign t000 *\nclearance t001:c0-c1 c8", "x.rules:3: line 1 is about t001"},
        {"ceiling t001 vcpus=2\nceiling t001 memory=1M vcpus=3", "x.rules:2: line 1 has a ceiling of vcpus"},
        {"launch t001 digest " ID "\nlaunch t001 digest " ID, "x.rules:2: line 1"},
        {"conflict x at-a-time t001 t002\nconflict x per-boot t001 t002", "x.rules:2: line 1 has a conflict set x"},
        {"conflict x at-a-time t001:c1-c9 t001:c9", "in the rule twice"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct policy_rules r;
        struct policy_error e = {""};
        struct policy_flat flat;
        support_flat(&flat, 4);
        assert_int_equal(parse(bad[i].text, &r, &e), 0);
        if (policy_bind("x.rules", &r, &flat, &e) != -EINVAL || !strstr(e.text, bad[i].why))
            fail_msg("%s: \"%s\", not \"%s\"", bad[i].text, e.text, bad[i].why);
        policy_rules_free(&r);
        policy_flat_free(&flat);
    }
}

/* More rules of a kind than the file has room for. */
static void refuses_too_many(void **state)
{
    (void)state;
    char *text;
    size_t size;
    struct policy_rules r;
    struct policy_error e = {""};
    struct policy_flat flat;
    FILE *f = open_memstream(&text, &size);
    for (unsigned int i = 0; i <= POLICY_SETS_MAX; i++)
        fprintf(f, "conflict s%u at-a-time t001:c1 t001:c2\n", i);
    fclose(f);
    support_flat(&flat, 4);
    assert_int_equal(parse(text, &r, &e), 0);
    assert_int_equal(policy_bind("x.rules", &r, &flat, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x.rules:65: more than"));
    policy_rules_free(&r);
    policy_flat_free(&flat);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_rule),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(says_what_does_not_fit_the_policy),
        cmocka_unit_test(refuses_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
