/* SPDX-License-Identifier: MIT */
/* BH_DOM_* commands; they ask the monitor by their row, op. arg: guest-virtual pointer to the command's structure. */
#ifndef HV_OPERATE_H
#define HV_OPERATE_H

#include "types.h"
#include "hypercall/operations.h"

long operate_create(enum operation op, uint64_t arg);
long operate_load(enum operation op, uint64_t arg);
long operate_build(enum operation op, uint64_t arg);
long operate_pause(enum operation op, uint64_t arg); /* and unpause */
long operate_destroy(enum operation op, uint64_t arg);
long operate_info(enum operation op, uint64_t arg);
long operate_sched(enum operation op, uint64_t arg);

#endif
