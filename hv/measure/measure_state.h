/* SPDX-License-Identifier: MIT */
/* What measure.c knows and its neighbours ask. measure_lock is held, but for measure_holds(). */
#ifndef HV_MEASURE_STATE_H
#define HV_MEASURE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "measure/pcrlog.h"

bool measure_holds(void); /* measured, complete, and nothing has failed since: there is a key */
const uint8_t *measure_boot_id(void);
const struct pcrlog *measure_log(void);

#endif
