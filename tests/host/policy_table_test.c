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
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"
#include "policy_support.h"

struct good {
    struct policy_flat flat;
    uint8_t *file;
    size_t size;
};

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char rules[] =
    "assign t000 t001:c1-c9 t001:c20 t002 # comment\n"
    "assign t001 *:c3\n"
    "\n"
    "clearance t001:c1-c2 c5 c70-c80\n"
    "clearance t001:c3 c0-c1023\n"
    "ceiling * vcpus=8 ports=100\n"
    "ceiling t002 memory=1G vcpus=2\n"
    "launch t003:c0-c9 digest " ID "\n"
    "launch t003 signer 10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff svn>=3\n"
    "conflict banks at-a-time t001:c1-c5 t001:c6 t002\n"
    "conflict ever per-boot t003 t004\n"
    "record grant policy\n";

static int make_good(void **state)
{
    struct good *g = calloc(1, sizeof(*g));
    support_flat(&g->flat, 5);
    support_allow(&g->flat, 1, 2, POLICY_SAME, PERM_grant_map_read);
    support_allow(&g->flat, 1, 2, POLICY_OTHER, PERM_event_send);
    support_allow(&g->flat, 1, 2, POLICY_SOURCE_CLEARED, PERM_event_bind);
    support_allow(&g->flat, 4, 4, POLICY_TARGET_CLEARED, BH_PERM_COUNT - 1);
    support_rules(&g->flat, rules);
    struct policy_resource *r = g->flat.section[POLICY_RESOURCE].entries = calloc(3, sizeof(*r));
    g->flat.section[POLICY_RESOURCE].count = 3;
    r[0] = (struct policy_resource){.kind = POLICY_HW_IOPORT, .type = 1, .low = 0x60, .high = 0x6f};
    r[1] = (struct policy_resource){.kind = POLICY_HW_IOPORT, .type = 2, .compartment = 7, .low = 0x70, .high = 0x70};
    r[2] = (struct policy_resource){.kind = POLICY_HW_IOMEM, .type = 3, .low = 0xfe000, .high = UINT64_MAX};
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

/* Every cell: exactly those four allowed. */
static void answers_every_cell(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    int allowed = 0;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
    for (uint16_t a = 0; a < 5; a++)
        for (uint16_t b = 0; b < 5; b++)
            for (int r = 0; r < POLICY_RELATIONS; r++)
                for (uint16_t p = 0; p < BH_PERM_COUNT; p++)
                    allowed += policy_table_allows(&t, a, b, r, p);
    assert_int_equal(allowed, 4);
    assert_true(policy_table_allows(&t, 1, 2, POLICY_SAME, PERM_grant_map_read));
    assert_true(policy_table_allows(&t, 1, 2, POLICY_OTHER, PERM_event_send));
    assert_true(policy_table_allows(&t, 1, 2, POLICY_SOURCE_CLEARED, PERM_event_bind));
    assert_true(policy_table_allows(&t, 4, 4, POLICY_TARGET_CLEARED, BH_PERM_COUNT - 1));
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
        {FIELD(answers), {0, 1, 4, POLICY_ANSWERS_MAX, POLICY_ANSWERS_MAX + 1, ~0u}, 6},
        {FIELD(records), {1u << BH_CLASS_COUNT, 1u << 31}, 2},
        {FIELD(hardware), {5, 0x04000000, ~0u}, 3},
        {FIELD(hardware[3]), {5, 0x04000000, ~0u}, 3},
        {FIELD(count[POLICY_ASSIGN]), {0, 5, POLICY_SECTION_MAX + 1, ~0u}, 4},
        {FIELD(count[POLICY_CLEARANCE]), {0, 3, POLICY_SECTION_MAX + 1, ~0u}, 4},
        {FIELD(count[POLICY_CEILING]), {0, 1, 4, 6, ~0u}, 5},
        {FIELD(count[POLICY_LAUNCH]), {0, 3, POLICY_SECTION_MAX + 1, ~0u}, 4},
        {FIELD(count[POLICY_CONFLICT]), {0, 1, 3, POLICY_SETS_MAX + 1, ~0u}, 5},
        {FIELD(count[POLICY_MEMBER]), {0, 4, POLICY_MEMBERS_MAX + 1, ~0u}, 4},
        {FIELD(count[POLICY_RESOURCE]), {0, 2, 4, ~0u}, 4},
        {FIELD(name), {0x01010101, 0xffffffff}, 2},
        {FIELD(name) + 28, {0x41414141}, 1},
        {FIELD(reserved), {1}, 1},
        {FIELD(reserved) + 64, {0x01000000}, 1},
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
    uint32_t from = policy_format_perms_offset(5), to = policy_format_pairs_offset(5, BH_PERM_COUNT);
    for (uint32_t at = from; at < to; at++) {
        struct policy_table t;
        g->file[at] ^= 1;
        if (policy_table_open(&t, g->file, g->size) != -EINVAL) fail_msg("permission byte %u altered: taken", at);
        g->file[at] ^= 1;
    }
}

static void refuses_bits_of_no_permission(void **state)
{
    struct good *g = *state;
    uint32_t rows = policy_format_answers_offset(5, BH_PERM_COUNT), words = policy_format_words(BH_PERM_COUNT);
    for (uint32_t bit = BH_PERM_COUNT; bit < words * 64; bit++) {
        for (uint32_t row = 0; row < 12; row += 11) {
            struct policy_table t;
            uint8_t *p = g->file + rows + row * words * 8 + bit / 8;
            *p ^= (uint8_t)(1u << (bit % 8));
            assert_int_equal(policy_table_open(&t, g->file, g->size), -EINVAL);
            assert_int_equal(t.error_offset, rows + row * words * 8);
            *p ^= (uint8_t)(1u << (bit % 8));
        }
    }
}

static void refused_at(struct good *g, size_t offset, const void *bytes, size_t n, uint32_t where)
{
    struct policy_table t;
    uint8_t was[16];
    memcpy(was, g->file + offset, n);
    memcpy(g->file + offset, bytes, n);
    if (policy_table_open(&t, g->file, g->size) != -EINVAL) fail_msg("offset %zu changed: taken", offset);
    if (t.error_offset != where)
        fail_msg("offset %zu changed: refused at %u, not %u (%s)", offset, t.error_offset, where, t.error);
    memcpy(g->file + offset, was, n);
}

/* Numbers of answers come in the order of their first use, and each is used. */
static void refuses_answers_out_of_order(void **state)
{
    struct good *g = *state;
    uint32_t pairs = policy_format_pairs_offset(5, BH_PERM_COUNT);
    refused_at(g, pairs, &(uint16_t){1}, 2, pairs);
    refused_at(g, pairs + 2 * 7, &(uint16_t){2}, 2, pairs + 2 * 7);   /* (1, 2) has the first other answer: 1 */
    refused_at(g, pairs + 2 * 24, &(uint16_t){3}, 2, pairs + 2 * 24); /* one more than there are */
    refused_at(g, pairs + 2 * 24, &(uint16_t){0xffff}, 2, pairs + 2 * 24);
    refused_at(g, pairs + 2 * 24, &(uint16_t){1}, 2, pairs + 2 * 25); /* then nobody has answer 2 */
    refused_at(g, pairs + 2 * 25, &(uint16_t){1}, 2, pairs + 2 * 25); /* padding */
}

static size_t section(const struct good *g, unsigned int s, size_t entry)
{
    return policy_format_section_offset((const void *)g->file, s) + entry * policy_entry_size[s];
}

#define BAD(s, entry, kind, field, value)                                                                              \
    refused_at(g, section(g, s, entry) + offsetof(struct kind, field),                                                 \
               &(__typeof__(((struct kind *)0)->field)){value}, sizeof(((struct kind *)0)->field),                     \
               (uint32_t)section(g, s, entry))

static void refuses_bad_rules(void **state)
{
    struct good *g = *state;
    BAD(POLICY_ASSIGN, 0, policy_assign, span.a, 5);
    BAD(POLICY_ASSIGN, 0, policy_assign, span.b, 5);
    BAD(POLICY_ASSIGN, 0, policy_assign, span.low, 10);
    BAD(POLICY_ASSIGN, 0, policy_assign, span.high, 1024);
    BAD(POLICY_ASSIGN, 1, policy_assign, span.low, 9); /* overlaps c1-c9 */
    BAD(POLICY_ASSIGN, 1, policy_assign, span.low, 0); /* and is out of order */
    BAD(POLICY_ASSIGN, 3, policy_assign, span.a, 0xffff);
    BAD(POLICY_CLEARANCE, 0, policy_clearance, span.a, 1);
    BAD(POLICY_CLEARANCE, 0, policy_clearance, span.b, POLICY_TYPE_ANY);
    BAD(POLICY_CLEARANCE, 1, policy_clearance, span.low, 2);
    BAD(POLICY_LAUNCH, 0, policy_launch, span.a, 2);
    BAD(POLICY_LAUNCH, 0, policy_launch, svn, 1); /* a digest has none */
    BAD(POLICY_LAUNCH, 1, policy_launch, reserved, 1);
    BAD(POLICY_LAUNCH, 1, policy_launch, span.a, 0); /* before the first one, by its range */
    BAD(POLICY_CONFLICT, 0, policy_conflict, name[0], 0);
    BAD(POLICY_CONFLICT, 0, policy_conflict, name[1], '\n');
    BAD(POLICY_CONFLICT, 0, policy_conflict, name[23], 'x');
    BAD(POLICY_CONFLICT, 1, policy_conflict, per_boot, 2);
    BAD(POLICY_CONFLICT, 1, policy_conflict, reserved, 1);
    BAD(POLICY_MEMBER, 0, policy_member, span.a, 2);
    BAD(POLICY_MEMBER, 1, policy_member, span.low, 5);
    BAD(POLICY_RESOURCE, 0, policy_resource, kind, POLICY_HARDWARE);
    BAD(POLICY_RESOURCE, 0, policy_resource, type, 5);
    BAD(POLICY_RESOURCE, 0, policy_resource, compartment, 1024);
    BAD(POLICY_RESOURCE, 0, policy_resource, reserved, 1);
    BAD(POLICY_RESOURCE, 0, policy_resource, low, 0x70);
    BAD(POLICY_RESOURCE, 1, policy_resource, low, 0x6f);
    BAD(POLICY_RESOURCE, 2, policy_resource, kind, POLICY_HW_IOPORT + 4);
    struct policy_table t;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);
}

