/* SPDX-License-Identifier: MIT */
/* What reference values say, for people. */
#ifndef VERIFY_EXPLAIN_H
#define VERIFY_EXPLAIN_H

#include "../verify/refvalues.h"

/* What the person has at hand: digests with names. */
struct verify_explain_files {
    struct verify_explain_name {
        uint8_t digest[32];
        char *text;
    } * name;
    size_t count, capacity;
};

/* The file as a whole, and each string in double quotes in it (a tenant's configuration has its command line so).
 * 0, or -1 without memory. */
int verify_explain_add(struct verify_explain_files *files, const char *path, struct bytes content);
void verify_explain_free(struct verify_explain_files *files);

/* Each digest of the reference set, and what it is made of: which file, which string. */
void verify_explain_refs(const struct refvalues *refs, const struct verify_explain_files *files);

#endif
