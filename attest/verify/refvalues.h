/* SPDX-License-Identifier: MIT */
/* Reference values: the CoRIM-shaped file of FORMAT.md section 3. Views into the input. */
#ifndef REFVALUES_H
#define REFVALUES_H

#include "bytes.h"

#define REFVALUES_MAX  128u
#define REFVALUES_PCRS 24

/* The CoRIM profile: what its mkeys mean, and the extension of the values by components (FORMAT.md section 3). */
#define REFVALUES_PROFILE "tag:bulkhead.invalid,2026:reference-1"

struct refvalues_measurement {
    struct bytes model, name; /* of the environment; the measurement's key */
    const uint8_t *digest;    /* 32 bytes */
    struct bytes raw;         /* may be absent */
    struct bytes components;  /* encoded [digest, text] pairs without the array's head; may be absent */
    size_t component_count;
};

struct refvalues {
    struct refvalues_measurement item[REFVALUES_MAX];
    size_t count;
};

/* 0 or -EBADMSG: also for a model or key that no check knows, for two values of one thing, and for components or a raw
 * value that do not give the digest. */
int refvalues_parse(struct bytes input, struct refvalues *out);

/* NULL when there is none. */
const struct refvalues_measurement *refvalues_find(const struct refvalues *refs, struct bytes model, const char *name);
const struct refvalues_measurement *refvalues_of_hypervisor(const struct refvalues *refs, const char *name);

/* N of a boot's "pcrN", or -1. */
int refvalues_pcr(const struct refvalues_measurement *item);

/* There is something to compare with: boots, each with PCR 4, 8 and 9, the configuration, a policy, a launch. */
bool refvalues_usable(const struct refvalues *refs);

/* Takes the next component off a measurement's list: false at its end. */
bool refvalues_component(struct bytes *components, const uint8_t **digest, struct bytes *text);

#endif
