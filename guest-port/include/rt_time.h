/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds since the system started, from the vCPU's time record. */
#ifndef RT_TIME_H
#define RT_TIME_H

#include <stdint.h>

#define RT_US 1000ul
#define RT_MS 1000000ul
#define RT_S  1000000000ul

uint64_t rt_time_now(void);
uint64_t rt_time_tsc(void);
uint64_t rt_time_wall(void); /* seconds since 1970 at system time 0 */

/* Waits without giving up the CPU. */
void rt_time_spin(uint64_t ns);

#endif
