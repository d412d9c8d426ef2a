/* SPDX-License-Identifier: MIT */
#include "policy_table.h"

#include <xen/errno.h>
#include <string.h>

#include <bulkhead.h>

#include "policy_section.h"

_Static_assert(POLICY_TYPE_NAME == BH_TYPE_MAX, "type names have one length everywhere");
_Static_assert(BH_PERM_COUNT <= 1024, "the layout's arithmetic stays within 32 bits");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is read as it lies");

static int refuse(struct policy_table *t, size_t offset, const char *why)
{
    memset(t, 0, sizeof(*t));
    t->error = why;
    t->error_offset = (uint32_t)offset;
    return -XEN_EINVAL;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return any == 0;
}

static bool name_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

/* A name of at least one character, then NULs up to the field's end, at least one. */
static bool name_valid(const uint8_t *name, size_t size)
{
    size_t n = 0;
    while (n < size && name_character(name[n]))
        n++;
    return n > 0 && n < size && all_zero(name + n, size - n);
}

static bool title_valid(const uint8_t *name, size_t size)
{
    size_t n = 0;
    while (n < size && name[n] >= ' ' && name[n] <= '~')
        n++;
    return n < size && all_zero(name + n, size - n);
}

/* The rest of the header, which says how long the file has to be. */
static int check_counts(struct policy_table *t, const struct policy_header *h, size_t len)
{
    for (unsigned int k = 0; k < POLICY_HARDWARE; k++)
        if (h->hardware[k].type >= h->types || h->hardware[k].compartment > BH_COMPARTMENT_MAX)
            return refuse(t, offsetof(struct policy_header, hardware[k]), "label of hardware");
    for (unsigned int s = 0; s < POLICY_SECTIONS; s++)
        if (h->count[s] > (s == POLICY_CONFLICT ? POLICY_SETS_MAX
                           : s == POLICY_MEMBER ? POLICY_MEMBERS_MAX
                                                : POLICY_SECTION_MAX) ||
            (s == POLICY_CEILING && h->count[s] && h->count[s] != h->types))
            return refuse(t, offsetof(struct policy_header, count[s]), "number of rules of a section");
    if (h->size != policy_format_section_offset(h, POLICY_SECTIONS) + POLICY_SIGNATURE)
        return refuse(t, offsetof(struct policy_header, size), "size");
    if (len < h->size) return refuse(t, len, "file is cut short");
    if (len > h->size) return refuse(t, h->size, "more bytes than the file has by its header");
    return 0;
}

static int check_header(struct policy_table *t, const struct policy_header *h, size_t len)
{
    if (memcmp(h->magic, POLICY_MAGIC, sizeof(h->magic)) != 0)
        return refuse(t, offsetof(struct policy_header, magic), "not a policy file (magic)");
    if (h->format != POLICY_FORMAT)
        return refuse(t, offsetof(struct policy_header, format),
                      "a format of the file that this hypervisor does not know");
    if (h->version == 0) return refuse(t, offsetof(struct policy_header, version), "version 0");
    if (h->types == 0 || h->types > POLICY_TYPES_MAX)
        return refuse(t, offsetof(struct policy_header, types), "number of types out of range");
    if (h->permissions != BH_PERM_COUNT)
        return refuse(t, offsetof(struct policy_header, permissions),
                      "made for other permissions (their number differs)");
    if (h->words != policy_format_words(BH_PERM_COUNT))
        return refuse(t, offsetof(struct policy_header, words), "width of a row");
    if (h->answers == 0 || h->answers > POLICY_ANSWERS_MAX)
        return refuse(t, offsetof(struct policy_header, answers), "number of answers out of range");
    if (h->boot_type >= h->types)
        return refuse(t, offsetof(struct policy_header, boot_type), "the boot domain's type is none of the types");
    if (h->xen_type >= h->types)
        return refuse(t, offsetof(struct policy_header, xen_type), "the hypervisor's type is none of the types");
    if (h->records >> BH_CLASS_COUNT)
        return refuse(t, offsetof(struct policy_header, records), "uses of an unknown class are to be recorded");
    if (!title_valid(h->name, sizeof(h->name)))
        return refuse(t, offsetof(struct policy_header, name), "name of the policy is not printable text");
    if (!all_zero(h->reserved, sizeof(h->reserved)))
        return refuse(t, offsetof(struct policy_header, reserved), "reserved bytes are not 0");
    return check_counts(t, h, len);
}

static int check_types(struct policy_table *t, const uint8_t *buf, const struct policy_header *h)
{
    for (uint32_t i = 0; i < h->types; i++) {
        uint32_t at = (uint32_t)sizeof(*h) + i * POLICY_TYPE_NAME;
        if (!name_valid(buf + at, POLICY_TYPE_NAME)) return refuse(t, at, "name of a type");
        if (i > 0 && memcmp(buf + at - POLICY_TYPE_NAME, buf + at, POLICY_TYPE_NAME) >= 0)
            return refuse(t, at, "types are not in ascending order");
    }
    return 0;
}

