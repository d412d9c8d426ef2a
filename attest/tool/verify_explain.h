/* SPDX-License-Identifier: MIT */
/* What reference values and evidence say, for people and as JSON. */
#ifndef VERIFY_EXPLAIN_H
#define VERIFY_EXPLAIN_H

#include "../verify/refvalues.h"

#define VERIFY_EXPLAIN_FILES 256u

/* What the person has at hand: digests with names. */
struct verify_explain_files {
    uint8_t digest[VERIFY_EXPLAIN_FILES][32];
    char name[VERIFY_EXPLAIN_FILES][160];
    size_t count;
};

/* The file as a whole, and each string in double quotes in it (a tenant's configuration has its command line so). */
void verify_explain_add(struct verify_explain_files *files, const char *path, struct bytes content);

/* Each digest of the reference set, and what it is made of: which file, which string. */
void verify_explain_refs(const struct refvalues *refs, const struct verify_explain_files *files);

/* The evidence's contents, unverified: 0, or 1 when it does not parse. */
int verify_explain_evidence(struct bytes input, bool json);

#endif
