/* SPDX-License-Identifier: MIT */
/* Writes a policy file (policy_format.h), signs it, and prints one for people. */
#ifndef BULKHEAD_POLICY_FILE_H
#define BULKHEAD_POLICY_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "policy_flatten.h"

/* The file with a signature of zeros; NULL with *e. To be freed. `name` is for people. */
uint8_t *policy_file_build(const struct policy_flat *flat, const char *name, uint32_t version, size_t *size,
                           struct policy_error *e);

/* Signs it with a P-256 private key in a PEM file. RFC 6979: the same key and policy give the same
 * bytes. 0 or -EINVAL. */
int policy_file_sign(uint8_t *file, size_t size, const char *key_path, struct policy_error *e);

/* Was it signed by the key in that PEM file, public or private? 0 or -EINVAL. */
int policy_file_check(const uint8_t *file, size_t size, const char *key_path, struct policy_error *e);

/* Prints a file: what is in its header, then each pair of types with what is allowed. -EINVAL: not a
 * policy file of this version. */
int policy_file_dump(const uint8_t *file, size_t size, FILE *out, struct policy_error *e);

/* Class and category declarations in CIL, for secilc. */
void policy_file_declarations(FILE *out);

/* Each class and permission with what it guards. */
void policy_file_coverage(FILE *out);

#endif
