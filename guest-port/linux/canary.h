/* SPDX-License-Identifier: MIT */
/* A pattern that a guest puts into its memory and a spy looks for. It is computed, so that neither a
 * program's file nor a ramdisk holds it: where it is seen, it came out of a guest's memory. Pure. */
#ifndef CANARY_H
#define CANARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANARY_STEP 64u /* the pattern starts anew at each multiple */

void canary_fill(uint8_t *to, size_t size);

/* Is there a whole period of the pattern, at an offset that is a multiple of it? */
bool canary_found(const uint8_t *data, size_t size);

#endif
