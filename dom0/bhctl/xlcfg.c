/* SPDX-License-Identifier: MIT */
#include "xlcfg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct parser {
    const char *p, *end;
    int line;
    struct xlcfg *out;
    struct xlcfg_error *err;
};

__attribute__((format(printf, 2, 3))) static int fail(struct parser *ps, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(ps->err->text, sizeof(ps->err->text), format, ap);
    va_end(ap);
    ps->err->line = ps->line;
    return -EINVAL;
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool at_end(const struct parser *ps)
{
    return ps->p == ps->end;
}

/* Skips blanks and comments; line ends too where a statement cannot end (inside a list). */
static void skip(struct parser *ps, bool newlines)
{
    while (!at_end(ps)) {
        if (*ps->p == '#') {
            while (!at_end(ps) && *ps->p != '\n')
                ps->p++;
        } else if (*ps->p == '\n' && newlines) {
            ps->line++;
            ps->p++;
        } else if (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\r') {
            ps->p++;
        } else {
            return;
        }
    }
}

/* Names what stands at the cursor, for messages: hostile bytes never reach a terminal. */
static const char *seen(const struct parser *ps, char buf[24])
{
    if (at_end(ps)) return "the end of the file";
    if (*ps->p == '\n') return "the end of the line";
    if (*ps->p >= 0x20 && *ps->p < 0x7f)
        snprintf(buf, 24, "'%c'", *ps->p);
    else
        snprintf(buf, 24, "byte 0x%02x", (unsigned char)*ps->p);
    return buf;
}

static void store_char(struct parser *ps, char c)
{
    /* Cannot overflow: each byte of the file is stored at most once, and each value's NUL has its place. */
    ps->out->store[ps->out->store_used++] = c;
}

static int hex_digit(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int escape_hex(struct parser *ps, char *c)
{
    int high, low;

    if (ps->end - ps->p < 2 || (high = hex_digit(ps->p[0])) < 0 || (low = hex_digit(ps->p[1])) < 0)
        return fail(ps, "\\x in a string wants two hexadecimal digits");
    ps->p += 2;
    *c = (char)(high * 16 + low);
    return *c ? 0 : fail(ps, "a string must not contain a NUL byte");
}

static int escape(struct parser *ps, char *c)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    const char *at;
    char which;

    if (at_end(ps)) return fail(ps, "the file ends inside a string");
    which = *ps->p++;
    if (which == 'x') return escape_hex(ps, c);
    at = which ? strchr(from, which) : NULL;
    if (!at) {
        ps->p--;
        char buf[24];
        return fail(ps, "unknown escape in a string: \\ followed by %s", seen(ps, buf));
    }
    *c = to[at - from];
    return 0;
}

static int parse_string(struct parser *ps)
{
    char quote = *ps->p++;
    int rc;

    while (!at_end(ps) && *ps->p != quote) {
        char c = *ps->p++;

        if (c == '\n') return fail(ps, "a string is not closed before the end of the line");
        if (c == '\\' && (rc = escape(ps, &c)) < 0) return rc;
        store_char(ps, c);
    }
    if (at_end(ps)) return fail(ps, "the file ends inside a string");
    ps->p++;
    return 0;
}

static int parse_number(struct parser *ps)
{
    bool minus = *ps->p == '-';

    if (minus) store_char(ps, *ps->p++);
    if (at_end(ps) || !is_digit(*ps->p)) return fail(ps, "a '-' without a number");
    while (!at_end(ps) && (is_digit(*ps->p) || is_alpha(*ps->p)))
        store_char(ps, *ps->p++);
    return 0;
}

static int parse_scalar(struct parser *ps)
{
    struct xlcfg_value *value;
    char buf[24];
    int rc;

    if (ps->out->value_count == XLCFG_VALUES_MAX)
        return fail(ps, "too many values: at most %u in a file", XLCFG_VALUES_MAX);
    value = &ps->out->values[ps->out->value_count];
    value->text = ps->out->store + ps->out->store_used;
    if (!at_end(ps) && (*ps->p == '"' || *ps->p == '\'')) {
        value->quoted = true;
        rc = parse_string(ps);
    } else if (!at_end(ps) && (is_digit(*ps->p) || *ps->p == '-')) {
        value->quoted = false;
        rc = parse_number(ps);
    } else if (!at_end(ps) && is_alpha(*ps->p)) {
        rc = fail(ps, "a value must be a number or a string in quotes, and this word is neither");
    } else {
        rc = fail(ps, "expected a number, a quoted string or '[', found %s", seen(ps, buf));
    }
    if (rc < 0) return rc;
    store_char(ps, '\0');
    ps->out->value_count++;
    return 0;
}

static int parse_list(struct parser *ps, struct xlcfg_entry *entry)
{
    char buf[24];
    int rc;

    entry->list = true;
    ps->p++;
    for (;;) {
        skip(ps, true);
        if (!at_end(ps) && *ps->p == ']') break;
        if (!at_end(ps) && *ps->p == '[') return fail(ps, "lists inside lists are not supported");
        rc = parse_scalar(ps);
        if (rc < 0) return rc;
        entry->count++;
        skip(ps, true);
        if (!at_end(ps) && *ps->p == ',')
            ps->p++;
        else if (at_end(ps) || *ps->p != ']')
            return fail(ps, "expected ',' or ']' in a list, found %s", seen(ps, buf));
    }
    ps->p++;
    return 0;
}

static int parse_key(struct parser *ps, struct xlcfg_entry *entry)
{
    char buf[24];
    size_t n = 0;

    if (!is_alpha(*ps->p)) return fail(ps, "expected a key, found %s", seen(ps, buf));
    while (!at_end(ps) && (is_alpha(*ps->p) || is_digit(*ps->p))) {
        if (n == XLCFG_KEY_MAX - 1) return fail(ps, "a key has more than %u characters", XLCFG_KEY_MAX - 1);
        entry->key[n++] = *ps->p++;
    }
    entry->key[n] = '\0';
    for (size_t i = 0; i < ps->out->count; i++)
        if (strcmp(ps->out->entries[i].key, entry->key) == 0)
            return fail(ps, "%s: given twice, first on line %d", entry->key, ps->out->entries[i].line);
    return 0;
}

static int parse_statement(struct parser *ps)
{
    struct xlcfg_entry *entry;
    char buf[24];
    int rc;

    if (ps->out->count == XLCFG_ENTRIES_MAX) return fail(ps, "too many keys: at most %u in a file", XLCFG_ENTRIES_MAX);
    entry = &ps->out->entries[ps->out->count];
    *entry = (struct xlcfg_entry){.line = ps->line, .first = ps->out->value_count};
    rc = parse_key(ps, entry);
    if (rc < 0) return rc;
    skip(ps, false);
    if (at_end(ps) || *ps->p != '=') return fail(ps, "%s: expected '=', found %s", entry->key, seen(ps, buf));
    ps->p++;
    skip(ps, false);
    if (!at_end(ps) && *ps->p == '[') {
        rc = parse_list(ps, entry);
    } else {
        entry->count = 1;
        rc = parse_scalar(ps);
    }
    if (rc < 0) return rc;
    skip(ps, false);
    if (!at_end(ps) && *ps->p != '\n' && *ps->p != ';')
        return fail(ps, "%s: expected the end of the line or ';', found %s", entry->key, seen(ps, buf));
    ps->out->count++;
    return 0;
}

int xlcfg_parse(const char *text, size_t size, struct xlcfg *out, struct xlcfg_error *err)
{
    struct parser ps = {.p = text, .end = text + size, .line = 1, .out = out, .err = err};
    int rc;

    out->count = out->value_count = out->store_used = 0;
    err->line = 0;
    err->text[0] = '\0';
    if (size > XLCFG_FILE_MAX) {
        ps.line = 0;
        return fail(&ps, "%zu bytes are no tenant's configuration: at most %u", size, XLCFG_FILE_MAX);
    }
    for (;;) {
        skip(&ps, true);
        if (at_end(&ps)) return 0;
        if (*ps.p == ';') {
            ps.p++;
            continue;
        }
        rc = parse_statement(&ps);
        if (rc < 0) return rc;
    }
}
