/* SPDX-License-Identifier: MIT */
/*
 * From a binary SELinux policy for the Xen target to the flat answers: libsepol is asked about every
 * pair of types for every permission, once with both in one compartment and once in two.
 */
#ifndef BULKHEAD_POLICY_FLATTEN_H
#define BULKHEAD_POLICY_FLATTEN_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/policy_format.h"

struct policy_flat {
    uint32_t types; /* those that a domain can have, in ascending order */
    uint32_t boot_type, xen_type;
    char names[POLICY_TYPES_MAX][POLICY_TYPE_NAME];
    uint64_t *rows; /* as in the file; freed by policy_flat_free() */
};

struct policy_error {
    char text[512];
};

/* 0, or -EINVAL with e->text: what the policy lacks or has too much of. Not reentrant (libsepol). */
int policy_flatten(void *image, size_t size, struct policy_flat *flat, struct policy_error *e);
void policy_flat_free(struct policy_flat *flat);

#endif
