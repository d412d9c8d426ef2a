/* SPDX-License-Identifier: MIT */
#ifndef HV_WATCHDOG_H
#define HV_WATCHDOG_H

#include "types.h"

struct domain;
/* As SCHEDOP_watchdog: an id (1..2), 0, -EINVAL or -ENOSPC. */
long watchdog_op(struct domain *d, uint32_t id, uint32_t seconds);

#endif
