/* SPDX-License-Identifier: MIT */
#include "policy_rules.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX       1024
#define SPACE           " \t\r"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

const char *const policy_limit_names[POLICY_LIMITS] = {"memory", "vcpus",  "weight",  "cap",
                                                       "ports",  "grants", "reports", "audit"};

/* Largest value of each that a hypervisor can be asked for. */
static const uint32_t limit_max[POLICY_LIMITS] = {4194304, 32, 65535, 3200, 4096, 32, 1000000, 1000000};

struct parser {
    const char *file;
    unsigned int line;
    char *word[WORDS_MAX];
    size_t words;
    struct policy_rules *out;
    struct policy_error *e;
};

static int __attribute__((format(printf, 2, 3))) fail(struct parser *p, const char *fmt, ...)
{
    va_list args;
    int n = snprintf(p->e->text, sizeof(p->e->text), "%s:%u: ", p->file, p->line);

    va_start(args, fmt);
    if (n > 0 && (size_t)n < sizeof(p->e->text)) vsnprintf(p->e->text + n, sizeof(p->e->text) - (size_t)n, fmt, args);
    va_end(args);
    return -EINVAL;
}

static int no_memory(struct parser *p)
{
    return fail(p, "no memory");
}

/* A decimal number up to max; false where it is none. */
static bool read_number(const char *text, size_t n, uint64_t max, uint64_t *out)
{
    if (n == 0 || n > 10 || strspn(text, "0123456789") < n) return false;
    *out = strtoull(text, NULL, 10);
    return *out <= max;
}

/* cN or cLOW-cHIGH. */
static int read_range(struct parser *p, const char *text, uint16_t *low, uint16_t *high)
{
    const char *dash = strchr(text, '-');
    size_t n = dash ? (size_t)(dash - text) : strlen(text);
    uint64_t a, b;

    if (text[0] != 'c' || !read_number(text + 1, n - 1, POLICY_COMPARTMENTS - 1, &a) ||
        (dash && (dash[1] != 'c' || !read_number(dash + 2, strlen(dash + 2), POLICY_COMPARTMENTS - 1, &b))))
        return fail(p, "'%.60s' is no compartment: c0 to c%d, or two of them as in c4-c9", text,
                    POLICY_COMPARTMENTS - 1);
    if (!dash) b = a;
    if (b < a) return fail(p, "%s: the second compartment is below the first", text);
    *low = (uint16_t)a;
    *high = (uint16_t)b;
    return 0;
}

static int read_name(struct parser *p, const char *what, const char *text, size_t n, size_t size, char *out)
{
    if (n == 0 || n >= size || strspn(text, NAME_CHARACTERS) < n)
        return fail(p, "'%.*s' is no name of a %s: 1 to %zu letters, digits, _ . -", n > 60 ? 60 : (int)n, text, what,
                    size - 1);
    memset(out, 0, size);
    memcpy(out, text, n);
    return 0;
}

/* TYPE, or where `any` is set *. */
static int read_type(struct parser *p, const char *text, size_t n, bool any, char out[POLICY_TYPE_NAME])
{
    if (n == 1 && text[0] == '*') {
        if (!any) return fail(p, "* is not allowed here: name the type");
        memset(out, 0, POLICY_TYPE_NAME);
        out[0] = '*';
        return 0;
    }
    return read_name(p, "type", text, n, POLICY_TYPE_NAME, out);
}

static int read_label(struct parser *p, const char *text, bool any, struct policy_item *out)
{
    const char *colon = strchr(text, ':');

    *out = (struct policy_item){.high = POLICY_COMPARTMENTS - 1};
    int rc = read_type(p, text, colon ? (size_t)(colon - text) : strlen(text), any, out->name);
    return rc == 0 && colon ? read_range(p, colon + 1, &out->low, &out->high) : rc;
}

/* Words from the `from`th on, each read by its kind. */
enum item_kind { ITEM_LABEL, ITEM_ANY_LABEL, ITEM_RANGE, ITEM_CLASS };