static bool name_equals(const char *field, size_t size, const char *name)
{
    size_t n = strlen(name);
    return n < size && memcmp(field, name, n) == 0 && all_zero((const uint8_t *)field + n, size - n);
}

static int check_permissions(struct policy_table *t, const uint8_t *buf, const struct policy_header *h)
{
    for (uint32_t i = 0; i < BH_PERM_COUNT; i++) {
        uint32_t at = policy_format_perms_offset(h->types) + i * (uint32_t)sizeof(struct policy_permission);
        struct policy_permission p;
        memcpy(&p, buf + at, sizeof(p));
        if (!name_equals(p.class_name, sizeof(p.class_name), bh_permissions[i].class_name) ||
            !name_equals(p.name, sizeof(p.name), bh_permissions[i].name))
            return refuse(t, at, "made for other permissions (a name differs)");
    }
    uint32_t end = policy_format_perms_offset(h->types) + h->permissions * (uint32_t)sizeof(struct policy_permission);
    if (!all_zero(buf + end, policy_format_pairs_offset(h->types, BH_PERM_COUNT) - end))
        return refuse(t, end, "padding is not 0");
    return 0;
}

/* The bits of a row's last word that stand for no permission. */
#define UNUSED_BITS (BH_PERM_COUNT % 64 == 0 ? 0 : ~0ull << (BH_PERM_COUNT % 64))

static int check_rows(struct policy_table *t, const uint8_t *buf, const struct policy_header *h)
{
    uint32_t pairs = policy_format_pairs_offset(h->types, BH_PERM_COUNT), next = 0;
    uint32_t answers = policy_format_answers_offset(h->types, BH_PERM_COUNT), row_bytes = h->words * 8;
    uint32_t end = pairs + 2 * h->types * h->types;

    for (uint32_t at = pairs; at < end; at += 2) {
        uint32_t answer = buf[at] | (uint32_t)buf[at + 1] << 8;
        if (answer > next || answer >= h->answers)
            return refuse(t, at, "a pair of types has an answer that is not there");
        next += answer == next;
    }
    if (next != h->answers || !all_zero(buf + end, answers - end))
        return refuse(t, end, "an answer is nobody's, or padding is not 0");
    for (uint32_t at = answers; at < policy_format_section_offset(h, 0); at += row_bytes) {
        uint64_t last;
        memcpy(&last, buf + at + row_bytes - 8, sizeof(last));
        if (last & UNUSED_BITS) return refuse(t, at, "a row allows permissions that do not exist");
    }
    return 0;
}

static int check_sections(struct policy_table *t)
{
    uint32_t at = 0;
    const char *why = policy_section_check(t, &at);
    return why ? refuse(t, at, why) : 0;
}

static void fill_in(struct policy_table *t, const uint8_t *buf, const struct policy_header *h)
{
    *t = (struct policy_table){
        .data = buf,
        .pairs = buf + policy_format_pairs_offset(h->types, BH_PERM_COUNT),
        .answers = buf + policy_format_answers_offset(h->types, BH_PERM_COUNT),
        .types = h->types,
        .version = h->version,
        .records = h->records,
        .boot_type = (uint16_t)h->boot_type,
        .xen_type = (uint16_t)h->xen_type,
    };
    for (unsigned int s = 0; s < POLICY_SECTIONS; s++) {
        t->section[s] = buf + policy_format_section_offset(h, s);
        t->count[s] = h->count[s];
    }
    for (unsigned int k = 0; k < POLICY_HARDWARE; k++) {
        t->hardware[k].type = h->hardware[k].type;
        t->hardware[k].compartment = h->hardware[k].compartment;
    }
}

int policy_table_open(struct policy_table *t, const uint8_t *buf, size_t len)
{
    struct policy_header h;

    if (len < sizeof(h)) return refuse(t, len, "file is cut short");
    memcpy(&h, buf, sizeof(h));
    int rc = check_header(t, &h, len);
    if (rc == 0) rc = check_types(t, buf, &h);
    if (rc == 0) rc = check_permissions(t, buf, &h);
    if (rc == 0) rc = check_rows(t, buf, &h);
    if (rc != 0) return rc;
    fill_in(t, buf, &h);
    return check_sections(t);
}

const char *policy_table_type_name(const struct policy_table *t, uint16_t type)
{
    if (type >= t->types) return NULL;
    return (const char *)t->data + sizeof(struct policy_header) + (size_t)type * POLICY_TYPE_NAME;
}

int policy_table_type_index(const struct policy_table *t, const char *name)
{
    uint32_t from = 0, to = t->types;

    while (from < to) {
        uint32_t mid = (from + to) / 2;
        int order = strcmp(policy_table_type_name(t, (uint16_t)mid), name);
        if (order == 0) return (int)mid;
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return -XEN_ENOENT;
}
