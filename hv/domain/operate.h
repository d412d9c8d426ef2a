/* SPDX-License-Identifier: MIT */
/* BH_DOM_* commands, arg: guest-virtual pointer to the command's structure. */
#ifndef HV_OPERATE_H
#define HV_OPERATE_H

#include "types.h"

long operate_create(uint64_t arg);
long operate_load(uint64_t arg);
long operate_build(uint64_t arg);
long operate_pause(uint64_t arg, bool pause);
long operate_destroy(uint64_t arg);
long operate_info(uint64_t arg);
long operate_sched(uint64_t arg);

#endif