static int read_items(struct parser *p, struct policy_rule *r, size_t from, enum item_kind kind)
{
    int rc = 0;

    r->items = p->words - from;
    r->item = calloc(r->items, sizeof(*r->item));
    if (!r->item) return no_memory(p);
    for (size_t i = 0; rc == 0 && i < r->items; i++) {
        const char *word = p->word[from + i];
        struct policy_item *item = &r->item[i];
        if (kind == ITEM_RANGE)
            rc = read_range(p, word, &item->low, &item->high);
        else if (kind == ITEM_CLASS)
            rc = read_name(p, "class", word, strlen(word), sizeof(item->name), item->name);
        else
            rc = read_label(p, word, kind == ITEM_ANY_LABEL, item);
    }
    return rc;
}

static int parse_assign(struct parser *p, struct policy_rule *r)
{
    if (p->words < 3)
        return fail(p,
                    "assign CREATOR LABEL...: a type, then labels that it may give, as in 'assign dom0_t web_t:c1-c9'");
    int rc = read_type(p, p->word[1], strlen(p->word[1]), false, r->name);
    return rc ? rc : read_items(p, r, 2, ITEM_ANY_LABEL);
}

static int parse_clearance(struct parser *p, struct policy_rule *r)
{
    if (p->words < 3) return fail(p, "clearance LABEL cLOW-cHIGH...: as in 'clearance guard_t:c1 c2-c4 c9'");
    int rc = read_label(p, p->word[1], false, &r->label);
    return rc ? rc : read_items(p, r, 2, ITEM_RANGE);
}

static int read_memory(const char *text, uint64_t *out)
{
    size_t n = strspn(text, "0123456789");
    uint64_t value;

    if (!read_number(text, n, UINT32_MAX, &value) || strlen(text) != n + 1) return -EINVAL;
    switch (text[n]) {
    case 'K':
        *out = value / 1024;
        return value % 1024 ? -EINVAL : 0;
    case 'M':
        *out = value;
        return 0;
    case 'G':
        *out = value * 1024;
        return 0;
    default:
        return -EINVAL;
    }
}

static int read_limit(struct parser *p, struct policy_rule *r, const char *word)
{
    const char *equals = strchr(word, '=');
    uint64_t value = 0;
    size_t l = 0;

    while (equals && l < POLICY_LIMITS &&
           (strlen(policy_limit_names[l]) != (size_t)(equals - word) ||
            strncmp(policy_limit_names[l], word, (size_t)(equals - word)) != 0))
        l++;
    if (!equals || l == POLICY_LIMITS)
        return fail(p,
                    "'%.60s' is no limit: memory=512M, vcpus=, weight=, cap=, ports=, grants=, reports=, audit=", word);
    if (l == POLICY_LIMIT_MEMORY ? read_memory(equals + 1, &value) != 0
                                 : !read_number(equals + 1, strlen(equals + 1), UINT32_MAX, &value))
        return fail(p, "%.60s: %s", word,
                    l == POLICY_LIMIT_MEMORY ? "whole MiB with K, M or G behind, as in 512M" : "a number is wanted");
    if (value == 0 || value > limit_max[l])
        return fail(p, "%.60s: from 1 to %u%s is allowed", word, limit_max[l], l == POLICY_LIMIT_MEMORY ? "M" : "");
    if (r->most[l]) return fail(p, "%s is there twice", policy_limit_names[l]);
    r->most[l] = (uint32_t)value;
    return 0;
}

static int parse_ceiling(struct parser *p, struct policy_rule *r)
{
    if (p->words < 3) return fail(p, "ceiling TYPE LIMIT=N...: as in 'ceiling web_t memory=512M vcpus=2 ports=128'");
    int rc = read_type(p, p->word[1], strlen(p->word[1]), true, r->name);
    for (size_t i = 2; rc == 0 && i < p->words; i++)
        rc = read_limit(p, r, p->word[i]);
    return rc;
}

