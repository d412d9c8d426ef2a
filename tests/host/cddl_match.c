/* SPDX-License-Identifier: MIT */
#include "cddl_match.h"

#include <cbor.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file;

static void broken(const char *what, const char *at)
{
    fprintf(stderr, "cddl: %s at \"%.40s\"\n", what, at);
    abort();
}

static void blank(const char **p)
{
    for (;; ++*p) {
        if (**p == ';') *p += strcspn(*p, "\n");
        if (**p == '\0' || !isspace((unsigned char)**p)) return;
    }
}

static bool take(const char **p, const char *word)
{
    blank(p);
    if (strncmp(*p, word, strlen(word)) != 0) return false;
    *p += strlen(word);
    return true;
}

static void want(const char **p, const char *word)
{
    if (!take(p, word)) broken(word, *p);
}

static size_t name_at(const char *p)
{
    size_t n = 0;

    while (isalnum((unsigned char)p[n]) || (n != 0 && strchr("-_", p[n]) != NULL && p[n] != '\0'))
        n++;
    return n;
}

/* What stands right of "NAME =" at a line's beginning. */
static const char *rule_of(const char *name, size_t size)
{
    const char *p = file;

    while (p != NULL) {
        if (name_at(p) == size && strncmp(p, name, size) == 0) {
            p += size;
            want(&p, "=");
            return p;
        }
        p = strchr(p, '\n');
        p = p != NULL ? p + 1 : NULL;
    }
    broken("no rule", name);
    return NULL;
}

/* Every function here moves *p behind what it read, whether the item is that or not; item NULL: only moves. */
static bool type(const char **p, cbor_item_t *item);

static bool is_int(const cbor_item_t *item, long long from, long long to)
{
    long long value;

    if (item == NULL || (!cbor_isa_uint(item) && !cbor_isa_negint(item))) return false;
    value = cbor_isa_uint(item) ? (long long)cbor_get_int(item) : -1 - (long long)cbor_get_int(item);
    return value >= from && value <= to;
}

static bool integers(const char **p, const cbor_item_t *item)
{
    char *end;
    long long from = strtoll(*p, &end, 10), to = from;

    if (strncmp(end, "..", 2) == 0) to = strtoll(end + 2, &end, 10);
    *p = end;
    return is_int(item, from, to);
}

static bool literal(const char **p, const cbor_item_t *item)
{
    const char *text = *p + 1, *end = strchr(text, '"');

    if (end == NULL) broken("text without end", *p);
    *p = end + 1;
    return item != NULL && cbor_isa_string(item) && cbor_string_length(item) == (size_t)(end - text) &&
           memcmp(cbor_string_handle(item), text, (size_t)(end - text)) == 0;
}

static bool tag(const char **p, cbor_item_t *item)
{
    unsigned long number = strtoul(*p + 3, (char **)p, 10);
    bool is = item != NULL && cbor_isa_tag(item) && cbor_tag_value(item) == number;
    cbor_item_t *inside = is ? cbor_tag_item(item) : NULL;

    want(p, "(");
    is &= type(p, inside);
    want(p, ")");
    if (inside != NULL) cbor_decref(&inside);
    return is;
}

struct occurrence {
    unsigned long least, most;
};

static struct occurrence occurrence(const char **p)
{
    struct occurrence o = {1, 1};
    char *end;

    blank(p);
    if (isdigit((unsigned char)**p)) {
        o.least = strtoul(*p, &end, 10);
        if (*end != '*') return (struct occurrence){1, 1};
        o.most = strtoul(end + 1, (char **)p, 10);
        return o;
    }
    if (take(p, "?"))
        o.least = 0;
    else if (take(p, "*"))
        o = (struct occurrence){0, ~0ul};
    else if (take(p, "+"))
        o.most = ~0ul;
    return o;
}

static bool map(const char **p, cbor_item_t *item)
{
    bool is = item != NULL && cbor_isa_map(item);
    size_t size = is ? cbor_map_size(item) : 0, used = 0;

    while (!take(p, "}")) {
        struct occurrence o = occurrence(p);
        const char *start = *p;
        unsigned long count = 0;

        for (size_t i = 0; i < size; i++) {
            struct cbor_pair pair = cbor_map_handle(item)[i];
            bool key;

            *p = start;
            key = type(p, pair.key);
            want(p, "=>");
            if (key) is &= type(p, pair.value);
            count += key;
        }
        *p = start;
        type(p, NULL);
        want(p, "=>");
        type(p, NULL);
        take(p, ",");
        is &= count >= o.least && count <= o.most;
        used += count;
    }
    return is && used == size;
}

static bool array(const char **p, cbor_item_t *item)
{
    bool is = item != NULL && cbor_isa_array(item);
    size_t size = is ? cbor_array_size(item) : 0, used = 0;

    while (!take(p, "]")) {
        struct occurrence o = occurrence(p);
        const char *start = *p;
        unsigned long count = 0;

        while (used < size && count < o.most) {
            *p = start;
            if (!type(p, cbor_array_handle(item)[used])) break;
            used++;
            count++;
        }
        *p = start;
        type(p, NULL);
        take(p, ",");
        is &= count >= o.least;
    }
    return is && used == size;
}

static bool matches_inside(const char **p, const cbor_item_t *item)
{
    struct cbor_load_result result;
    cbor_item_t *inside = NULL;
    bool is;

    if (item != NULL) inside = cbor_load(cbor_bytestring_handle(item), cbor_bytestring_length(item), &result);
    is = inside != NULL && result.read == cbor_bytestring_length(item);
    is &= type(p, inside);
    if (inside != NULL) cbor_decref(&inside);
    return is;
}

static bool bytes(const char **p, cbor_item_t *item)
{
    bool is = item != NULL && cbor_isa_bytestring(item);

    if (take(p, ".size")) {
        cbor_item_t *size = cbor_build_uint64(is ? cbor_bytestring_length(item) : 0);

        is &= type(p, size);
        cbor_decref(&size);
    } else if (take(p, ".cbor")) {
        is &= matches_inside(p, is ? item : NULL);
    }
    return is;
}

static bool named(const char **p, cbor_item_t *item)
{
    size_t size = name_at(*p);
    const char *name = *p, *rule;

    if (size == 0) broken("not understood", *p);
    *p += size;
    if (size == 4 && strncmp(name, "bstr", 4) == 0) return bytes(p, item);
    if (size == 4 && strncmp(name, "tstr", 4) == 0) return item != NULL && cbor_isa_string(item);
    if (size == 4 && strncmp(name, "uint", 4) == 0) return item != NULL && cbor_isa_uint(item);
    rule = rule_of(name, size);
    return item != NULL && type(&rule, item);
}

static bool type(const char **p, cbor_item_t *item)
{
    bool is;

    blank(p);
    if (isdigit((unsigned char)**p) || **p == '-') return integers(p, item);
    if (**p == '"') return literal(p, item);
    if (strncmp(*p, "#6.", 3) == 0) return tag(p, item);
    if (take(p, "{")) return map(p, item);
    if (take(p, "[")) return array(p, item);
    if (take(p, "(")) {
        is = type(p, item);
        want(p, ")");
        return is;
    }
    return named(p, item);
}

bool cddl_match(const char *cddl, const char *rule, const uint8_t *data, size_t size)
{
    struct cbor_load_result result;
    cbor_item_t *item = cbor_load(data, size, &result);
    const char *p;
    bool is;

    file = cddl;
    p = rule_of(rule, strlen(rule));
    is = item != NULL && result.read == size && type(&p, item);
    if (item != NULL) cbor_decref(&item);
    return is;
}
