/* SPDX-License-Identifier: MIT */
/* What a new policy makes possible, and what it takes away. */
#ifndef POLDIFF_H
#define POLDIFF_H

#include <stdio.h>

#include "polgraph.h"

/* Prints it; the number of differences (groups of cells, types, flows, rules). */
size_t poldiff_text(FILE *out, const struct polgraph *before, const struct polgraph *after);
size_t poldiff_json(FILE *out, const struct polgraph *before, const struct polgraph *after);

#endif
