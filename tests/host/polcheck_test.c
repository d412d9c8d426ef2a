/* SPDX-License-Identifier: MIT */
/* Each finding on a policy that was made to have it, with the line that causes it; and none on one that has none. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "analysis_support.h"

static struct polfindings findings;
static struct analysis a;
static struct polspec spec;

static void check_with(const char *more, const char *rules, const char *accepts)
{
    struct polspec_error e;
    analysis_open(&a, more, rules);
    assert_int_equal(polspec_parse(&spec, accepts, strlen(accepts), &e), 0);
    polcheck(&findings, &a.graph, &a.in.cil, (const char *const[]){"t.spec"}, &spec, 1);
}

static void check(const char *more, const char *accepts)
{
    check_with(more, NULL, accepts);
}

static void done(void)
{
    polcheck_free(&findings);
    polspec_free(&spec);
    analysis_close(&a);
}

static const struct polfinding *find(const char *code)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.list[i].code->code, code) == 0) return &findings.list[i];
    return NULL;
}

static void a_plain_policy_has_none(void **state)
{
    (void)state;
    check("(call join (a_t b_t))\n", "");
    for (size_t i = 0; i < findings.count; i++)
        fail_msg("%s: %s", findings.list[i].code->code, findings.list[i].text);
    done();
}

static void each_finding(void **state)
{
    (void)state;
    static const struct {
        const char *more, *code, *where, *text;
    } cases[] = {
        {"(allow dom0_t a_t (grant (map_read)))\n", "control-memory", "t.cil:5", "dom0_t may grant:map_read a_t"},
        {"(typeattributeset spanning a_t)\n(call join (a_t a_t))\n", "compartments-joined", "t.cil:6", "a_t in one"},
        {"(allow a_t xen_t (policy (load)))\n", "guest-policy", "t.cil:5", "a_t may policy: load"},
        {"(allow a_t xen_t (hw (iomem irq)))\n", "guest-hardware", "t.cil:5", "iomem irq"},
        {"(allow a_t xen_t (tpm (quote)))\n", "guest-tpm", "t.cil:5", "quote"},
        {"(allow a_t xen_t (platform (power)))\n", "guest-platform", "t.cil:5", "power"},
        {"\n(allow a_t b_t (domain (pause)))\n", "guest-control", "t.cil:6", "a_t may domain:pause b_t"},
        {"(typeattributeset spanning a_t)\n(call join (a_t b_t))\n", "spanning", "t.cil:6", "a_t shares memory"},
        {"(allow a_t xen_t (tpm (quote)))\n", "launch-missing", "t.cil:2", "a_t reaches the machine"},
        {"(type c_t)(roletype system_r c_t)(typeattributeset domains c_t)\n", "no-creator", "t.cil:5", "c_t"},
        {"(type c_t)(roletype system_r c_t)(allow dom0_t c_t (domain (create load build)))(allow a_t c_t (domain "
         "(unpause)))\n",
         "half-creator", "t.cil:5", "dom0_t may create c_t, but not unpause it"},
        {"(type c_t)(roletype system_r c_t)(allow dom0_t c_t (domain (create load build unpause)))\n", "no-end",
         "t.cil:5", "c_t"},
        {"(mlsconstrain (grant (copy_to)) (neq t1 a_t))\n(allow a_t b_t (grant (copy_to)))\n", "dead-rule", "t.cil:6",
         "copy_to"},
        {"(allow a_t b_t (vcpu (up)))\n", "misplaced-rule", "t.cil:5", "vcpu:up is asked about the calling domain"},
        {"(allow a_t b_t (hw (iomem)))\n", "misplaced-rule", "t.cil:5", "hw:iomem is asked about the hypervisor"},
        {"(allow a_t xen_t (grant (copy_to)))\n", "misplaced-rule", "t.cil:5", "grant:copy_to is asked about another"},
        {"(allow a_t b_t (event (bind)))\n", "bind-without-alloc", "t.cil:5", "b_t may not event:alloc"},
        {"(allow a_t b_t (event (bind)))(allow b_t a_t (event (alloc)))\n", "channel-without-send", "t.cil:5",
         "neither"},
        {"(type c_t)(roletype system_r c_t)(typeattributeset guests c_t)(allow a_t c_t (grant (copy_to)))\n",
         "grant-without-table", "t.cil:5", "c_t, which may not set up"},
        {"(type c_t)(roletype system_r c_t)(typeattributeset guests c_t)(allow c_t a_t (grant (map_read)))\n",
         "map-without-unmap", "t.cil:5", "never unmap"},
        {"(allow a_t b_t (event (alloc)))\n", "alloc-without-bind", "t.cil:5", "b_t may not event:bind"},
        {"(allow a_t b_t (event (send)))\n", "send-without-channel", "t.cil:5", "no channel"},
        {"(allow a_t b_t (grant (copy_to)))\n", "map-without-signal", "t.cil:5", "neither can signal"},
        {"(allow a_t b_t (grant (map_write)))\n", "write-without-read", "t.cil:5", "it can read all the same"},
        {"(call join (a_t b_t))\n(allow a_t b_t (grant (copy_to)))\n", "redundant-rule", "t.cil:6", "copy_to"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].more, "");
        const struct polfinding *f = find(cases[i].code);
        if (!f || !strstr(f->where, cases[i].where) || !strstr(f->text, cases[i].text))
            fail_msg("%s: %s at %s: %s", cases[i].code, f ? "found" : "missing", f ? f->where : "", f ? f->text : "");
        assert_true(findings.open[f->code->severity] > 0);
        done();
    }
}

static void each_finding_about_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *code, *where, *text;
    } cases[] = {
        {"assign dom0_t *\nassign a_t b_t\n", "assign-dead", "t.rules:2", "a_t may not create b_t"},
        {"assign dom0_t a_t:c1 b_t\nconflict x at-a-time a_t:c1 b_t a_t:c2\n", "conflict-dead-member", "t.rules:2",
         "a_t:c2"},
        {"assign dom0_t a_t:c1 b_t\nconflict x per-boot b_t a_t:c2\n", "conflict-alone", "t.rules:2", "1 members"},
        {"assign dom0_t *\n\nclearance a_t c7\n", "clearance-unused", "t.rules:3", "clearance of a_t"},
        {"assign dom0_t *\nceiling a_t memory=1G\n", "ceiling-missing", "t.cil:3", "b_t has no ceiling"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_with("", cases[i].rules, "");
        const struct polfinding *f = find(cases[i].code);
        if (!f || !strstr(f->where, cases[i].where) || !strstr(f->text, cases[i].text))
            fail_msg("%s: %s at %s: %s", cases[i].code, f ? "found" : "missing", f ? f->where : "", f ? f->text : "");
        done();
    }
    check_with("(call join (a_t b_t))\n",
               "assign dom0_t *\nclearance a_t c7\nceiling * vcpus=2\n"
               "conflict x at-a-time a_t b_t\n",
               "");
    for (size_t i = 0; i < findings.count; i++)
        fail_msg("%s: %s", findings.list[i].code->code, findings.list[i].text);
    done();
    /* What is bound to its launch may have its power. */
    check_with("(allow a_t xen_t (tpm (quote)))\n",
               "assign dom0_t *\nlaunch a_t digest 2222222222222222222222222222222222222222222222222222222222222222\n",
               "");
    assert_non_null(find("guest-tpm"));
    assert_null(find("launch-missing"));
    done();
}

