/* SPDX-License-Identifier: MIT */
/* Which rule lets one type reach another, how, in which relation of compartments - and what it may not, and why. */
#ifndef POLEXPLAIN_H
#define POLEXPLAIN_H

#include <stdio.h>

#include "cilindex.h"
#include "polflow.h"

/* class_name: only that class, NULL: all. all: permissions that are never asked about this pair, too. */
void polexplain_text(FILE *out, const struct polworld *w, const struct cilindex *cil, uint32_t a, uint32_t b,
                     const char *class_name);
void polexplain_json(FILE *out, const struct polworld *w, const struct cilindex *cil, uint32_t a, uint32_t b,
                     const char *class_name, bool all);

#endif
