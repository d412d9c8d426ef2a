/* SPDX-License-Identifier: MIT */
/*
 * From a binary SELinux policy for the Xen target to the flat answers: libsepol is asked about every
 * pair of types for every permission, in each relation of compartments (enum policy_relation), and for the labels
 * of hardware.
 */
#ifndef BULKHEAD_POLICY_FLATTEN_H
#define BULKHEAD_POLICY_FLATTEN_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/policy_format.h"
#include "policy_rules.h"

struct policy_flat {
    uint32_t types; /* in ascending order: those that a domain can have, and those of hardware */
    uint32_t boot_type, xen_type;
    uint32_t records; /* bit c: class c */
    char names[POLICY_TYPES_MAX][POLICY_TYPE_NAME];
    uint64_t *rows; /* POLICY_RELATIONS rows for each (source, target), one after the other */
    struct {
        uint16_t type, compartment;
    } hardware[POLICY_HARDWARE];
    struct policy_flat_section {
        void *entries; /* as in the file */
        uint32_t count;
    } section[POLICY_SECTIONS];
};

/* 0, or -EINVAL with e->text: what the policy lacks or has too much of. Fills in all but records and the sections
 * of rules (policy_bind.h). Not reentrant (libsepol). Freed by policy_flat_free(), also after a failure. */
int policy_flatten(void *image, size_t size, struct policy_flat *flat, struct policy_error *e);
void policy_flat_free(struct policy_flat *flat);

#endif
