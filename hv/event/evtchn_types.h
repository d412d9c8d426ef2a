/* SPDX-License-Identifier: MIT */
#ifndef HV_EVTCHN_TYPES_H
#define HV_EVTCHN_TYPES_H

#include "types.h"
#include "spinlock.h"

/* The event engineer's to extend. */
struct evtchn_vcpu {
    uint64_t pending_sel; /* atomic; merged into info->evtchn_pending_sel in the vCPU's own context */
};
struct domain_evtchn {
    struct spinlock lock; /* RANK_EVENT */
};

#endif
