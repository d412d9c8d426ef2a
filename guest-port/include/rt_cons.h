/* SPDX-License-Identifier: MIT */
/* Console: HYPERVISOR_console_io in the first domain's place, the shared ring of start_info elsewhere. */
#ifndef RT_CONS_H
#define RT_CONS_H

#include <stddef.h>

void rt_cons_write(const char *text, size_t size);
void rt_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
