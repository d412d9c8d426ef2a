/* SPDX-License-Identifier: MIT */
/*
 * The control domain crashes and is started anew (dom0_restart=2) while a tenant runs on. It crashes with the tenant's
 * console page mapped and its port bound; the next one finds the tenant alive, maps and binds again, and finds as much
 * free memory as the one before. In its three lives this kernel crashes by a hypercall, by a fault on all its vCPUs at
 * once, and ends well. What it must remember it leaves in the tenant's CPU weight and cap. Attack row 25.
 */
#include "rt_test.h"

#include <xen/io/console.h>

#include "bulkhead.h"

static char console_place[RT_PAGE_SIZE] RT_PAGE_ALIGN;

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static void load(unsigned domid, unsigned part, const void *data, uint64_t size)
{
    struct bh_dom_load op = {.domid = domid, .part = part, .total = size};

    while (op.offset < size) {
        op.size = size - op.offset < BH_LOAD_MAX ? (uint32_t)(size - op.offset) : BH_LOAD_MAX;
        op.data = (uint64_t)data + op.offset;
        NEED(call(BH_DOM_LOAD, &op) == 0);
        op.offset += op.size;
    }
}

static void start_tenant(void)
{
    const struct start_info *s = rt_start_info;
    struct bh_dom_create create = {.vcpus = 1,
                                   .memory_kib = 8192,
                                   .compartment = 3,
                                   .name = "survivor",
                                   .type = "tenant_t",
                                   .weight = 1,
                                   .cap = 1};
    struct bh_dom_target target = {0};

    NEED(call(BH_DOM_CREATE, &create) == 0);
    load(create.domid, BH_PART_KERNEL,
         s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const void *)s->mod_start, s->mod_len);
    target.domid = create.domid;
    NEED(call(BH_DOM_BUILD, &target) == 0);
    NEED(call(BH_DOM_UNPAUSE, &target) == 0);
}

/* The tenant: beats, for ever. */
static void beat(void)
{
    for (unsigned i = 0;; i++) {
        struct sched_poll poll = {.timeout = rt_time_now() + 5 * RT_MS};
        rt_printf("beat %u\n", i);
        rt_sched_op(SCHEDOP_poll, &poll);
    }
}

/* Takes the tenant's console and hears it beat. */
static void listen(const struct bh_dom_info *info)
{
    struct xencons_interface *ring = (struct xencons_interface *)console_place;
    uint32_t handle, first;
    long port = rt_event_bind(info->domid, info->console_port);

    NEED(port > 0);
    EQ(rt_grant_map(info->domid, info->console_ref, (uint64_t)ring, GNTMAP_host_map, &handle), 0);
    first = RT_READ_ONCE(ring->out_prod);
    for (unsigned i = 0; i < 500 && RT_READ_ONCE(ring->out_prod) - first < 30; i++) {
        struct sched_poll poll = {.timeout = rt_time_now() + 10 * RT_MS};
        RT_WRITE_ONCE(ring->out_cons, RT_READ_ONCE(ring->out_prod));
        rt_event_send((unsigned)port);
        rt_sched_op(SCHEDOP_poll, &poll);
    }
    CHECK_MSG(RT_READ_ONCE(ring->out_prod) - first >= 30, "the tenant is silent");
}

static void audit(unsigned domid)
{
    struct bh_mm_audit op = {.domid = domid};
    long ret = call(BH_MM_AUDIT, &op);

    CHECK(ret == 0 || ret == -XEN_ENOSYS);
}

static uint32_t free_chunks(void)
{
    struct bh_platform_info info;

    NEED(call(BH_PLATFORM_INFO, &info) == 0);
    return (uint32_t)(info.free_kib / 2048);
}

static void fall(void *arg)
{
    (void)arg;
    NEED(RT_HC(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0) == 0);
    __asm__ volatile("ud2");
}

static void live(unsigned life, struct bh_dom_info *info)
{
    struct bh_dom_sched next = {.domid = info->domid, .weight = free_chunks(), .cap = life + 1};
    struct bh_dom_info self = {.domid = 0};

    rt_printf("life %u: %u chunks free\n", life, next.weight);
    EQ(call(BH_DOM_INFO, &self), 0);
    EQ(self.domid, 0);
    EQ(rt_start_domid(), 0);
    EQ(info->state, BH_STATE_RUNNING);
    if (life > 1) EQ(next.weight, info->weight);
    listen(info);
    audit(DOMID_SELF);
    audit(info->domid);
    NEED(call(BH_DOM_SCHED, &next) == 0);
    if (life == 1) rt_shutdown(SHUTDOWN_crash);
    for (unsigned i = 1; life == 2 && i < rt_cpu_count(); i++)
        NEED(rt_cpu_start(i, fall, NULL) == 0);
    if (life == 2) fall(NULL);
}

void test_main(void)
{
    struct bh_dom_info info = {.domid = 1};
    struct bh_dom_target target;

    if (!rt_start_is_dom0()) beat();
    if (call(BH_DOM_INFO, &info) == -XEN_ESRCH) {
        start_tenant();
        NEED(call(BH_DOM_INFO, &info) == 0);
    }
    live(info.cap, &info);
    EQ(info.cap, 3);
    target = (struct bh_dom_target){.domid = info.domid};
    EQ(call(BH_DOM_PAUSE, &target), 0);
}
