/* SPDX-License-Identifier: MIT */
#include "polspec.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "polflow.h"

#define WORDS_MAX     256
#define SENTENCES_MAX 4096

/* A sentence in words. Punctuation (, = : alone, ->) is a word of its own; a string keeps its first quote. */
struct words {
    char text[WORDS_MAX][POLSPEC_TEXT];
    unsigned int count, at;
    unsigned int line;
    struct polspec_error *e;
};

static int __attribute__((format(printf, 2, 3))) bad(struct words *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(w->e->text, sizeof(w->e->text), fmt, args);
    va_end(args);
    w->e->line = w->line;
    return -1;
}

static const char *peek(const struct words *w)
{
    return w->at < w->count ? w->text[w->at] : "";
}

static bool take(struct words *w, const char *word)
{
    if (w->at >= w->count || strcmp(w->text[w->at], word) != 0) return false;
    w->at++;
    return true;
}

static int expect(struct words *w, const char *word)
{
    if (take(w, word)) return 0;
    return *peek(w) ? bad(w, "\"%.40s\" where \"%s\" is expected", peek(w), word)
                    : bad(w, "\"%s\" is missing at the end", word);
}

static bool is_name(const char *word, const char *more)
{
    size_t n = strlen(word);
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(more, *c)) return false;
    return n > 0 && n < POLSPEC_WORD;
}

static int name(struct words *w, char out[POLSPEC_WORD], const char *what)
{
    const char *word = peek(w);
    if (!is_name(word, "_.-"))
        return *word ? bad(w, "\"%.40s\" where %s is expected", word, what) : bad(w, "%s is missing at the end", what);
    strcpy(out, word);
    w->at++;
    return 0;
}

/* NAME, NAME ... */
static int names(struct words *w, struct polspec_names *out, const char *what)
{
    do {
        if (out->count == POLSPEC_NAMES) return bad(w, "more than %d names in one list", POLSPEC_NAMES);
        if (name(w, out->name[out->count], what) != 0) return -1;
        out->count++;
    } while (take(w, ","));
    return 0;
}

/* CLASS:PERMISSION, CLASS:* ... */
static int permissions(struct words *w, struct polspec_names *out)
{
    do {
        const char *word = peek(w), *colon = strchr(word, ':');
        if (out->count == POLSPEC_NAMES) return bad(w, "more than %d permissions in one list", POLSPEC_NAMES);
        if (!colon || colon == word || !colon[1] || !is_name(word, "_:*"))
            return bad(w, "\"%.40s\" where CLASS:PERMISSION is expected", word);
        strcpy(out->name[out->count++], word);
        w->at++;
    } while (take(w, ","));
    return 0;
}

/* by KIND, KIND */
static int by_kinds(struct words *w, struct polspec_line *l)
{
    if (!take(w, "by")) return 0;
    do {
        unsigned int k = 0;
        while (k < POL_KINDS && strcmp(peek(w), pol_kind_names[k]) != 0)
            k++;
        if (k == POL_KINDS)
            return bad(w, "\"%.40s\" is no kind of flow: memory, console, signal, state, platform, control", peek(w));
        l->kinds |= 1u << k;
        w->at++;
    } while (take(w, ","));
    return 0;
}

/* What may follow the two sets: places, kinds, exceptions, in any order. */
static int tail(struct words *w, struct polspec_line *l, bool through)
{
    while (w->at < w->count) {
        if (strcmp(peek(w), "by") == 0) {
            if (by_kinds(w, l) != 0) return -1;
        } else if (take(w, "in")) {
            if (expect(w, "the") != 0 || expect(w, "same") != 0 || expect(w, "compartment") != 0) return -1;
            l->place = POLSPEC_SAME;
        } else if (take(w, "of")) {
            if (expect(w, "different") != 0 || expect(w, "compartments") != 0) return -1;
            l->place = POLSPEC_OTHER;
        } else if (through && take(w, "but")) {
            if (expect(w, "through") != 0 || names(w, &l->through, "a type or set") != 0) return -1;
        } else {
            return bad(w, "\"%.40s\" is not understood here", peek(w));
        }
    }
    return 0;
}

/* A [in one compartment] to|-> B [in another] */
static int from_to(struct words *w, struct polspec_line *l, const char *arrow)
{
    bool one = false;
    if (names(w, &l->a, "a type or set") != 0) return -1;
    if (take(w, "in")) {
        if (expect(w, "one") != 0 || expect(w, "compartment") != 0) return -1;
        one = true;
    }
    if (expect(w, arrow) != 0 || names(w, &l->b, "a type or set") != 0) return -1;
    if (one) {
        if (expect(w, "in") != 0 || expect(w, "another") != 0) return -1;
        l->place = POLSPEC_OTHER;
    }
    return 0;
}