static void what_is_accepted_counts_no_more(void **state)
{
    (void)state;
    check("(allow a_t xen_t (tpm (quote)))\n", "accept guest-tpm of a_t because \"it is the attestation service\"\n"
                                               "accept launch-missing because \"a test\"\n");
    assert_string_equal(find("guest-tpm")->because, "it is the attestation service");
    assert_int_equal(findings.open[POL_WARNING], 0);
    done();
    check("(allow a_t xen_t (tpm (quote)))\n", "accept guest-tpm of b_t because \"another\"");
    assert_null(find("guest-tpm")->because);
    assert_non_null(strstr(find("accept-unused")->where, "t.spec:1"));
    done();
    check("", "accept gues-tpm because \"misspelt\"\n");
    assert_non_null(strstr(find("accept-unused")->text, "no such code"));
    done();
}

/* A binary policy that does not come from these sources: the neverallow of the sources is held against it. */
static void neverallow_is_held_against_the_binary(void **state)
{
    (void)state;
    check("(allow a_t xen_t (tpm (quote)))\n", "");
    assert_null(find("neverallow"));
    struct policy_error e;
    const char *text = "(neverallow a_t xen_t (tpm (quote)))\n";
    struct cilindex other = {0};
    assert_int_equal(cilindex_add(&other, "o.cil", text, strlen(text), &e), 0);
    cilindex_build(&other, &a.in.model);
    polcheck_free(&findings);
    polcheck(&findings, &a.graph, &other, NULL, NULL, 0);
    assert_string_equal(find("neverallow")->where, "o.cil:1");
    cilindex_free(&other);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_policy_has_none),
        cmocka_unit_test(each_finding),
        cmocka_unit_test(each_finding_about_rules),
        cmocka_unit_test(what_is_accepted_counts_no_more),
        cmocka_unit_test(neverallow_is_held_against_the_binary),
    };
    return cmocka_run_group_tests_name("polcheck", tests, NULL, NULL);
}
