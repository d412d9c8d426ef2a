/* SPDX-License-Identifier: MIT */
#ifndef HV_GRANT_TYPES_H
#define HV_GRANT_TYPES_H

#include "types.h"
#include "spinlock.h"

/* The grant engineer's to extend. */
struct domain_grant {
    struct spinlock lock; /* RANK_GRANT */
};

#endif
