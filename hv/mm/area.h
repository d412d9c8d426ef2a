/* SPDX-License-Identifier: MIT */
/* Big pieces of memory of the hypervisor's own, made of chunks: two areas, mapped in every address space (slot 264).
 * For data that is no secret: policy files. The caller serialises the use of each. */
#ifndef HV_AREA_H
#define HV_AREA_H

#include "types.h"

#define AREAS     2u
#define AREA_SIZE (16ul << 20)

void area_init(void);            /* boot, before any domain is made */
void *area_base(unsigned int n); /* fixed; mapped as far as it has grown */
int area_grow(unsigned int n);   /* one chunk more; its contents are not cleared. -ENOMEM, also when it is full */
size_t area_size(unsigned int n);
/* Gives back one chunk, cleared, after no CPU can have a translation of it any more. true: the area is empty. */
bool area_shrink(unsigned int n);

#endif
