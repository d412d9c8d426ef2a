/* SPDX-License-Identifier: MIT */
/*
 * The flow picture: the boot domain on top, one compartment on the left, another on the right, and between them the
 * types that serve many. What crosses from the left to the right without them is drawn in red. A self-contained SVG.
 */
#ifndef POLSVG_H
#define POLSVG_H

#include <stdio.h>

#include "polshow.h"

/* standalone: with the XML namespace and a white ground, as a file of its own. */
void polsvg(FILE *out, const struct polshow *s, bool standalone);

#endif
