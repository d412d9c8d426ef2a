/* SPDX-License-Identifier: MIT */
/* What measure.c knows and its neighbours ask. measure_lock is held, but for the first two. */
#ifndef HV_MEASURE_STATE_H
#define HV_MEASURE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "measure/pcrlog.h"
#include "types.h"

bool measure_has_key(void); /* the start was measured and is complete: there is a key, for the rest of the boot */
bool measure_holds(void);   /* the same, and nothing has failed since */
/* Where nobody did for so long, asks the TPM whether PCR 21 and 22 are still what was extended, and whether it was
 * reset: the pump does it, and the answer comes by measure_holds(). */
void measure_look(ns_t since);
const uint8_t *measure_boot_id(void);
const struct pcrlog *measure_log(void);

#endif
