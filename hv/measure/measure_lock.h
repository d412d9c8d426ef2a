/* SPDX-License-Identifier: MIT */
/* The one lock over TPM, event log, keys and mbedTLS's arena. Nobody waits for the TPM while holding it, except at
 * start. */
#ifndef HV_MEASURE_LOCK_H
#define HV_MEASURE_LOCK_H

#include "spinlock.h"

extern struct spinlock measure_lock;
/* For calls that may be restarted: false, come again. A lock with tickets is never free while others queue for it, so
 * who found it taken a few times queues too; each holds it for a bounded time. */
bool measure_lock_soon(uint32_t *misses);

#endif
