/* SPDX-License-Identifier: MIT */
#include "measure/measure_lock.h"

struct spinlock measure_lock = SPINLOCK(RANK_MEASURE);
