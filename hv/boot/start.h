/* SPDX-License-Identifier: MIT */
#ifndef HV_START_H
#define HV_START_H

#include "types.h"

void start_bsp(uint32_t magic, uint64_t info);

#endif
