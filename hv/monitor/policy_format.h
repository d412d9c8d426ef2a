/* SPDX-License-Identifier: MIT */
/*
 * The policy file (build/policy.bhp), byte by byte. Written by bh-policyc, read by the hypervisor.
 *
 *   offset                  size                  what
 *   0                       192                   struct policy_header
 *   192                     48 * types            type names, each padded with NULs, at least one NUL;
 *                                                 [A-Za-z0-9_.-]+, in strictly ascending byte order
 *   types_end               40 * permissions      struct policy_permission, in the hypervisor's own
 *                                                 order: must equal its table (permissions.h) exactly
 *   permissions_end,        2 * types^2           pairs: for source s and target t, 16-bit number
 *   rounded up to 8                               s * types + t: which answer is theirs. Answers are
 *                                                 numbered in the order in which pairs first name them
 *   pairs_end,              32 * words * answers  answers: four rows (enum policy_relation) of `words`
 *   rounded up to 8                               64-bit words; bit p % 64 of word p / 64 is set when
 *                                                 s may do permission p to t in that relation
 *   answers_end             ...                   the sections, in the order of enum policy_section
 *   size - 64               64                    ECDSA P-256 signature r || s, big-endian, over the
 *                                                 SHA-256 of everything before it
 *
 * Integers are little-endian. Bytes that have no meaning (padding, bits of a row past the last
 * permission, reserved fields) are 0: there is one file for one content. Nothing may follow the
 * signature.
 */
#ifndef BULKHEAD_POLICY_FORMAT_H
#define BULKHEAD_POLICY_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_MAGIC        "BHPOLCY" /* eight bytes with the NUL */
#define POLICY_FORMAT       2
#define POLICY_TYPES_MAX    512
#define POLICY_ANSWERS_MAX  0xffffu
#define POLICY_SECTION_MAX  4096u
#define POLICY_SETS_MAX     64u
#define POLICY_MEMBERS_MAX  128u
#define POLICY_TYPE_NAME    48 /* BH_TYPE_MAX */
#define POLICY_SIGNATURE    64
#define POLICY_NAME         32
#define POLICY_SET_NAME     23     /* with the NUL; "conflict NAME" is a reason in an audit record */
#define POLICY_TYPE_ANY     0xffff /* in struct policy_assign only */
#define POLICY_COMPARTMENTS 1024

/* How two labels stand to each other: which row of an answer holds. Where both are cleared, what one of rows 2 and 3
 * allows is allowed; the compiler refuses a policy in which libsepol answers otherwise. */
enum policy_relation {
    POLICY_OTHER,          /* another compartment */
    POLICY_SAME,           /* one compartment */
    POLICY_SOURCE_CLEARED, /* another one, and the source has a clearance for it */
    POLICY_TARGET_CLEARED, /* another one, and the target has a clearance for the source's */
    POLICY_RELATIONS
};

/* Sections and their entries (below): count of them in the header. */
enum policy_section {
    POLICY_ASSIGN,    /* struct policy_assign */
    POLICY_CLEARANCE, /* struct policy_clearance */
    POLICY_CEILING,   /* struct policy_ceiling: none, or one for each type */
    POLICY_LAUNCH,    /* struct policy_launch */
    POLICY_CONFLICT,  /* struct policy_conflict */
    POLICY_MEMBER,    /* struct policy_member */
    POLICY_RESOURCE,  /* struct policy_resource */
    POLICY_SECTIONS
};

/* Hardware: the Xen target's ioportcon, iomemcon, pirqcon, pcidevicecon. */
enum policy_hardware {
    POLICY_HW_IOPORT, /* I/O ports */
    POLICY_HW_IOMEM,  /* machine frame numbers */
    POLICY_HW_IRQ,    /* interrupt lines (GSI) */
    POLICY_HW_PCI,    /* segment << 16 | bus << 8 | device << 3 | function */
    POLICY_HARDWARE
};

struct policy_header {
    uint8_t magic[8];
    uint32_t format;           /* POLICY_FORMAT */
    uint32_t version;          /* of this policy, from 1; a later one is higher */
    uint32_t size;             /* of the whole file */
    uint32_t types;            /* 1..POLICY_TYPES_MAX */
    uint32_t permissions;      /* BH_PERM_COUNT */
    uint32_t words;            /* 64-bit words in a row: permissions / 64, rounded up */
    uint32_t answers;          /* 1..POLICY_ANSWERS_MAX */
    uint32_t boot_type;        /* index of the boot domain's type (initial SID dom0) */
    uint32_t xen_type;         /* index of the hypervisor's type (initial SID xen) */
    uint32_t records;          /* bit c: allowed uses of class c are recorded too */
    uint8_t name[POLICY_NAME]; /* for people: printable ASCII padded with NULs, at least one NUL */
    struct {
        uint16_t type, compartment;
    } hardware[POLICY_HARDWARE]; /* label of what no struct policy_resource names (initial SIDs) */
    uint32_t count[POLICY_SECTIONS];
    uint8_t reserved[68]; /* 0 */
};
_Static_assert(sizeof(struct policy_header) == 192, "layout of the policy header");

