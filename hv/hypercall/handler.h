/* SPDX-License-Identifier: MIT */
/* What a hypercall's handler needs. */
#ifndef HV_HANDLER_H
#define HV_HANDLER_H

#include "hv.h"
#include "hypercall/hypercall.h"
#include "hypercall/ask.h"

#endif
