/* SPDX-License-Identifier: MIT */
/*
 * The rules file: what the SELinux language has no words for. Text to a list of rules; pure, and knows nothing of the
 * binary policy: whether a type exists is the compiler's question (policy_bind.h). One rule a line; `#` begins a
 * comment. A LABEL is TYPE (all compartments), TYPE:cN or TYPE:cLOW-cHIGH.
 *
 *   assign CREATOR LABEL...            a domain of type CREATOR may create these; `*` as TYPE: any type
 *   clearance LABEL cN|cLOW-cHIGH...   these domains are cleared for those compartments
 *   ceiling TYPE|* LIMIT=N...          memory (K, M, G), vcpus, weight, cap, ports, grants, reports, audit; a TYPE's
 * own line goes before that of `*`, limit by limit launch LABEL digest HEX64          these start only so (or as
 * another launch line of theirs says) launch LABEL signer HEX64 [svn>=N] conflict NAME at-a-time|per-boot LABEL
 * LABEL... record CLASS...                    allowed uses of the class are recorded too
 */
#ifndef BULKHEAD_POLICY_RULES_H
#define BULKHEAD_POLICY_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/policy_format.h"

struct policy_error {
    char text[512];
};

enum policy_rule_kind {
    RULE_ASSIGN,
    RULE_CLEARANCE,
    RULE_CEILING,
    RULE_LAUNCH,
    RULE_CONFLICT,
    RULE_RECORD,
};

/* A label, a range of compartments (name is ""), or a class's name (low and high are 0). */
struct policy_item {
    char name[POLICY_TYPE_NAME]; /* a type, "*" for any */
    uint16_t low, high;
};

struct policy_rule {
    enum policy_rule_kind kind;
    unsigned int line;
    char name[POLICY_TYPE_NAME]; /* creator, type of a ceiling, name of a conflict set; else "" */
    struct policy_item label;    /* clearance, launch: whom it is about */
    struct policy_item *item;    /* labels, ranges, classes */
    size_t items;
    uint32_t most[POLICY_LIMITS]; /* ceiling: 0: not named */
    uint32_t launch_kind, svn;    /* POLICY_LAUNCH_* */
    uint8_t id[32];
    uint32_t per_boot;
};

struct policy_rules {
    struct policy_rule *rule; /* in the order of the file */
    size_t count;
};

/* 0, or -EINVAL with e->text: "NAME:LINE: what is wrong and what is allowed". `file` is the name for messages. */
int policy_rules_parse(const char *file, const char *text, size_t size, struct policy_rules *out,
                       struct policy_error *e);
void policy_rules_free(struct policy_rules *rules);

/* Words of the language: "memory", ... */
extern const char *const policy_limit_names[POLICY_LIMITS];

#endif
