/* SPDX-License-Identifier: MIT */
#ifndef HV_AUDIT_MM_H
#define HV_AUDIT_MM_H

#include "types.h"

struct domain;
/* Debug builds: recomputes every type and reference count of d and compares. Number of differences, or -ENOSYS. */
long mm_audit_domain(struct domain *d, uint64_t *frames, uint64_t *tables);

#endif