static int read_id(struct parser *p, const char *text, uint8_t id[32])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64 || strspn(text, "0") == 64)
        return fail(p, "'%.70s' is no SHA-256: 64 digits 0 to 9, a to f", text);
    for (int i = 0; i < 32; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        id[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return 0;
}

static int parse_launch(struct parser *p, struct policy_rule *r)
{
    uint64_t svn = 0;

    bool digest = p->words == 4 && strcmp(p->word[2], "digest") == 0;
    bool signer = (p->words == 4 || p->words == 5) && strcmp(p->word[2], "signer") == 0;
    if (!digest && !signer) return fail(p, "launch LABEL digest HEX64, or launch LABEL signer HEX64 [svn>=N]");
    if (p->words == 5 && (strncmp(p->word[4], "svn>=", 5) != 0 ||
                          !read_number(p->word[4] + 5, strlen(p->word[4] + 5), UINT32_MAX, &svn)))
        return fail(p, "'%.60s': svn>=N with N from 0 to 4294967295 is allowed", p->word[4]);
    r->launch_kind = digest ? POLICY_LAUNCH_DIGEST : POLICY_LAUNCH_SIGNER;
    r->svn = (uint32_t)svn;
    int rc = read_label(p, p->word[1], false, &r->label);
    return rc ? rc : read_id(p, p->word[3], r->id);
}

static int parse_conflict(struct parser *p, struct policy_rule *r)
{
    bool per_boot = p->words > 2 && strcmp(p->word[2], "per-boot") == 0;

    if (p->words < 5 || (!per_boot && strcmp(p->word[2], "at-a-time") != 0))
        return fail(p, "conflict NAME at-a-time|per-boot LABEL LABEL...: two members at least, as in "
                       "'conflict banks per-boot bank_a_t bank_b_t'");
    r->per_boot = per_boot;
    int rc = read_name(p, "conflict set", p->word[1], strlen(p->word[1]), POLICY_SET_NAME, r->name);
    return rc ? rc : read_items(p, r, 3, ITEM_LABEL);
}

static int parse_record(struct parser *p, struct policy_rule *r)
{
    return p->words < 2 ? fail(p, "record CLASS...: as in 'record policy domain'") : read_items(p, r, 1, ITEM_CLASS);
}

static const struct {
    const char *word;
    int (*parse)(struct parser *, struct policy_rule *);
} kinds[] = {
    [RULE_ASSIGN] = {"assign", parse_assign},       [RULE_CLEARANCE] = {"clearance", parse_clearance},
    [RULE_CEILING] = {"ceiling", parse_ceiling},    [RULE_LAUNCH] = {"launch", parse_launch},
    [RULE_CONFLICT] = {"conflict", parse_conflict}, [RULE_RECORD] = {"record", parse_record},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int parse_words(struct parser *p)
{
    size_t k = 0;

    while (k < KINDS && strcmp(kinds[k].word, p->word[0]) != 0)
        k++;
    if (k == KINDS)
        return fail(p, "'%.60s' is no rule: assign, clearance, ceiling, launch, conflict, record are", p->word[0]);
    struct policy_rule *more = realloc(p->out->rule, (p->out->count + 1) * sizeof(*more));
    if (!more) return no_memory(p);
    p->out->rule = more;
    struct policy_rule *r = &more[p->out->count++];
    memset(r, 0, sizeof(*r));
    r->kind = (enum policy_rule_kind)k;
    r->line = p->line;
    return kinds[k].parse(p, r);
}

/* `line` is changed: NULs between its words. */
static int parse_line(struct parser *p, char *line)
{
    char *save = NULL;

    line[strcspn(line, "#")] = 0;
    p->words = 0;
    for (char *word = strtok_r(line, SPACE, &save); word; word = strtok_r(NULL, SPACE, &save)) {
        if (p->words == WORDS_MAX) return fail(p, "more than %d words in a rule", WORDS_MAX);
        p->word[p->words++] = word;
    }
    return p->words ? parse_words(p) : 0;
}

int policy_rules_parse(const char *file, const char *text, size_t size, struct policy_rules *out,
                       struct policy_error *e)
{
    struct parser *p = calloc(1, sizeof(*p));
    char *copy = malloc(size + 1);
    int rc = 0;

    *out = (struct policy_rules){0};
    if (!p || !copy) {
        snprintf(e->text, sizeof(e->text), "%s: no memory", file);
        free(copy);
        free(p);
        return -EINVAL;
    }
    memcpy(copy, text, size);
    copy[size] = 0;
    *p = (struct parser){.file = file, .out = out, .e = e};
    for (size_t at = 0; rc == 0 && at < size;) {
        size_t n = 0;
        while (at + n < size && copy[at + n] != '\n')
            n++;
        copy[at + n] = 0;
        p->line++;
        rc = memchr(text + at, 0, n) ? fail(p, "a NUL byte: not a text file") : parse_line(p, copy + at);
        at += n + 1;
    }
    free(copy);
    free(p);
    if (rc != 0) policy_rules_free(out);
    return rc;
}

void policy_rules_free(struct policy_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->rule[i].item);
    free(rules->rule);
    *rules = (struct policy_rules){0};
}
