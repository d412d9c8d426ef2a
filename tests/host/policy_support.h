/* SPDX-License-Identifier: MIT */
/* What the policy's tests share: a signing key of their own, a small flat policy, secilc, and the
 * hypervisor's crypto interface over the host's mbedTLS. */
#ifndef POLICY_SUPPORT_H
#define POLICY_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy_file.h"
#include "policy_flatten.h"

/* Directory for a test's files; removed at exit. */
const char *support_dir(void);
/* The private key of RFC 6979, A.2.5, in a PEM file: known to everyone, so for tests only. Its public
 * half is policy_key/policy_key_public.h. */
const char *support_key_file(void);

/* A flat policy with `types` types t000, t001, ... (boot t000, xen the last) and no permission. */
void support_flat(struct policy_flat *flat, uint32_t types);
/* relation: enum policy_relation, or whether the compartment is the same. */
void support_allow(struct policy_flat *flat, uint32_t s, uint32_t t, unsigned int relation, uint32_t perm);

/* Adds the rules of a rules file's text. */
void support_rules(struct policy_flat *flat, const char *text);

/* A signed file of that flat policy; freed by the caller. */
uint8_t *support_file(const struct policy_flat *flat, uint32_t version, size_t *size);

/* Writes text to a file NAME in support_dir(); its path, valid for the next 63 calls. */
const char *support_write(const char *name, const char *text);

/* Whole file; freed by the caller. NULL if it cannot be read. */
uint8_t *support_read(const char *path, size_t *size);

/* Runs secilc on the files (NULL at the end); path of the binary policy, or NULL where secilc refuses. */
const char *support_secilc(const char *const *files);

/* bh-policyc --declarations as text; freed by the caller. */
char *support_declarations(void);

#endif
