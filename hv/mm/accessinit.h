/* SPDX-License-Identifier: MIT */
#ifndef HV_ACCESSINIT_H
#define HV_ACCESSINIT_H

#include <stdbool.h>

void access_init(bool smap);

#endif
