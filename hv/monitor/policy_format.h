/* SPDX-License-Identifier: MIT */
/*
 * The policy file (build/policy.bhp), byte by byte. Written by bh-policyc, read by the hypervisor.
 *
 *   offset                  size                  what
 *   0                       128                   struct policy_header
 *   128                     48 * types            type names, each padded with NULs, at least one NUL;
 *                                                 [A-Za-z0-9_.-]+, in strictly ascending byte order
 *   types_end               40 * permissions      struct policy_permission, in the hypervisor's own
 *                                                 order: must equal its table (permissions.h) exactly
 *   permissions_end,        16 * words * types^2  rows: for source s, target t, and same = 0 or 1, row
 *   rounded up to 8                               number (s * types + t) * 2 + same; `words` 64-bit
 *                                                 words, in which bit p % 64 of word p / 64 is set
 *                                                 when s may do permission p to t
 *   size - 64               64                    ECDSA P-256 signature r || s, big-endian, over the
 *                                                 SHA-256 of everything before it
 *
 * same = 1 where both domains are in one compartment, 0 where they are in different ones.
 * Integers are little-endian. Bytes that have no meaning (padding, bits of a row past the last
 * permission, reserved fields) are 0: there is one file for one content. Nothing may follow the
 * signature.
 */
#ifndef BULKHEAD_POLICY_FORMAT_H
#define BULKHEAD_POLICY_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_MAGIC     "BHPOLCY" /* eight bytes with the NUL */
#define POLICY_FORMAT    1
#define POLICY_TYPES_MAX 512
#define POLICY_TYPE_NAME 48 /* BH_TYPE_MAX */
#define POLICY_SIGNATURE 64
#define POLICY_NAME      32

struct policy_header {
    uint8_t magic[8];
    uint32_t format;       /* POLICY_FORMAT */
    uint32_t version;      /* of this policy, from 1; a later one is higher */
    uint32_t size;         /* of the whole file */
    uint32_t types;        /* 1..POLICY_TYPES_MAX */
    uint32_t permissions;  /* BH_PERM_COUNT */
    uint32_t words;        /* 64-bit words in a row: permissions / 64, rounded up */
    uint32_t boot_type;    /* index of the boot domain's type (initial SID dom0) */
    uint32_t xen_type;     /* index of the hypervisor's type (initial SID xen) */
    uint32_t types_offset; /* the offsets follow from the counts and must agree with them */
    uint32_t perms_offset;
    uint32_t rows_offset;
    uint32_t signature_offset;
    uint8_t name[POLICY_NAME]; /* for people: printable ASCII padded with NULs, at least one NUL */
    uint8_t reserved[40];      /* 0 */
};
_Static_assert(sizeof(struct policy_header) == 128, "layout of the policy header");

struct policy_permission {
    char class_name[16];
    char name[24];
};
_Static_assert(sizeof(struct policy_permission) == 40, "layout of a permission's names");

/* The one arithmetic of the layout, for writer and reader. Cannot overflow while types is at most
 * POLICY_TYPES_MAX and permissions at most 1024. */
static inline uint32_t policy_format_words(uint32_t permissions)
{
    return (permissions + 63) / 64;
}

static inline uint32_t policy_format_perms_offset(uint32_t types)
{
    return sizeof(struct policy_header) + types * POLICY_TYPE_NAME;
}

static inline uint32_t policy_format_rows_offset(uint32_t types, uint32_t permissions)
{
    return (policy_format_perms_offset(types) + permissions * (uint32_t)sizeof(struct policy_permission) + 7) & ~7u;
}

static inline uint32_t policy_format_signature_offset(uint32_t types, uint32_t permissions)
{
    return policy_format_rows_offset(types, permissions) + types * types * 16 * policy_format_words(permissions);
}

#endif
