/* SPDX-License-Identifier: MIT */
#include "cilread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 200

struct reader {
    const char *at, *end, *file;
    unsigned int line;
};

static int bad(const struct reader *r, unsigned int line, const char *why, struct policy_error *e)
{
    snprintf(e->text, sizeof(e->text), "%s:%u: %s", r->file, line, why);
    return -EINVAL;
}

static struct cilnode *add(struct cilnode *list, struct cilnode **last, const struct reader *r, const char *atom,
                           size_t n)
{
    struct cilnode *node = calloc(1, sizeof(*node));
    if (!node) abort();
    node->atom = atom ? strndup(atom, n) : NULL;
    node->file = r->file;
    node->line = r->line;
    node->parent = list;
    if (*last)
        (*last)->next = node;
    else
        list->child = node;
    *last = node;
    return node;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end) {
        if (*r->at == ';') {
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        } else if (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r') {
            r->line += *r->at++ == '\n';
        } else {
            break;
        }
    }
}

/* A string's text, without its quotes; *length is -1 where it has no end on its line. */
static const char *take_atom(struct reader *r, ptrdiff_t *length)
{
    const char *start = r->at;
    if (*start == '"') {
        const char *end = memchr(start + 1, '"', (size_t)(r->end - start - 1));
        *length = end && !memchr(start, '\n', (size_t)(end - start)) ? end - start - 1 : -1;
        r->at = end ? end + 1 : r->end;
        return start + 1;
    }
    while (r->at < r->end && *r->at && !strchr(" \t\r\n();\"", *r->at))
        r->at++;
    *length = r->at - start;
    return start;
}

static int read_lists(struct reader *r, struct cilnode *root, struct cilnode *last, struct policy_error *e)
{
    struct cilnode *list = root, *lasts[DEPTH_MAX] = {last};
    int depth = 0;
    for (skip_space(r); r->at < r->end; skip_space(r)) {
        if (*r->at == '(') {
            r->at++;
            if (depth + 1 == DEPTH_MAX) return bad(r, r->line, "too many nested lists", e);
            list = add(list, &lasts[depth], r, NULL, 0);
            lasts[++depth] = NULL;
        } else if (*r->at == ')') {
            r->at++;
            if (depth == 0) return bad(r, r->line, "a ) that closes nothing", e);
            list = list->parent;
            depth--;
        } else {
            ptrdiff_t n;
            const char *atom = take_atom(r, &n);
            if (n < 0) return bad(r, r->line, "a string without an end", e);
            if (n == 0 && atom == r->at) return bad(r, r->line, "a character that is no text", e);
            if (depth == 0) return bad(r, r->line, "a word outside of any list", e);
            add(list, &lasts[depth], r, atom, (size_t)n);
        }
    }
    return depth ? bad(r, list->line, "a ( that is never closed", e) : 0;
}

int cilread_file(struct cilnode *root, const char *file, const char *text, size_t size, struct policy_error *e)
{
    struct cilnode *last = root->child, *name;
    while (last && last->next)
        last = last->next;
    /* An atom of its own at the top holds the file's name, for all nodes that point to it. */
    struct reader r = {.at = text, .end = text + size, .file = file, .line = 1};
    name = add(root, &last, &r, file, strlen(file));
    name->file = r.file = name->atom;
    return read_lists(&r, root, last, e);
}

static void free_list(struct cilnode *node)
{
    while (node) {
        struct cilnode *next = node->next;
        free_list(node->child);
        free((void *)(uintptr_t)node->atom);
        free(node);
        node = next;
    }
}

void cilread_free(struct cilnode *root)
{
    free_list(root->child);
    memset(root, 0, sizeof(*root));
}

static void print(const struct cilnode *node, FILE *f)
{
    if (node->atom) {
        fputs(node->atom, f);
        return;
    }
    fputc('(', f);
    for (const struct cilnode *c = node->child; c; c = c->next) {
        print(c, f);
        if (c->next) fputc(' ', f);
    }
    fputc(')', f);
}

const char *cilread_print(const struct cilnode *node, char *out, size_t size)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    print(node, f);
    fclose(f);
    snprintf(out, size, "%s", text);
    if (n >= size && size > 4) strcpy(out + size - 4, "...");
    free(text);
    return out;
}
