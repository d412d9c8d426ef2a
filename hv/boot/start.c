/* SPDX-License-Identifier: MIT */
/* Start-up on the first CPU, in the order in which things depend on each other. */
#include "hv.h"
#include "boot/acpi.h"
#include "boot/bootinfo.h"
#include "boot/smp.h"
#include "boot/start.h"
#include "console/console_input.h"
#include "cpu/io.h"
#include "cpu/lapic.h"
#include "cpu/setup.h"
#include "cpu/trap.h"
#include "device/device.h"
#include "domain/lifecycle.h"
#include "hypercall/version.h"
#include "measure/measure.h"
#include "mm/area.h"
#include "mm/accessinit.h"
#include "mm/heap.h"
#include "mm/chunk.h"
#include "mm/paging.h"
#include "mm/vault.h"
#include "monitor/monitor.h"
#include "sched/sched.h"
#include "time/timer.h"

extern char boot_stack[];
struct boot_info boot_info;

static const void *identity_reader(void *ctx, uint64_t phys, size_t len)
{
    (void)ctx;
    return phys && phys + len <= (1ul << 32) ? (const void *)phys : NULL;
}

static void say_hello(void)
{
    printk("Bulkhead %s%s", HV_VERSION, HV_DEBUG ? " (debug build)" : "");
    printk("command line: %s", boot_info.cmdline[0] ? boot_info.cmdline : "(empty)");
}

static void parse_boot_info(uint32_t magic, uint64_t info)
{
    const char *error = NULL;

    if (multiboot_parse(&boot_info, magic, info, identity_reader, NULL, &error)) panic("boot information: %s", error);
}

/* Unknown words would be silent mistakes of the operator's: named, then ignored. */
static void check_cmdline(void)
{
    static const char *const known[] = {"dom0_mem=", "dom0_restart=", "tboot="};
    const char *p = boot_info.cmdline;

    while (*p) {
        size_t n = 0;
        bool ok = p[0] == '/'; /* some loaders put the file's name first */
        while (p[n] && p[n] != ' ')
            n++;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
            ok = ok || !strncmp(p, known[i], strlen(known[i]));
        if (!ok && n && p != boot_info.cmdline) printk("unknown option on the command line ignored: %.*s", (int)n, p);
        p += n;
        while (*p == ' ')
            p++;
    }
}

/* The policy stays for ever: it is copied to the hypervisor's own memory, then verified there. */
static void start_policy(void)
{
    if (!boot_info.modules)
        panic("no boot module with a policy: modules are policy, dom0 kernel, dom0 ramdisk, in this order");
    const struct boot_module *m = &boot_info.module[0];
    size_t size = m->end - m->start;
    if (!size || size > (4u << 20)) panic("the policy module has %lu bytes: between 1 and 4 MiB are allowed", size);
    uint8_t *copy = heap_alloc_pages((size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (!copy) panic("no memory for a policy of %lu bytes", size);
    memcpy(copy, (const void *)m->start, size);
    if (monitor_init(copy, size)) panic("no valid policy, so no domain may start");
}

static void start_platform(void)
{
    this_cpu()->idle_cr3 = idle_l4_maddr;
    this_cpu()->apic_id = 0;
    cpu_setup();
    acpi_init();
    lapic_init_boot(acpi_lapic_base);
    lapic_init_cpu();
    this_cpu()->apic_id = lapic_read(LAPIC_ID) >> 24;
    cpus_online = 1;
    clock_init();
    sched_init();
    timer_init_cpu();
    domain_init_idle(0);
    smp_start_all();
    device_init();
}

void start_bsp(uint32_t magic, uint64_t info)
{
    cpu_block_init(boot_stack, 0);
    console_init();
    parse_boot_info(magic, info);
    say_hello();
    check_cmdline();
    access_init(cpu_has_smap());
    paging_init();
    start_platform();
    printk("%lu MiB of RAM, %lu KiB for the hypervisor, %u CPUs", total_ram >> 20, pool_bytes >> 10, cpus_online);
    printk("no IOMMU in use: dom0's devices can reach all memory");
    area_init();
    vault_init();
    start_policy();
    measure_init(boot_info.cmdline);
    measure_policy(monitor_policy_digest(), monitor_policy_version());
    build_dom0();
    paging_end_boot();
    smp_release();
    console_input_start();
    this_cpu()->need_resched = 1;
    start_guests();
}
