/* SPDX-License-Identifier: MIT */
/* What nearly every file of the hypervisor needs: types, strings and assertions, the console, locks, this CPU, domains,
 * access to memory, and the clock. */
#ifndef HV_H
#define HV_H

#include "types.h"
#include "lib.h"
#include "console.h"
#include "spinlock.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "mm/access.h"
#include "time/clock.h"

#endif