static bool cleared(const struct policy_table *t, uint16_t type, uint16_t own, uint16_t other)
{
    struct label l = {.type = type, .compartment = own};
    l.clearance = policy_section_clearance(t, &l);
    return policy_section_cleared(t, &l, other);
}

static bool assigns(const struct policy_table *t, uint16_t creator, uint16_t type, uint16_t compartment)
{
    return policy_section_assigns(t, creator, &(struct label){.type = type, .compartment = compartment});
}

static bool resource(const struct policy_table *t, int kind, uint64_t first, uint64_t last, int type, int compartment)
{
    struct label l;
    return policy_section_resource(t, kind, first, last, &l) && l.type == type && l.compartment == compartment;
}

static void answers_by_rules(void **state)
{
    struct good *g = *state;
    struct policy_table t;
    assert_int_equal(policy_table_open(&t, g->file, g->size), 0);

    assert_true(assigns(&t, 0, 1, 1) && assigns(&t, 0, 1, 9) && assigns(&t, 0, 1, 20) && assigns(&t, 0, 2, 1023));
    assert_false(assigns(&t, 0, 1, 0) || assigns(&t, 0, 1, 10) || assigns(&t, 0, 1, 21) || assigns(&t, 0, 3, 1));
    assert_true(assigns(&t, 1, 0, 3) && assigns(&t, 1, 4, 3));
    assert_false(assigns(&t, 1, 4, 4) || assigns(&t, 2, 1, 1));

    assert_true(cleared(&t, 1, 1, 5) && cleared(&t, 1, 2, 70) && cleared(&t, 1, 2, 80) && cleared(&t, 1, 3, 1023));
    assert_false(cleared(&t, 1, 1, 6) || cleared(&t, 1, 1, 69) || cleared(&t, 1, 4, 5) || cleared(&t, 2, 1, 5));

    assert_int_equal(policy_section_ceiling(&t, 1, POLICY_LIMIT_VCPUS), 8);
    assert_int_equal(policy_section_ceiling(&t, 2, POLICY_LIMIT_VCPUS), 2);
    assert_int_equal(policy_section_ceiling(&t, 2, POLICY_LIMIT_PORTS), 100);
    assert_int_equal(policy_section_ceiling(&t, 2, POLICY_LIMIT_MEMORY), 1024);
    assert_int_equal(policy_section_ceiling(&t, 1, POLICY_LIMIT_MEMORY), 0);
    assert_int_equal(policy_section_ceiling(&t, 5, POLICY_LIMIT_VCPUS), 0);

    assert_int_equal(policy_section_member(&t, 0, &(struct label){.type = 1, .compartment = 5}), 0);
    assert_int_equal(policy_section_member(&t, 0, &(struct label){.type = 1, .compartment = 6}), 1);
    assert_int_equal(policy_section_member(&t, 0, &(struct label){.type = 1, .compartment = 7}), -1);
    assert_int_equal(policy_section_member(&t, 1, &(struct label){.type = 4}), 4);
    assert_true(t.records == (1u << BH_CLASS_grant | 1u << BH_CLASS_policy));

    assert_true(resource(&t, POLICY_HW_IOPORT, 0x5f, 0x5f, 0, 0) && resource(&t, POLICY_HW_IOPORT, 0x60, 0x6f, 1, 0));
    assert_true(resource(&t, POLICY_HW_IOPORT, 0x70, 0x70, 2, 7) && resource(&t, POLICY_HW_IOPORT, 0x71, 0xffff, 0, 0));
    assert_true(resource(&t, POLICY_HW_IOMEM, 0x60, 0x60, 0, 0) && resource(&t, POLICY_HW_IOMEM, ~0ull, ~0ull, 3, 0));
    assert_true(resource(&t, POLICY_HW_IRQ, 0, ~0ull, 0, 0) && resource(&t, POLICY_HW_PCI, 0x60, 0x60, 0, 0));
    struct label l;
    assert_false(policy_section_resource(&t, POLICY_HW_IOPORT, 0x5f, 0x60, &l)); /* two labels */
    assert_false(policy_section_resource(&t, POLICY_HW_IOPORT, 0x6f, 0x70, &l));
    assert_false(policy_section_resource(&t, POLICY_HW_IOPORT, 0, 0xffff, &l));

    uint8_t id[32], other[32] = {0};
    for (int i = 0; i < 32; i++)
        id[i] = (uint8_t)(i % 16 * 0x11);
    struct label bound = {.type = 3, .compartment = 9}, by_signer = {.type = 3, .compartment = 10};
    assert_true(policy_section_launches(&t, &bound, id, other, 0));
    assert_false(policy_section_launches(&t, &bound, other, other, 0));
    assert_false(policy_section_launches(&t, &bound, other, id, 3)); /* a digest is no signer */
    assert_false(policy_section_launches(&t, &by_signer, id, other, 9));
    id[0] = 0x10;
    assert_true(policy_section_launches(&t, &by_signer, other, id, 3));
    assert_true(policy_section_launches(&t, &bound, other, id, 3));
    assert_false(policy_section_launches(&t, &by_signer, other, id, 2));
    assert_true(policy_section_launches(&t, &(struct label){.type = 2}, other, other, 0));
}

