/* SPDX-License-Identifier: MIT */
/* The parser of policy files: what it takes, and everything that it must refuse. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "monitor/policy_table.h"
#include "policy_support.h"

struct good {
    struct policy_flat flat;
    uint8_t *file;
    size_t size;
};

static int make_good(void **state)
{
    struct good *g = calloc(1, sizeof(*g));
    support_flat(&g->flat, 5);
    support_allow(&g->flat, 1, 2, true, PERM_grant_map_read);
    support_allow(&g->flat, 1, 2, false, PERM_event_send);
    support_allow(&g->flat, 4, 4, true, BH_PERM_COUNT - 1);
    g->file = support_file(&g->flat, 7, &g->size);
    *state = g;
    return 0;
}

static int drop_good(void **state)
{
    struct good *g = *state;
    policy_flat_free(&g->flat);
    free(g->file);
    free(g);
    return 0;
}

static void opens_a_good_file(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
    assert_int_equal(t.types, 5);
    assert_int_equal(t.version, 7);
    assert_int_equal(t.boot_type, 0);
    assert_int_equal(t.xen_type, 4);
    assert_string_equal(policy_table_type_name(&t, 3), "t003");
    assert_null(policy_table_type_name(&t, 5));
    assert_int_equal(policy_table_type_index(&t, "t003"), 3);
    assert_int_equal(policy_table_type_index(&t, "t00"), -ENOENT);
    assert_int_equal(policy_table_type_index(&t, ""), -ENOENT);
}

/* Every cell: exactly those three allowed. */
static void answers_every_cell(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    int allowed = 0;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
    for (uint16_t a = 0; a < 5; a++)
        for (uint16_t b = 0; b < 5; b++)
            for (int same = 0; same < 2; same++)
                for (uint16_t p = 0; p < BH_PERM_COUNT; p++)
                    allowed += policy_table_allows(&t, a, b, same, p);
    assert_int_equal(allowed, 3);
    assert_true(policy_table_allows(&t, 1, 2, true, PERM_grant_map_read));
    assert_true(policy_table_allows(&t, 1, 2, false, PERM_event_send));
    assert_true(policy_table_allows(&t, 4, 4, true, BH_PERM_COUNT - 1));
}

static void refuses_indices_out_of_range(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
    assert_false(policy_table_allows(&t, 5, 0, true, 0));
    assert_false(policy_table_allows(&t, 0, 5, true, 0));
    assert_false(policy_table_allows(&t, 65535, 65535, true, 65535));
    assert_false(policy_table_allows(&t, 4, 4, true, BH_PERM_COUNT));
}

/* In a buffer of exactly that size, so that the sanitizer sees a byte read too far. */
static void refuses_every_shorter_file(void **state)
{
    struct good *g = *state;
    for (size_t n = 0; n < g->size; n++) {
        struct policy_table t;
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, g->file, n);
        assert_int_equal(policy_table_open(&t, cut, n), -EINVAL);
        assert_string_equal(t.error, "file is cut short");
        assert_int_equal(t.error_offset, n);
        assert_false(policy_table_allows(&t, 1, 2, true, PERM_grant_map_read));
        free(cut);
    }
}

static void refuses_a_longer_file(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    uint8_t *longer = calloc(1, g->size + 1);
    memcpy(longer, g->file, g->size);
    assert_int_equal(policy_table_open(&t, longer, g->size + 1), -EINVAL);
    assert_int_equal(t.error_offset, g->size);
    free(longer);
}

#define FIELD(f) offsetof(struct policy_header, f)

static void refuses_corrupt_header_fields(void **state)
{
    static const struct {
        size_t offset;
        uint32_t values[6];
        size_t count;
    } cases[] = {
        {FIELD(magic), {0, 0x31504842, ~0u}, 3},
        {FIELD(format), {0, POLICY_FORMAT + 1, ~0u}, 3},
        {FIELD(version), {0}, 1},
        {FIELD(size), {0, 128, 0x7fffffff, 0x80000000, ~0u}, 5},
        {FIELD(types), {0, 4, 6, POLICY_TYPES_MAX + 1, 0x10000, ~0u}, 6},
        {FIELD(permissions), {0, BH_PERM_COUNT - 1, BH_PERM_COUNT + 1, ~0u}, 4},
        {FIELD(words), {0, 1, 3, 0x10000000, ~0u}, 5},
        {FIELD(boot_type), {5, 0x10000, ~0u}, 3},
        {FIELD(xen_type), {5, 0x10001, ~0u}, 3},
        {FIELD(types_offset), {0, 127, 129, ~0u}, 4},
        {FIELD(perms_offset), {0, 128, ~0u}, 3},
        {FIELD(rows_offset), {0, 128, ~0u}, 3},
        {FIELD(signature_offset), {0, 128, ~0u}, 3},
        {FIELD(name), {0x01010101, 0xffffffff}, 2},
        {FIELD(name) + 28, {0x41414141}, 1},
        {FIELD(reserved), {1}, 1},
        {FIELD(reserved) + 36, {0x01000000}, 1},
    };
    struct good *g = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t v = 0; v < cases[i].count; v++) {
            struct policy_table t;
            uint32_t was;
            memcpy(&was, g->file + cases[i].offset, 4);
            memcpy(g->file + cases[i].offset, &cases[i].values[v], 4);
            if (policy_table_open(&t, g->file, g->size) != -EINVAL)
                fail_msg("header offset %zu, value %#x: taken", cases[i].offset, cases[i].values[v]);
            assert_non_null(t.error);
            memcpy(g->file + cases[i].offset, &was, 4);
        }
    }
    struct policy_table t;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
}

