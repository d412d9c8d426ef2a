/* SPDX-License-Identifier: MIT */
/*
 * Three representatives of each class of compartments stand for all: on random policies and rules, what the graph says
 * about paths is what a graph of every single label says.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "polgraph.h"

#define TYPES 5  /* 0: the boot domain, 1: the hypervisor, 2 to 4: guests */
#define ALL   14 /* compartments that the rules let live */

static uint64_t state_of_random = 0x9e3779b97f4a7c15ull;

static uint32_t below(uint32_t n)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return (uint32_t)(state_of_random >> 33) % n;
}

static struct polmodel m;
static struct polrules rules;

static void give(uint32_t s, uint32_t t, int relation, uint32_t perm)
{
    size_t row = ((size_t)s * TYPES + t) * POLICY_RELATIONS + (size_t)relation;
    m.flat.rows[row * POL_WORDS + perm / 64] |= 1ull << (perm % 64);
}

/* Few permissions, so that the answers differ: copies alone, each pair and relation by chance. */
static void random_model(void)
{
    static const uint16_t life[] = {PERM_domain_create, PERM_domain_load, PERM_domain_build, PERM_domain_unpause};
    memset(&m, 0, sizeof(m));
    m.flat.types = TYPES;
    m.flat.xen_type = 1;
    m.flat.rows = calloc((size_t)TYPES * TYPES * POLICY_RELATIONS * POL_WORDS, sizeof(uint64_t));
    for (uint32_t t = 2; t < TYPES; t++) {
        poltypes_add(&m.domains, t);
        for (int r = 0; r < POLICY_RELATIONS; r++) {
            give(t, t, r, PERM_grant_setup);
            for (size_t i = 0; i < 4; i++)
                give(0, t, r, life[i]);
        }
    }
    poltypes_add(&m.domains, 0);
    for (uint32_t s = 2; s < TYPES; s++)
        for (uint32_t t = 2; t < TYPES; t++)
            for (int r = 0; r < POLICY_RELATIONS; r++)
                if (below(5) == 0) give(s, t, r, below(2) ? PERM_grant_copy_to : PERM_grant_copy_from);
}

static void random_span(struct polspan *s)
{
    s->type = (uint16_t)(2 + below(3));
    s->low = (uint16_t)below(ALL);
    s->high = (uint16_t)(s->low + below(ALL - s->low));
}

static void random_rules(void)
{
    memset(&rules, 0, sizeof(rules));
    rules.present = true;
    rules.assign_count = 3 + below(3);
    rules.assigns = calloc(rules.assign_count, sizeof(*rules.assigns));
    bool wide = below(2); /* one large class of compartments (not that of the boot domain), or many small ones */
    for (size_t i = 0; i < rules.assign_count; i++) {
        random_span(&rules.assigns[i].span); /* by type 0 */
        if (wide) rules.assigns[i].span = (struct polspan){(uint16_t)(2 + i % 3), 1, ALL - 1};
    }
    rules.clearance_count = wide ? 0 : below(4);
    rules.clearances = calloc(rules.clearance_count + 1, sizeof(*rules.clearances));
    for (size_t i = 0; i < rules.clearance_count; i++) {
        random_span(&rules.clearances[i].span);
        rules.clearances[i].cleared[0] = below(1 << ALL);
    }
}

/* reach[same or other][from][to]: is there a path of at least one step, not through type `avoid`? */
typedef bool answers[2][TYPES][TYPES];

static void ask_graph(answers reach, uint32_t avoid)
{
    struct polworld w = {&m, &rules};
    struct policy_error e;
    struct polgraph g;
    assert_int_equal(polgraph_build(&g, &w, &e), 0);
    bool *goals = calloc(g.count + 1, 1), *avoided = calloc(g.count + 1, 1);
    size_t *path = calloc(g.count + 2, sizeof(*path));
    for (size_t i = 0; i < g.count; i++)
        avoided[i] = g.nodes[i].type == avoid;
    memset(reach, 0, sizeof(answers));
    for (size_t i = 0; i < g.count; i++) {
        for (size_t k = 0; k < g.count; k++) {
            memset(goals, 0, g.count);
            goals[k] = true;
            size_t n = polgraph_path(&g, i, goals, avoided, 1u << POL_MEMORY, path);
            if (n == 0) continue;
            assert_true(n >= 2 && path[0] == i && path[n - 1] == k);
            for (size_t s = 0; s + 1 < n; s++)
                assert_true(g.kinds[path[s] * g.count + path[s + 1]] & 1u << POL_MEMORY);
            reach[g.nodes[i].compartment == g.nodes[k].compartment][g.nodes[i].type][g.nodes[k].type] = true;
        }
    }
    free(goals);
    free(avoided);
    free(path);
    polgraph_free(&g);
}

