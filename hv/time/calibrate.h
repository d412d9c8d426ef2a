/* SPDX-License-Identifier: MIT */
/* Frequencies of the TSC and of the LAPIC timer, measured against a clock that is known. */
#ifndef HV_CALIBRATE_H
#define HV_CALIBRATE_H

#include "types.h"

struct calibration {
    uint64_t tsc_hz, lapic_hz;
};
/* Takes about 30 ms. -ENODEV: no reference clock ticks. */
int calibrate(struct calibration *c);

/* The reference and the TSC at one moment: the reference was read between tsc and tsc + width. */
struct calibrate_sample {
    uint64_t tsc, width;
    uint32_t ref, lapic;
};
void calibrate_sample(struct calibrate_sample *s);
/* Reference ticks from a to b (modulo its width) in ns; *modulo_ns: where that wraps. */
uint64_t calibrate_ref_ns(uint32_t a, uint32_t b, uint64_t *modulo_ns);

#endif