static void says_where(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    g->file[FIELD(format)] = 0;
    assert_int_equal(policy_table_open(&t, g->file, g->size), -EINVAL);
    assert_int_equal(t.error_offset, 8);
    assert_non_null(strstr(t.error, "format"));
}

static void refuse_type_name(struct good *g, uint32_t index, const char *bytes, size_t n)
{
    struct policy_table t;
    uint8_t was[POLICY_TYPE_NAME];
    uint8_t *name = g->file + sizeof(struct policy_header) + index * POLICY_TYPE_NAME;
    memcpy(was, name, sizeof(was));
    memset(name, 0, sizeof(was));
    memcpy(name, bytes, n);
    if (policy_table_open(&t, g->file, g->size) != -EINVAL)
        fail_msg("type name %.*s at %u: taken", (int)n, bytes, index);
    assert_int_equal(t.error_offset, sizeof(struct policy_header) + index * POLICY_TYPE_NAME);
    memcpy(name, was, sizeof(was));
}

static void refuses_bad_type_names(void **state)
{
    struct good *g = *state;
    char all[POLICY_TYPE_NAME];
    memset(all, 'u', sizeof(all));
    refuse_type_name(g, 4, all, sizeof(all)); /* no NUL */
    refuse_type_name(g, 4, "", 0);
    refuse_type_name(g, 4, "u v", 3);
    refuse_type_name(g, 4, "u\xff", 2);
    refuse_type_name(g, 4, "u\0v", 3);    /* something after the NUL */
    refuse_type_name(g, 2, "t001", 4);    /* twice */
    refuse_type_name(g, 2, "t000", 4);    /* out of order */
    refuse_type_name(g, 4, "\x1b[2J", 4); /* for a terminal */
}

static void refuses_other_permissions(void **state)
{
    struct good *g = *state;
    uint32_t from = policy_format_perms_offset(5), to = policy_format_rows_offset(5, BH_PERM_COUNT);
    for (uint32_t at = from; at < to; at++) {
        struct policy_table t;
        g->file[at] ^= 1;
        if (policy_table_open(&t, g->file, g->size) != -EINVAL)
            fail_msg("permission byte %u altered: taken", at);
        g->file[at] ^= 1;
    }
}

static void refuses_bits_of_no_permission(void **state)
{
    struct good *g = *state;
    uint32_t rows = policy_format_rows_offset(5, BH_PERM_COUNT), words = policy_format_words(BH_PERM_COUNT);
    for (uint32_t bit = BH_PERM_COUNT; bit < words * 64; bit++) {
        for (uint32_t row = 0; row < 50; row += 49) {
            struct policy_table t;
            uint8_t *p = g->file + rows + row * words * 8 + bit / 8;
            *p ^= (uint8_t)(1u << (bit % 8));
            assert_int_equal(policy_table_open(&t, g->file, g->size), -EINVAL);
            assert_int_equal(t.error_offset, rows + row * words * 8);
            *p ^= (uint8_t)(1u << (bit % 8));
        }
    }
}

/* The largest and the smallest, and one type more than there may be. */
static void knows_its_limits(void **state)
{
    (void)state;
    static struct policy_flat flat;
    static const uint32_t counts[] = {1, POLICY_TYPES_MAX};
    struct policy_table t;
    for (size_t i = 0; i < 2; i++) {
        size_t size;
        support_flat(&flat, counts[i]);
        support_allow(&flat, counts[i] - 1, counts[i] - 1, true, BH_PERM_COUNT - 1);
        uint8_t *file = support_file(&flat, UINT32_MAX, &size);
        assert_int_equal(policy_table_open(&t, file, size), 0);
        assert_true(
            policy_table_allows(&t, (uint16_t)(counts[i] - 1), (uint16_t)(counts[i] - 1), true, BH_PERM_COUNT - 1));
        free(file);
        policy_flat_free(&flat);
    }
    struct policy_header h = {.magic = POLICY_MAGIC, .format = POLICY_FORMAT, .version = 1, .types = 0xffff};
    assert_int_equal(policy_table_open(&t, (uint8_t *)&h, sizeof(h)), -EINVAL);
    assert_int_equal(t.error_offset, FIELD(types));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_good, drop_good)
    const struct CMUnitTest tests[] = {
        CASE(opens_a_good_file),
        CASE(answers_every_cell),
        CASE(refuses_indices_out_of_range),
        CASE(refuses_every_shorter_file),
        CASE(refuses_a_longer_file),
        CASE(refuses_corrupt_header_fields),
        CASE(says_where),
        CASE(refuses_bad_type_names),
        CASE(refuses_other_permissions),
        CASE(refuses_bits_of_no_permission),
        cmocka_unit_test(knows_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