/* No bit of a file can be flipped so that the parser reads outside of it or takes what is out of range: the sanitizers
 * watch. (That the signature then fails is policy_verify_test's.) */
static void refuses_or_survives_every_flipped_bit(void **state)
{
    struct good *g = *state;
    unsigned int refused = 0, taken = 0;
    for (size_t bit = 0; bit < 8 * (g->size - POLICY_SIGNATURE); bit++) {
        struct policy_table t;
        struct label l = {.type = 1, .compartment = 1};
        uint8_t id[32] = {1};
        g->file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (policy_table_open(&t, g->file, g->size) == 0) {
            taken++;
            l.clearance = policy_section_clearance(&t, &l);
            policy_section_cleared(&t, &l, 1023);
            policy_section_assigns(&t, 0, &l);
            policy_section_launches(&t, &l, id, id, 0);
            policy_section_resource(&t, POLICY_HW_IOMEM, 0, 1, &l);
            assert_true(l.type < t.types);
        } else {
            refused++;
        }
        g->file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_in_range(refused, 8 * sizeof(struct policy_header) / 2, 8 * g->size);
    assert_in_range(taken, 100, 8 * g->size); /* rows and clearances are any bits */
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
        support_allow(&flat, counts[i] - 1, counts[i] - 1, POLICY_SAME, BH_PERM_COUNT - 1);
        uint8_t *file = support_file(&flat, UINT32_MAX, &size);
        assert_int_equal(policy_table_open(&t, file, size), 0);
        assert_true(policy_table_allows(&t, (uint16_t)(counts[i] - 1), (uint16_t)(counts[i] - 1), POLICY_SAME,
                                        BH_PERM_COUNT - 1));
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
        CASE(refuses_answers_out_of_order),
        CASE(refuses_bad_rules),
        CASE(answers_by_rules),
        CASE(refuses_or_survives_every_flipped_bit),
        cmocka_unit_test(knows_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
