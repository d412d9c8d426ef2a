/* SPDX-License-Identifier: MIT */
/*
 * Who can inform whom in one step, and by which permissions. A step has a direction, from the one who informs to the
 * one who is informed; a permission of either side may make it. Kinds:
 *   memory    a page that the one shares with the other: map_read, map_write, copy_from, copy_to
 *   console   a guest's console or store page: one page, both directions, always there
 *   signal    events: a channel that both may set up, and `send`
 *   state     what a call tells about another domain: its size, its state, its ports
 *   platform  by the hypervisor or the machine: the stored evidence, the console, the audit ring, the clock, devices,
 * TPM control   influence on the other's life: create, load, start, stop, weights, the policy. Never information.
 */
#ifndef POLFLOW_H
#define POLFLOW_H

#include "polmodel.h"
#include "polrules.h"

enum pol_kind { POL_MEMORY, POL_CONSOLE, POL_SIGNAL, POL_STATE, POL_PLATFORM, POL_CONTROL, POL_KINDS };
#define POL_INFORMATION ((1u << POL_CONTROL) - 1)
#define POL_ALL_KINDS   ((1u << POL_KINDS) - 1)
extern const char *const pol_kind_names[POL_KINDS];

struct polworld {
    const struct polmodel *m;
    const struct polrules *rules;
};

/* A permission that makes a step, with who has it over whom. */
struct polreason {
    uint16_t subject, object; /* types */
    uint16_t perm;
    enum pol_kind kind;
    const char *by; /* platform: through what; else NULL */
};
#define POL_REASONS_MAX 32

enum pol_relation polflow_relation(const struct polworld *w, struct pollabel a, struct pollabel b);
/* May a domain of label a do it to one of label b (or itself, or the hypervisor)? */
bool polflow_allows(const struct polworld *w, struct pollabel a, struct pollabel b, uint32_t perm);

/* Kinds (bits) of steps from a to b. Reasons, where wanted: *count of at most POL_REASONS_MAX. */
unsigned int polflow_step(const struct polworld *w, struct pollabel a, struct pollabel b, struct polreason *reasons,
                          size_t *count);

/* Was it thought about here? A permission that is not makes every proof doubtful; a test asks for all of them. */
bool polflow_accounted(uint32_t perm);

/* What a permission gives, in words: "reads its memory". */
const char *polflow_effect(uint32_t perm);
/* Does the permission, used by its subject, read from (write to) the object? For DOMAIN permissions. */
bool polflow_reads(uint32_t perm);
bool polflow_writes(uint32_t perm);
bool polflow_controls(uint32_t perm);
bool polflow_is_console(uint32_t perm);

#endif
