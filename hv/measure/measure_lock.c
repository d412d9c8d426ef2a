/* SPDX-License-Identifier: MIT */
#include "measure/measure_lock.h"

#define MISSES_MAX 8

struct spinlock measure_lock = SPINLOCK(RANK_MEASURE);

bool measure_lock_soon(uint32_t *misses)
{
    if (*misses >= MISSES_MAX)
        spin_lock(&measure_lock);
    else if (!spin_trylock(&measure_lock)) {
        ++*misses;
        return false;
    }
    *misses = 0;
    return true;
}
