/* SPDX-License-Identifier: MIT */
/* The one lock over TPM, event log, keys and mbedTLS's arena. Nobody waits for the TPM while holding it, except at
 * start. */
#ifndef HV_MEASURE_LOCK_H
#define HV_MEASURE_LOCK_H

#include "spinlock.h"

extern struct spinlock measure_lock;

#endif