static int no_sentence(struct words *w, struct polspec_line *l)
{
    bool path = take(w, "path");
    if (path || take(w, "flow")) {
        l->kind = path ? POLSPEC_NO_PATH : POLSPEC_NO_FLOW;
        if (take(w, "from")) {
            if (from_to(w, l, "to") != 0) return -1;
        } else {
            if (expect(w, "between") != 0 || names(w, &l->a, "a type or set") != 0) return -1;
            l->both_ways = true;
            l->b = l->a;
            if (take(w, "and")) {
                l->b.count = 0;
                if (names(w, &l->b, "a type or set") != 0) return -1;
            }
        }
        return tail(w, l, path);
    }
    l->kind = POLSPEC_NONE_MAY;
    if (names(w, &l->a, "path, flow, a type or set") != 0 || expect(w, "may") != 0 || permissions(w, &l->perms) != 0)
        return -1;
    if (take(w, "to") && names(w, &l->b, "a type or set") != 0) return -1;
    return tail(w, l, false);
}

static int flow_sentence(struct words *w, struct polspec_line *l, bool path)
{
    l->kind = path ? POLSPEC_PATH : POLSPEC_FLOW;
    if (from_to(w, l, "->") != 0) return -1;
    while (w->at < w->count && !(strcmp(peek(w), "only") == 0)) {
        struct words part = *w;
        while (part.at < part.count && strcmp(part.text[part.at], "only") != 0)
            part.at++;
        part.count = part.at;
        part.at = w->at;
        if (tail(&part, l, false) != 0) return -1;
        w->at = part.at;
    }
    if (take(w, "only")) {
        l->kind = POLSPEC_ONLY_BY;
        if (expect(w, "through") != 0 || names(w, &l->through, "a type or set") != 0) return -1;
    }
    return 0;
}

static int never_sentence(struct words *w, struct polspec_line *l)
{
    static const char *const verbs[] = {"reads", "writes", "signals", "controls", "reaches"};
    unsigned int v = 0;
    l->kind = POLSPEC_NEVER;
    while (v < 5 && strcmp(peek(w), verbs[v]) != 0)
        v++;
    if (v == 5) return bad(w, "\"%.40s\" where reads, writes, signals, controls or reaches is expected", peek(w));
    l->verb = (enum polspec_verb)v;
    w->at++;
    if (names(w, &l->b, "a type or set") != 0) return -1;
    if (take(w, "but")) {
        if (expect(w, "console") != 0) return -1;
        l->but_console = true;
    }
    return tail(w, l, false);
}

static int accept_sentence(struct words *w, struct polspec_line *l)
{
    l->kind = POLSPEC_ACCEPT;
    if (name(w, l->word, "a code of check") != 0) return -1;
    if (take(w, "of") && names(w, &l->a, "a type or set") != 0) return -1;
    if (expect(w, "because") != 0) return -1;
    if (*peek(w) != '"') return bad(w, "a reason in quotes is expected after because");
    strcpy(l->because, peek(w) + 1);
    w->at++;
    return 0;
}

static int sentence(struct words *w, struct polspec_line *l)
{
    if (w->count > 1 && strcmp(w->text[1], ":") == 0) {
        if (name(w, l->label, "a label") != 0) return -1;
        w->at++;
    }
    if (w->at + 1 < w->count && strcmp(w->text[w->at + 1], "=") == 0) {
        l->kind = POLSPEC_SET;
        if (name(w, l->word, "a set's name") != 0) return -1;
        w->at++;
        return names(w, &l->a, "a type or set");
    }
    if (take(w, "no")) return no_sentence(w, l);
    if (take(w, "flow")) return flow_sentence(w, l, false);
    if (take(w, "path")) return flow_sentence(w, l, true);
    if (take(w, "accept")) return accept_sentence(w, l);
    if (take(w, "only")) {
        l->kind = POLSPEC_ONLY_MAY;
        if (names(w, &l->a, "a type or set") != 0 || expect(w, "may") != 0 || permissions(w, &l->perms) != 0) return -1;
        return take(w, "to") ? names(w, &l->b, "a type or set") : 0;
    }
    if (take(w, "conflict")) {
        l->kind = POLSPEC_CONFLICT;
        if (expect(w, "set") != 0 || name(w, l->word, "a conflict set's name") != 0 || expect(w, "covers") != 0)
            return -1;
        return names(w, &l->a, "a type");
    }
    if (take(w, "launch")) {
        l->kind = POLSPEC_LAUNCH;
        if (expect(w, "of") != 0 || names(w, &l->a, "a type or set") != 0 || expect(w, "is") != 0) return -1;
        return expect(w, "bound");
    }
    if (names(w, &l->a, "no, flow, path, only, conflict, launch, accept, a type or set") != 0) return -1;
    if (!take(w, "never"))
        return *peek(w) ? bad(w, "\"%.40s\" where \"never\" or \"=\" is expected", peek(w))
                        : bad(w, "a sentence without a verb");
    return never_sentence(w, l);
}

/* ---- Characters to words ------------------------------------------------------------------------- */

struct scanner {
    const char *at, *end;
    unsigned int line;
};

