/* SPDX-License-Identifier: MIT */
#include "rt.h"

#include <xen/io/console.h>

static struct rt_lock cons_lock;

static void write_ring(const char *text, size_t size)
{
    struct xencons_interface *ring = rt_mm_va(rt_mm_m2p(rt_start_info->console.domU.mfn));
    uint32_t prod = ring->out_prod;

    for (size_t i = 0; i < size; i++) {
        for (int spins = 0; prod - RT_READ_ONCE(ring->out_cons) >= sizeof(ring->out); spins++) {
            if (spins > 100000) return; /* nobody reads: lose text rather than hang */
            rt_sched_op(SCHEDOP_yield, NULL);
        }
        ring->out[MASK_XENCONS_IDX(prod, ring->out)] = text[i];
        prod++;
        rt_mb();
        RT_WRITE_ONCE(ring->out_prod, prod);
        if ((prod & 511) == 0 || i + 1 == size) rt_event_send(rt_start_info->console.domU.evtchn);
    }
}

void rt_cons_write(const char *text, size_t size)
{
    rt_lock(&cons_lock);
    if (rt_start_is_dom0())
        rt_console_io(CONSOLEIO_write, size, text);
    else
        write_ring(text, size);
    rt_unlock(&cons_lock);
}

void rt_printf(const char *format, ...)
{
    char text[512];
    va_list args;
    int size;

    va_start(args, format);
    size = rt_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    rt_cons_write(text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1);
}
