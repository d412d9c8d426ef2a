/* SPDX-License-Identifier: MIT */
/*
 * A service kernel for dom0's place: it starts the kernel that it got as its ramdisk as a tenant, shows the
 * tenant's console, waits for its end, and takes it down again. Command line words: type=, compartment=,
 * memory= (MiB), vcpus=; the rest goes to the tenant. Its last line is "launcher: done" or
 * "launcher: FAILED reason"; done means that all memory came back and the audits were clean.
 */
#include "rt.h"

#include "bulkhead.h"

#include <xen/io/console.h>

static char console_place[RT_PAGE_SIZE] RT_PAGE_ALIGN;
static struct xencons_interface *const ring = (struct xencons_interface *)console_place;

static long bulkhead_op(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static void fail(const char *what, long ret) __attribute__((noreturn));

static void fail(const char *what, long ret)
{
    rt_printf("launcher: FAILED %s: %ld\n", what, ret);
    rt_shutdown(SHUTDOWN_poweroff);
}

static long must(const char *what, long ret)
{
    if (ret < 0) fail(what, ret);
    return ret;
}

/* The number after "name=" on the command line. */
static unsigned number(const char *name, unsigned otherwise)
{
    const char *at = strstr((const char *)rt_start_info->cmd_line, name);
    unsigned value = 0;

    if (!at) return otherwise;
    for (at += strlen(name); *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned)(*at - '0');
    return value;
}

static void word(const char *name, const char *otherwise, char *out, size_t size)
{
    const char *at = strstr((const char *)rt_start_info->cmd_line, name);
    size_t n = 0;

    at = at ? at + strlen(name) : otherwise;
    for (; at[n] && at[n] != ' ' && n + 1 < size; n++)
        out[n] = at[n];
    out[n] = 0;
}

static void load(unsigned domid, unsigned part, const void *data, uint64_t size)
{
    struct bh_dom_load op = {.domid = domid, .part = part, .total = size};

    while (op.offset < size) {
        op.size = size - op.offset < BH_LOAD_MAX ? (uint32_t)(size - op.offset) : BH_LOAD_MAX;
        op.data = (uint64_t)data + op.offset;
        must("load", bulkhead_op(BH_DOM_LOAD, &op));
        op.offset += op.size;
    }
}

static unsigned start(void)
{
    struct bh_dom_create create = {.vcpus = number("vcpus=", 2),
                                   .memory_kib = number("memory=", 64) * 1024ul,
                                   .compartment = number("compartment=", 1),
                                   .name = "test"};
    struct bh_dom_target target = {0};
    const struct start_info *s = rt_start_info;
    const char *args = (const char *)s->cmd_line;

    if (!s->mod_len) fail("no tenant kernel", 0);
    word("type=", "tenant_t", create.type, sizeof(create.type));
    must("create", bulkhead_op(BH_DOM_CREATE, &create));
    load(create.domid, BH_PART_KERNEL,
         s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const void *)s->mod_start, s->mod_len);
    if (*args) load(create.domid, BH_PART_CMDLINE, args, strlen(args));
    target.domid = create.domid;
    must("build", bulkhead_op(BH_DOM_BUILD, &target));
    return create.domid;
}

static struct bh_dom_info info_of(unsigned domid)
{
    struct bh_dom_info info = {.domid = domid};

    must("info", bulkhead_op(BH_DOM_INFO, &info));
    if (info.domid != domid) fail("the domain is gone", info.domid);
    return info;
}

/* Copies what is in the ring to our console; false when there was nothing. */
static bool drain(void)
{
    char text[256];
    uint32_t cons = ring->out_cons, prod = RT_READ_ONCE(ring->out_prod), n = 0;

    rt_mb();
    if (cons == prod || prod - cons > sizeof(ring->out)) return false;
    while (cons != prod && n < sizeof(text))
        text[n++] = ring->out[MASK_XENCONS_IDX(cons++, ring->out)];
    rt_mb();
    RT_WRITE_ONCE(ring->out_cons, cons);
    rt_cons_write(text, n);
    return true;
}

/* Shows the console until the tenant has shut down and everything is read. */
static struct bh_dom_info watch(unsigned domid, unsigned port)
{
    evtchn_port_t ports[1] = {port};
    struct sched_poll poll = {.nr_ports = 1};
    struct bh_dom_info info;

    set_xen_guest_handle(poll.ports, ports);
    do {
        rt_event_clear(port);
        while (drain())
            ;
        rt_event_send(port);
        poll.timeout = rt_time_now() + 20 * RT_MS;
        rt_sched_op(SCHEDOP_poll, &poll);
        info = info_of(domid);
    } while (info.state != BH_STATE_SHUTDOWN);
    while (drain())
        ;
    return info;
}

static void audit(unsigned domid)
{
    struct bh_mm_audit op = {.domid = domid};
    long ret = bulkhead_op(BH_MM_AUDIT, &op);

    if (ret && ret != -XEN_ENOSYS) fail("audit", ret);
}

static uint64_t free_memory(void)
{
    struct bh_platform_info info;

    must("platform_info", bulkhead_op(BH_PLATFORM_INFO, &info));
    return info.free_kib;
}

void rt_main(void)
{
    uint64_t before = free_memory();
    unsigned domid = start();
    struct bh_dom_info info = info_of(domid);
    struct bh_dom_target target = {.domid = domid};
    uint32_t handle;
    long port = must("bind", rt_event_bind(domid, info.console_port));

    must("map", rt_grant_map(domid, info.console_ref, (uint64_t)console_place, GNTMAP_host_map, &handle));
    must("unpause", bulkhead_op(BH_DOM_UNPAUSE, &target));
    info = watch(domid, (unsigned)port);
    rt_printf("launcher: domain %u shut down, reason %u, %u denials\n", domid, info.shutdown_reason, info.denials);
    audit(domid);
    must("unmap", rt_grant_unmap((uint64_t)console_place, handle));
    rt_event_close((unsigned)port);
    must("destroy", bulkhead_op(BH_DOM_DESTROY, &target));
    audit(DOMID_SELF);
    if (free_memory() != before) fail("KiB of memory did not come back", (long)(before - free_memory()));
    rt_printf("launcher: done\n");
}
