/* SPDX-License-Identifier: MIT */
/* The rules file as the analysis needs it: who is cleared for what, where a type may be, what may not be together. */
#ifndef POLRULES_H
#define POLRULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/policy_format.h"
#include "policy_bind.h"

struct pollabel {
    uint16_t type, compartment;
};

#define POL_COMPARTMENTS 1024
#define POL_ANY_TYPE     0xffffu

/* Labels of one type in a range of compartments. */
struct polspan {
    uint16_t type, low, high;
};

struct polassign {
    uint16_t creator;
    struct polspan span;
};

struct polclearance {
    struct polspan span;
    uint64_t cleared[POL_COMPARTMENTS / 64];
};

struct pollaunch {
    struct polspan span;
    bool signer; /* id is a signer's key, not a launch digest */
    uint8_t id[32];
};

struct polmember {
    struct polspan span;
    uint16_t set;
};

struct polconflict {
    char name[24];
    bool per_boot;
};

/* A range of hardware that has a label of its own. */
struct polresource {
    uint16_t kind; /* 0 I/O ports, 1 frames, 2 interrupts, 3 PCI functions */
    struct pollabel label;
    uint64_t low, high;
};

struct polceiling {
    uint16_t type;
    uint16_t limit; /* enum policy_limit */
    uint32_t most;
};

struct polrules {
    bool present; /* was there a rules file? Without one nothing is held against anybody here */
    const char *file;
    struct policy_rules source; /* as written, for lines */
    struct polassign *assigns;
    struct polclearance *clearances;
    struct pollaunch *launches;
    struct polconflict *conflicts;
    struct polmember *members;
    struct polresource *resources;
    struct polceiling *ceilings;
    size_t assign_count, clearance_count, launch_count, conflict_count, member_count, resource_count, ceiling_count;
};

/* From the sections that policy_bind() filled in; takes over `source`. `file` has to live as long. */
void polrules_fill(struct polrules *r, const struct policy_flat *flat, const char *file, struct policy_rules *source);
/* The line of the first rule of that kind with that name (NULL: any) and that type among its labels (NULL: any); 0. */
unsigned int polrules_line(const struct polrules *r, enum policy_rule_kind kind, const char *name, const char *type);

bool polspan_has(const struct polspan *s, struct pollabel l);
bool polrules_cleared(const struct polrules *r, struct pollabel l, uint32_t compartment);
/* May `creator` give a domain that label? Without a rules file: every one; with one: what an assign line says. */
bool polrules_assignable(const struct polrules *r, uint32_t creator, struct pollabel l);
bool polrules_bound(const struct polrules *r, struct pollabel l); /* by a launch rule */

/* Compartments that no rule tells apart get one number: class[c] of 0 .. result - 1. `own` is a class by itself. */
unsigned int polrules_classes(const struct polrules *r, uint32_t own, uint16_t class_of[POL_COMPARTMENTS]);
/* Rule i of the file in one normal form, one label at a time: item k of it; false where there is no such item. */
bool polrules_text(const struct polrules *r, size_t i, size_t k, char *out, size_t size);
void polrules_free(struct polrules *r);

#endif