/* Every label by itself, and a closure that knows nothing of classes. */
static void ask_everything(answers reach, uint32_t avoid)
{
    static bool step[TYPES * ALL][TYPES * ALL], path[TYPES * ALL][TYPES * ALL];
    struct polworld w = {&m, &rules};
    const size_t n = (size_t)TYPES * ALL;
    struct pollabel label[TYPES * ALL];
    bool lives[TYPES * ALL];
    for (size_t i = 0; i < n; i++) {
        label[i] = (struct pollabel){(uint16_t)(i / ALL), (uint16_t)(i % ALL)};
        lives[i] = i == 0 || (label[i].type >= 2 && polrules_assignable(&rules, 0, label[i]));
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            path[i][k] = step[i][k] =
                lives[i] && lives[k] && (polflow_step(&w, label[i], label[k], NULL, NULL) & 1u << POL_MEMORY);
    for (size_t via = 0; via < n; via++)
        for (size_t i = 0; i < n && label[via].type != avoid; i++)
            for (size_t k = 0; k < n && path[i][via]; k++)
                path[i][k] |= path[via][k];
    memset(reach, 0, sizeof(answers));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (path[i][k]) reach[label[i].compartment == label[k].compartment][label[i].type][label[k].type] = true;
}

static void three_are_enough(void **state)
{
    (void)state;
    unsigned int yes = 0, no = 0;
    for (int round = 0; round < 120; round++) {
        answers by_graph, by_everything;
        uint32_t avoid = round % 2 ? 2 + below(3) : TYPES;
        random_model();
        random_rules();
        ask_graph(by_graph, avoid);
        ask_everything(by_everything, avoid);
        for (int same = 0; same < 2; same++)
            for (uint32_t a = 2; a < TYPES; a++)
                for (uint32_t b = 2; b < TYPES; b++) {
                    if (by_graph[same][a][b] != by_everything[same][a][b])
                        fail_msg("round %d: %u -> %u, %s compartment: the graph says %d", round, a, b,
                                 same ? "same" : "other", by_graph[same][a][b]);
                    *(by_everything[same][a][b] ? &yes : &no) += 1;
                }
        polrules_free(&rules);
        free(m.flat.rows);
    }
    assert_in_range(yes, 200, 120 * 18 - 200); /* both answers were there */
    assert_in_range(no, 200, 120 * 18 - 200);
}

/* Compartments are told apart exactly where a rule tells them apart. */
static void classes_of_compartments(void **state)
{
    (void)state;
    uint16_t class_of[POL_COMPARTMENTS];
    memset(&rules, 0, sizeof(rules));
    assert_int_equal(polrules_classes(&rules, 0, class_of), 2);
    assert_int_not_equal(class_of[0], class_of[1]);
    assert_int_equal(class_of[1], class_of[1023]);
    struct polassign assigns[] = {{0, {2, 5, 9}}, {0, {3, 8, 20}}};
    rules.assigns = assigns;
    rules.assign_count = 2;
    assert_int_equal(polrules_classes(&rules, 0, class_of), 5); /* 0, 5-7, 8-9, 10-20, the rest */
    assert_int_equal(class_of[5], class_of[7]);
    assert_int_equal(class_of[8], class_of[9]);
    assert_int_not_equal(class_of[7], class_of[8]);
    assert_int_equal(class_of[10], class_of[20]);
    assert_int_equal(class_of[4], class_of[21]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_are_enough), cmocka_unit_test(classes_of_compartments)};
    return cmocka_run_group_tests_name("polgraph", tests, NULL, NULL);
}
