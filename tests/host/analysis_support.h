/* SPDX-License-Identifier: MIT */
/* Policies for the analysis' tests: base.cil, a control domain, and what a test adds. */
#ifndef ANALYSIS_SUPPORT_H
#define ANALYSIS_SUPPORT_H

#include "polcheck.h"
#include "polinput.h"
#include "polprove.h"

struct analysis {
    struct polinput in;
    struct polgraph graph;
};

/* Two tenants' types a_t and b_t that nothing joins, and `more`, which begins on line 5 of a file t.cil. `rules`: NULL,
 * or the text of t.rules. */
void analysis_open(struct analysis *a, const char *more, const char *rules);
void analysis_close(struct analysis *a);

/* The whole chain on one spec: 1 all hold, 0 some do not, -1 an error; `said` gets the reasons or the error. */
int analysis_prove(struct analysis *a, const char *spec, char *said, size_t size);

#endif