struct policy_permission {
    char class_name[16];
    char name[24];
};
_Static_assert(sizeof(struct policy_permission) == 40, "layout of a permission's names");

/* Labels: of types a and b what the section says, compartments low to high. Entries of a section are in ascending order
 * of (a, b, low); ranges of one (a, b) do not overlap, but in launch rules. */
struct policy_span {
    uint16_t a, b, low, high;
} __attribute__((packed));

/* Domains of type a may create domains of type b (or POLICY_TYPE_ANY) in these compartments. */
struct policy_assign {
    struct policy_span span;
} __attribute__((packed));

/* Labels of type b in these compartments are cleared for the compartments whose bit is set. a is 0. */
struct policy_clearance {
    struct policy_span span;
    uint64_t cleared[POLICY_COMPARTMENTS / 64];
} __attribute__((packed));

/* Ceilings of a type: 0: none. */
enum policy_limit {
    POLICY_LIMIT_MEMORY, /* MiB */
    POLICY_LIMIT_VCPUS,
    POLICY_LIMIT_WEIGHT,
    POLICY_LIMIT_CAP,     /* per cent of one CPU; a domain of the type has to have a cap then */
    POLICY_LIMIT_PORTS,   /* event channels */
    POLICY_LIMIT_GRANTS,  /* pages of grant entries */
    POLICY_LIMIT_REPORTS, /* attestation reports a second */
    POLICY_LIMIT_AUDIT,   /* audit records a second */
    POLICY_LIMITS
};
struct policy_ceiling {
    uint32_t most[POLICY_LIMITS];
} __attribute__((packed));

/* Labels of type b in these compartments start only with one of their launches. a: what id is. Entries of one span are
 * in ascending byte order of what follows it. */
struct policy_launch {
    struct policy_span span;
    uint32_t svn; /* POLICY_LAUNCH_SIGNER: the least security version number */
    uint32_t reserved;
    uint8_t id[32];
} __attribute__((packed));
#define POLICY_LAUNCH_DIGEST 0 /* launch digest */
#define POLICY_LAUNCH_SIGNER 1 /* SHA-256 of the signer's public key X || Y */

/* Of the members of a set at most one may be on the host: at a time, or in one boot. */
struct policy_conflict {
    uint8_t name[24]; /* at most POLICY_SET_NAME - 1 characters, then NULs */
    uint32_t per_boot;
    uint32_t reserved;
} __attribute__((packed));

/* Labels of type b in these compartments are one member of set a. */
struct policy_member {
    struct policy_span span;
} __attribute__((packed));

/* Label of a range of hardware. Ascending (kind, low), without overlaps. */
struct policy_resource {
    uint16_t kind, type, compartment, reserved;
    uint64_t low, high;
} __attribute__((packed));

static const uint8_t policy_entry_size[POLICY_SECTIONS] = {
    sizeof(struct policy_assign),   sizeof(struct policy_clearance), sizeof(struct policy_ceiling),
    sizeof(struct policy_launch),   sizeof(struct policy_conflict),  sizeof(struct policy_member),
    sizeof(struct policy_resource),
};

/* The one arithmetic of the layout, for writer and reader. Cannot overflow while types, answers and counts are within
 * their limits and permissions at most 1024. */
static inline uint32_t policy_format_words(uint32_t permissions)
{
    return (permissions + 63) / 64;
}

static inline uint32_t policy_format_perms_offset(uint32_t types)
{
    return sizeof(struct policy_header) + types * POLICY_TYPE_NAME;
}

static inline uint32_t policy_format_pairs_offset(uint32_t types, uint32_t permissions)
{
    return (policy_format_perms_offset(types) + permissions * (uint32_t)sizeof(struct policy_permission) + 7) & ~7u;
}

static inline uint32_t policy_format_answers_offset(uint32_t types, uint32_t permissions)
{
    return (policy_format_pairs_offset(types, permissions) + 2 * types * types + 7) & ~7u;
}

/* Of section s; with s = POLICY_SECTIONS: of the signature. */
static inline uint32_t policy_format_section_offset(const struct policy_header *h, unsigned int s)
{
    uint32_t at = policy_format_answers_offset(h->types, h->permissions) +
                  h->answers * POLICY_RELATIONS * 8 * policy_format_words(h->permissions);
    for (unsigned int i = 0; i < s; i++)
        at += h->count[i] * policy_entry_size[i];
    return at;
}

#endif
