/* SPDX-License-Identifier: MIT */
#ifndef HV_HEAP_H
#define HV_HEAP_H

#include "types.h"

void heap_init(maddr_t start, size_t pages);
size_t heap_free_count(void); /* pages */

#endif
