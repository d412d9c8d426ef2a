/* SPDX-License-Identifier: MIT */
#include "rt.h"

uint64_t rt_time_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* xen/xen.h, struct vcpu_time_info: the record is stable while version is even and unchanged. */
uint64_t rt_time_now(void)
{
    const volatile struct vcpu_time_info *t = &rt_shared_info->vcpu_info[rt_cpu_id()].time;
    uint32_t version;
    uint64_t delta, now;

    do {
        version = t->version;
        rt_barrier();
        delta = rt_time_tsc() - t->tsc_timestamp;
        delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
        now = t->system_time + (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
        rt_barrier();
    } while ((version & 1) || version != t->version);
    return now;
}

uint64_t rt_time_wall(void)
{
    uint32_t version, sec;

    do {
        version = RT_READ_ONCE(rt_shared_info->wc_version);
        rt_barrier();
        sec = RT_READ_ONCE(rt_shared_info->wc_sec);
        rt_barrier();
    } while ((version & 1) || version != RT_READ_ONCE(rt_shared_info->wc_version));
    return sec;
}

void rt_time_spin(uint64_t ns)
{
    uint64_t end = rt_time_now() + ns;

    while (rt_time_now() < end)
        rt_pause();
}
