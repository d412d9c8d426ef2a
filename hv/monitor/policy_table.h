/* SPDX-License-Identifier: MIT */
/*
 * The parser of a policy file (policy_format.h) and the lookup in it. Pure: no globals, no I/O; the
 * same source runs in the hypervisor, in host tests and in the fuzzer. It does not look at the
 * signature (policy_verify.h).
 */
#ifndef BULKHEAD_POLICY_TABLE_H
#define BULKHEAD_POLICY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "label.h"
#include "permissions.h"
#include "policy_format.h"

struct policy_table {
    const uint8_t *data; /* the file; not owned, must outlive the table; any alignment */
    const uint8_t *pairs;
    const uint8_t *answers;
    const uint8_t *section[POLICY_SECTIONS];
    uint32_t count[POLICY_SECTIONS];
    uint32_t types;
    uint32_t version;
    uint32_t records; /* bit c: allowed uses of class c are recorded */
    struct label hardware[POLICY_HARDWARE];
    uint16_t boot_type;
    uint16_t xen_type;
    /* After a failure: what is wrong, and at which offset of the file. */
    const char *error;
    uint32_t error_offset;
};

/* Checks everything that can be checked and fills in *t. 0, or -EINVAL with t->error set (then
 * every lookup answers no). Reads nothing outside buf[0..len). */
int policy_table_open(struct policy_table *t, const uint8_t *buf, size_t len);

#define POLICY_ROW_BYTES (policy_format_words(BH_PERM_COUNT) * 8)

/* The byte of the row in which perm's bit (perm % 8) is. Both types are below t->types. */
static inline uint8_t policy_table_byte(const struct policy_table *t, uint16_t stype, uint16_t ttype,
                                        enum policy_relation relation, unsigned int perm)
{
    const uint8_t *pair = t->pairs + 2 * ((size_t)stype * t->types + ttype);
    size_t answer = pair[0] | (size_t)pair[1] << 8;
    return t->answers[(answer * POLICY_RELATIONS + relation) * POLICY_ROW_BYTES + perm / 8];
}

/* May a domain of type stype do perm (enum bh_perm) to one of type ttype? Constant time. An index
 * that is out of range gets a no. */
static inline bool policy_table_allows(const struct policy_table *t, uint16_t stype, uint16_t ttype,
                                       enum policy_relation relation, uint16_t perm)
{
    if (stype >= t->types || ttype >= t->types || perm >= BH_PERM_COUNT) return false;
    return policy_table_byte(t, stype, ttype, relation, perm) >> (perm % 8) & 1;
}

/* Name of a type (NUL-terminated, in the file), or NULL. */
const char *policy_table_type_name(const struct policy_table *t, uint16_t type);

/* Index of the type with that NUL-terminated name, or -ENOENT. */
int policy_table_type_index(const struct policy_table *t, const char *name);

#endif
