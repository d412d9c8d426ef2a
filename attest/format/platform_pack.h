/* SPDX-License-Identifier: MIT */
/* Writes the platform part of FORMAT.md section 2. */
#ifndef PLATFORM_PACK_H
#define PLATFORM_PACK_H

#include "../verify/evidence.h"

/* Returns the size written, 0 when it does not fit. */
size_t platform_pack(const struct evidence_platform *parts, uint8_t *out, size_t capacity);

#endif
