/* SPDX-License-Identifier: MIT */
#ifndef HV_CHECK_OP_H
#define HV_CHECK_OP_H

#include <stdint.h>

/* The domain is gone: its check is dropped. measure_lock is held. */
void check_forget(uint32_t domid);

#endif
