/* SPDX-License-Identifier: MIT */
/*
 * The guest runtime: what a small 64-bit Xen PV kernel needs. This header brings in all of it; each
 * part (rt_NAME.h) has its own contract. Words: pfn is the guest's own frame number, mfn the
 * machine's; a va is a guest-virtual address; a port is an event channel's number.
 */
#ifndef RT_H
#define RT_H

#include "rt_lib.h"
#include "rt_hyper.h"
#include "rt_cons.h"
#include "rt_trap.h"
#include "rt_mm.h"
#include "rt_event.h"
#include "rt_grant.h"
#include "rt_time.h"
#include "rt_cpu.h"
#include "rt_start.h"
#include "rt_user.h"

#endif
