/* SPDX-License-Identifier: MIT */
/* Writes the reference file of FORMAT.md section 3, environment by environment. */
#ifndef REFWRITE_H
#define REFWRITE_H

#include "pcrmodel.h"
#include "../format/cborout.h"

#define REFWRITE_MAX 262144u

struct refwrite {
    uint8_t triples[REFWRITE_MAX], measurements[REFWRITE_MAX];
    struct cborout triple_out, measurement_out;
    size_t triple_count, measurement_count;
    char model[64];
};

void refwrite_open(struct refwrite *w);

/* Everything until the next one belongs to this environment; one without measurements leaves no trace. */
void refwrite_environment(struct refwrite *w, const char *model);

/* raw and pcr may be absent or NULL. */
void refwrite_measurement(struct refwrite *w, const char *name, const uint8_t digest[32], struct bytes raw,
                          const struct pcrmodel *pcr);

/* The whole file: its size, or 0 when something did not fit. */
size_t refwrite_close(struct refwrite *w, const char *id, uint8_t *out, size_t capacity);

#endif
