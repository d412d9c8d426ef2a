/* SPDX-License-Identifier: MIT */
/* Decisions on label graphs that are known: what holds, what does not, and that the counter-example names the rule. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analysis_support.h"

static char said[8192];

static void holds(struct analysis *a, const char *spec)
{
    int rc = analysis_prove(a, spec, said, sizeof(said));
    if (rc != 1) fail_msg("%s: %d\n%s", spec, rc, said);
}

static void is_false(struct analysis *a, const char *spec, const char *because)
{
    int rc = analysis_prove(a, spec, said, sizeof(said));
    if (rc != 0 || !strstr(said, because)) fail_msg("%s: %d, not \"%s\":\n%s", spec, rc, because, said);
}

static void error(struct analysis *a, const char *spec, const char *why)
{
    int rc = analysis_prove(a, spec, said, sizeof(said));
    if (rc != -1 || !strstr(said, why)) fail_msg("%s: %d, not \"%s\":\n%s", spec, rc, why, said);
}

static void joined_types_share_in_one_compartment(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(call join (a_t b_t))\n", NULL);
    holds(&a, "flow a_t -> b_t in the same compartment by memory");
    holds(&a, "flow a_t -> b_t in the same compartment by signal");
    holds(&a, "no flow from a_t in one compartment to b_t in another");
    holds(&a, "no path between a_t and b_t of different compartments but through dom0_t");
    holds(&a, "no path between a_t, b_t of different compartments by memory");
    is_false(&a, "no flow from a_t to b_t", "t.cil:5");
    is_false(&a, "no path between a_t and b_t of different compartments", "-> dom0_t:c0 ->");
    /* Two domains of one type: not joined themselves, but both are with a b_t of their compartment. */
    holds(&a, "no flow from a_t to a_t");
    is_false(&a, "no path from a_t to a_t in the same compartment by memory", "grant:map_write");
    analysis_close(&a);
}

static void a_service_joins_compartments(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(call join (a_t b_t))\n(typeattributeset spanning b_t)\n", NULL);
    is_false(&a, "no path from a_t in one compartment to a_t in another by memory", "a_t:c0 -> b_t:c0 -> a_t:c1");
    holds(&a, "no path from a_t in one compartment to a_t in another but through b_t, dom0_t");
    holds(&a, "flow a_t -> a_t of different compartments by memory only through b_t");
    is_false(&a, "flow a_t -> b_t by memory only through dom0_t", "a_t:c0 -> b_t:c0");
    analysis_close(&a);
}

/* a_t writes into what g_t grants, g_t writes into what b_t grants; nothing goes back. */
static const char guard[] = "(type g_t)(call guest (g_t))\n"
                            "(allow a_t g_t (grant (copy_to)))\n"
                            "(allow g_t b_t (grant (copy_to)))\n";

static void one_way_through_a_guard(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, guard, NULL);
    holds(&a, "flow a_t -> b_t in the same compartment by memory only through g_t");
    holds(&a, "flow a_t -> g_t in the same compartment by memory");
    holds(&a, "no path from b_t to a_t but through dom0_t");
    holds(&a, "no path from b_t to a_t by memory");
    holds(&a, "no path from g_t to a_t by memory, signal but through dom0_t");
    is_false(&a, "no path from a_t to b_t by memory", "g_t may grant:copy_to b_t");
    is_false(&a, "flow b_t -> a_t by memory only through g_t", "no way at all");
    is_false(&a, "path b_t -> a_t by memory", "nothing from b_t to a_t");
    analysis_close(&a);
}

static void what_one_does_by_its_own_calls(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, guard, NULL);
    holds(&a, "dom0_t never reads guests but console");
    is_false(&a, "dom0_t never reads guests", "grant:map_console");
    is_false(&a, "dom0_t never controls a_t", "domain:create");
    holds(&a, "a_t never controls any");
    holds(&a, "a_t never reads any");
    is_false(&a, "a_t never writes g_t", "grant:copy_to");
    holds(&a, "a_t never writes g_t of different compartments");
    holds(&a, "a_t never signals b_t");
    is_false(&a, "a_t never signals dom0_t", "event:send");
    holds(&a, "only dom0_t may hw:*, tpm:*, policy:*");
    holds(&a, "no guests may domain:create, domain:destroy");
    is_false(&a, "only a_t may hw:ioport", "dom0_t may hw:ioport xen_t");
    is_false(&a, "no any may hw:ioport", "t.cil:1");
    is_false(&a, "only dom0_t may event:peer_reset", "nobody may");
    analysis_close(&a);
}

