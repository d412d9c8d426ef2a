/* SPDX-License-Identifier: MIT */
/* CIL as a tree with line numbers: what a binary policy does not have any more. Only form, no meaning. */
#ifndef CILREAD_H
#define CILREAD_H

#include <stddef.h>

#include "policy_flatten.h"

struct cilnode {
    const char *atom; /* a word, or a string without its quotes; NULL: a list */
    struct cilnode *child, *next, *parent;
    const char *file;
    unsigned int line;
};

/* Adds a file's lists to those of `root`, which begins as all zeros. The file's name and text are copied. 0, or -EINVAL
 * with "file:line: reason". */
int cilread_file(struct cilnode *root, const char *file, const char *text, size_t size, struct policy_error *e);
void cilread_free(struct cilnode *root);

/* "(allow a_t ...)" in at most size - 1 characters. */
const char *cilread_print(const struct cilnode *node, char *out, size_t size);

#endif
