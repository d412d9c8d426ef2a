/* SPDX-License-Identifier: MIT */
#ifndef HV_REPORT_H
#define HV_REPORT_H

#include <stdint.h>
#include "bulkhead.h"

struct domain;
/* Fills in every byte of *r but compartment_hash: who d is, now; data is the caller's choice. measure_lock is held. */
void report_fill(struct bh_report *r, const struct domain *d, const uint8_t data[64]);
void report_hide_compartment(struct bh_report *r, const struct domain *d, const uint8_t salt[32]);

#endif