static void a_signal_needs_a_channel(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(allow a_t b_t (event (send alloc)))\n", NULL);
    holds(&a, "no flow from a_t to b_t by signal");
    analysis_close(&a);
    analysis_open(&a, "(allow a_t b_t (event (send alloc)))\n(allow b_t a_t (event (bind)))\n", NULL);
    is_false(&a, "no flow from a_t to b_t by signal", "b_t may event:bind a_t");
    holds(&a, "no flow from b_t to a_t by signal");
    analysis_close(&a);
}

static void names_are_checked(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(type never_t)\n", NULL);
    error(&a, "\nflow a_t -> c_t", "t.spec:2: the policy has no type or set c_t");
    error(&a, "no a_t may hw:fly", "no permission hw:fly");
    error(&a, "no a_t may fly:*", "no permission fly:*");
    error(&a, "guests = a_t", "a type or a set already");
    holds(&a, "both = a_t, b_t\nno flow between both");
    /* Vacuous sentences are no proof. */
    is_false(&a, "no flow from xen_t to a_t", "it says nothing");
    analysis_close(&a);
}

/* b_t in c5 is cleared for c1 to c3. Compartments beyond stay apart. */
static void clearance_joins_what_it_names(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(call join (a_t b_t))\n",
                  "assign dom0_t a_t:c1-c9 b_t:c5-c9\n"
                  "clearance b_t:c5 c1-c3\n");
    holds(&a, "flow a_t -> b_t of different compartments by memory");
    is_false(&a, "no path from a_t in one compartment to a_t in another by memory", "a_t:c1 -> b_t:c5 -> a_t:c2");
    holds(&a, "no path from a_t in one compartment to a_t in another but through b_t, dom0_t");
    analysis_close(&a);
    /* Cleared for one compartment beside its own: that one and its own are joined, no others. */
    analysis_open(&a, "(call join (a_t b_t))\n",
                  "assign dom0_t a_t:c1-c9 b_t:c6\n"
                  "clearance b_t:c6 c2\n");
    is_false(&a, "no path from a_t in one compartment to a_t in another by memory", "c6");
    analysis_close(&a);
    /* A clearance of a label that nobody can be given changes nothing. */
    analysis_open(&a, "(call join (a_t b_t))\n",
                  "assign dom0_t a_t:c1-c9 b_t:c6\n"
                  "clearance b_t:c7 c1-c9\n");
    holds(&a, "no path from a_t in one compartment to a_t in another by memory");
    analysis_close(&a);
}

static void compartments_that_may_be_given(void **state)
{
    (void)state;
    struct analysis a;
    analysis_open(&a, "(call join (a_t b_t))\n", "assign dom0_t a_t:c1 b_t:c2\n");
    holds(&a, "no flow from a_t to b_t");
    is_false(&a, "flow a_t -> b_t by memory", "nothing from a_t to b_t");
    analysis_close(&a);
    analysis_open(&a, "",
                  "assign dom0_t a_t:c1-c4 b_t\nlaunch b_t digest "
                  "1111111111111111111111111111111111111111111111111111111111111111\n"
                  "conflict pair at-a-time a_t:c1-c3 b_t\n");
    holds(&a, "launch of b_t is bound");
    is_false(&a, "launch of a_t, b_t is bound", "a_t:c1 may be started with any kernel");
    holds(&a, "conflict set pair covers b_t");
    is_false(&a, "conflict set pair covers a_t, b_t", "a_t:c4 is no member");
    is_false(&a, "conflict set pear covers b_t", "no conflict set pear");
    analysis_close(&a);
}

/* A new permission of the hypervisor has to be put into polflow.c before anything can be proved again. */
static void every_permission_is_accounted_for(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++)
        if (!polflow_accounted(p))
            fail_msg("%s:%s makes no flow and is not said to make none", bh_permissions[p].class_name,
                     bh_permissions[p].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_types_share_in_one_compartment),
        cmocka_unit_test(a_service_joins_compartments),
        cmocka_unit_test(one_way_through_a_guard),
        cmocka_unit_test(what_one_does_by_its_own_calls),
        cmocka_unit_test(a_signal_needs_a_channel),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(clearance_joins_what_it_names),
        cmocka_unit_test(compartments_that_may_be_given),
        cmocka_unit_test(every_permission_is_accounted_for),
    };
    return cmocka_run_group_tests_name("polprove", tests, NULL, NULL);
}
