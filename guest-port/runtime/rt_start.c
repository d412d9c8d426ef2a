/* SPDX-License-Identifier: MIT */
#include "rt.h"

struct start_info *rt_start_info;
struct shared_info *rt_shared_info;

static char shared_info_place[RT_PAGE_SIZE] RT_PAGE_ALIGN;

bool rt_start_is_dom0(void)
{
    return rt_start_info->flags & SIF_INITDOMAIN;
}

unsigned rt_start_domid(void)
{
    static int domid = -1;
    struct evtchn_status status = {.dom = DOMID_SELF};
    long port, local;

    if (domid >= 0) return (unsigned)domid;
    port = rt_event_alloc(DOMID_SELF, DOMID_SELF);
    local = rt_event_bind(DOMID_SELF, (unsigned)port);
    status.port = (unsigned)local;
    if (port <= 0 || local <= 0 || rt_event_channel_op(EVTCHNOP_status, &status))
        rt_panic("loopback channel: %ld, %ld", port, local);
    domid = status.u.interdomain.dom;
    rt_event_close((unsigned)local);
    rt_event_close((unsigned)port);
    return (unsigned)domid;
}

void rt_shutdown(unsigned reason)
{
    struct sched_shutdown arg = {.reason = reason};

    rt_sched_op(SCHEDOP_shutdown, &arg);
    for (;;)
        rt_sched_op(SCHEDOP_block, NULL);
}

void __attribute__((weak)) rt_panic_hook(const char *reason);

void rt_panic(const char *format, ...)
{
    char reason[200];
    va_list args;

    va_start(args, format);
    rt_vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    rt_printf("panic: %s\n", reason);
    if (rt_panic_hook) rt_panic_hook(reason);
    rt_shutdown(SHUTDOWN_poweroff);
}

static void map_shared_info(void)
{
    long ret = rt_update_va_mapping((unsigned long)shared_info_place, rt_start_info->shared_info | RT_RW,
                                    UVMF_INVLPG | UVMF_LOCAL);

    rt_shared_info = (struct shared_info *)shared_info_place;
    if (ret) {
        rt_shared_info = NULL;
        rt_panic("shared_info at %lx: %ld", rt_start_info->shared_info, ret);
    }
    for (unsigned i = 0; i < RT_ARRAY_SIZE(rt_shared_info->evtchn_mask); i++)
        rt_shared_info->evtchn_mask[i] = ~0ul;
}

void rt_start(struct start_info *info);

void rt_start(struct start_info *info)
{
    rt_start_info = info;
    map_shared_info();
    rt_mm_init();
    rt_trap_init();
    rt_event_enable();
    rt_main();
    rt_shutdown(SHUTDOWN_poweroff);
}