static int put(struct words *w, const char *text, size_t n)
{
    if (w->count == WORDS_MAX) return bad(w, "a sentence of more than %d words", WORDS_MAX);
    if (n >= POLSPEC_TEXT) return bad(w, "a word of more than %d characters", POLSPEC_TEXT - 1);
    memcpy(w->text[w->count], text, n);
    w->text[w->count++][n] = 0;
    return 0;
}

/* A word ends before space, punctuation, comment; a colon inside of it belongs to it, one at its end does not. */
static int scan_word(struct scanner *s, struct words *w)
{
    const char *start = s->at;
    if (*start == '"') {
        const char *end = memchr(start + 1, '"', (size_t)(s->end - start - 1));
        if (!end || memchr(start, '\n', (size_t)(end - start))) return bad(w, "a \" without its other on the line");
        s->at = end + 1;
        return put(w, start, (size_t)(end - start));
    }
    if (s->end - start >= 2 && start[0] == '-' && start[1] == '>') {
        s->at += 2;
        return put(w, "->", 2);
    }
    if (*start == ',' || *start == '=' || *start == ':') {
        s->at++;
        return put(w, start, 1);
    }
    while (s->at < s->end && (isalnum((unsigned char)*s->at) || (*s->at && strchr("_.*:-", *s->at)))) {
        if (s->end - s->at >= 2 && s->at[0] == '-' && s->at[1] == '>') break;
        s->at++;
    }
    if (s->at == start)
        return isprint((unsigned char)*start) ? bad(w, "character '%c' is not understood", *start)
                                              : bad(w, "byte 0x%02x is not understood", (unsigned char)*start);
    size_t n = (size_t)(s->at - start);
    if (start[n - 1] == ':' && n > 1) {
        s->at--;
        n--;
    }
    return put(w, start, n);
}

static void skip_line_space(struct scanner *s)
{
    while (s->at < s->end && *s->at != '\n') {
        if (*s->at == '#')
            while (s->at < s->end && *s->at != '\n')
                s->at++;
        else if (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')
            s->at++;
        else
            return;
    }
}

/* At a line's end: does the sentence go on in the next line that is not empty? It does where that begins with space. */
static bool goes_on(struct scanner *s)
{
    while (s->at < s->end && *s->at == '\n') {
        s->at++;
        s->line++;
        bool indented = s->at < s->end && (*s->at == ' ' || *s->at == '\t');
        skip_line_space(s);
        if (s->at < s->end && *s->at != '\n') return indented;
    }
    return false;
}

/* 1: a sentence, 0: the end, -1: an error. */
static int scan(struct scanner *s, struct words *w)
{
    w->count = w->at = 0;
    skip_line_space(s);
    while (s->at < s->end && *s->at == '\n' && w->count == 0) {
        s->at++;
        s->line++;
        skip_line_space(s);
    }
    w->line = s->line;
    while (s->at < s->end) {
        if (*s->at == '\n') {
            if (!goes_on(s)) break;
        } else if (scan_word(s, w) != 0) {
            w->e->line = s->line;
            return -1;
        }
        skip_line_space(s);
    }
    return w->count ? 1 : 0;
}

static void join(const struct words *w, char out[POLSPEC_TEXT])
{
    size_t n = 0;
    for (unsigned int i = w->count > 1 && strcmp(w->text[1], ":") == 0 ? 2 : 0; i < w->count; i++) {
        bool tight = n == 0 || strcmp(w->text[i], ",") == 0;
        int got =
            snprintf(out + n, POLSPEC_TEXT - n, "%s%s%s", tight ? "" : " ", w->text[i], *w->text[i] == '"' ? "\"" : "");
        n += (size_t)got;
        if (n >= POLSPEC_TEXT) return;
    }
}

int polspec_parse(struct polspec *spec, const char *text, size_t size, struct polspec_error *e)
{
    struct scanner s = {text, text + size, 1};
    struct words *w = calloc(1, sizeof(*w));
    int rc = 0;
    memset(spec, 0, sizeof(*spec));
    memset(e, 0, sizeof(*e));
    if (!w) abort();
    w->e = e;
    while (rc == 0 && (rc = scan(&s, w)) == 1) {
        rc = 0;
        if (spec->count == SENTENCES_MAX) {
            rc = bad(w, "more than %d sentences", SENTENCES_MAX);
            break;
        }
        spec->lines = realloc(spec->lines, (spec->count + 1) * sizeof(*spec->lines));
        struct polspec_line *l = &spec->lines[spec->count++];
        memset(l, 0, sizeof(*l));
        l->line = w->line;
        join(w, l->text);
        rc = sentence(w, l);
        if (rc == 0 && w->at < w->count) rc = bad(w, "\"%.40s\" is too much at the end", peek(w));
    }
    free(w);
    return rc;
}

void polspec_free(struct polspec *spec)
{
    free(spec->lines);
    memset(spec, 0, sizeof(*spec));
}
