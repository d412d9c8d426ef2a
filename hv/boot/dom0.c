/* SPDX-License-Identifier: MIT */
/* The boot domain, from the loader's modules, with the builder that every domain has. */
#include "hv.h"
#include "boot/bootinfo.h"
#include "device/device.h"
#include "domain/build.h"
#include "domain/lifecycle.h"
#include "measure/measure.h"
#include "mm/chunk.h"
#include "mm/paging.h"
#include "monitor/admit.h"
#include "monitor/monitor.h"
#include "sched/sched.h"
#include "cpu/fpu.h"

#define DOM0_DEFAULT_MIB 512ul

static uint64_t dom0_bytes(void)
{
    char text[32];
    uint64_t bytes = MIN(DOM0_DEFAULT_MIB << 20, (uint64_t)chunk_free_count() * CHUNK_SIZE / 2);
    int rc = cmdline_get(boot_info.cmdline, "dom0_mem", text, sizeof(text));

    if (rc == -XEN_ENOENT) return bytes & ~(CHUNK_SIZE - 1);
    if (rc || cmdline_size(text, &bytes))
        panic("dom0_mem=%s: a number with K, M or G is expected, as in dom0_mem=512M", rc ? "(too long)" : text);
    if (bytes < (16ul << 20) || bytes > (uint64_t)chunk_free_count() * CHUNK_SIZE)
        panic("dom0_mem=%s: between 16 MiB and the %lu MiB that are free", text, (uint64_t)chunk_free_count() * 2);
    return bytes & ~(CHUNK_SIZE - 1);
}

/* Without a key there are no reports that could name digests: start-up does not spend its time on them. */
static bool measuring(void)
{
    return !mem_is_zero(measure_pubkey(), 64);
}

static void set_part(struct domain_build *b, unsigned int part, const struct boot_module *m)
{
    struct image_part *p = &b->part[part];

    if (m->start & ~PAGE_MASK) panic("boot module %u does not start on a page", part + 1);
    p->module = m->start;
    p->size = p->loaded = m->end - m->start;
}

static void measure_parts(struct domain_build *b)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(b->part); i++)
        sha256_update(&b->part[i].hash, (const void *)b->part[i].module, b->part[i].size);
}

/* A loader may put the file's name in front of the arguments (multiboot 1, QEMU): a first word with a slash is no
 * option. */
static void set_cmdline(struct domain_build *b, const char *text)
{
    const char *space = text;

    while (*space && *space != ' ')
        space++;
    bool is_path = false;
    for (const char *p = text; p < space; p++)
        is_path = is_path || *p == '/';
    if (is_path) text = *space ? space + 1 : space;
    b->cmdline_size = b->cmdline_loaded = strlen(text);
    memcpy(b->cmdline, text, b->cmdline_size + 1);
}

int dom0_begin(uint64_t memory_kib, struct domain **out)
{
    struct bh_dom_create c = {.vcpus = MIN(cpus_online, BH_VCPUS_MAX), .memory_kib = memory_kib, .name = "dom0"};
    struct label label = monitor_boot_label();
    struct domain *d;
    int rc = domain_create(&c, &label, NULL, &d);

    if (rc) return rc;
    sha256_start(&d->build->part[BH_PART_KERNEL].hash);
    sha256_start(&d->build->part[BH_PART_RAMDISK].hash);
    set_part(d->build, BH_PART_KERNEL, &boot_info.module[1]);
    if (boot_info.modules > 2) set_part(d->build, BH_PART_RAMDISK, &boot_info.module[2]);
    set_cmdline(d->build, boot_info.module[1].cmdline);
    *out = d;
    return device_domain_init(d);
}

void dom0_start(struct domain *d)
{
    heap_free(d->build->chunk_of);
    heap_free(d->build);
    d->build = NULL;
    __atomic_store_n(&control_domain, d, __ATOMIC_SEQ_CST);
    clock_update_wallclock(d);
    d->vcpu[0]->online = 1;
    d->state = BH_STATE_RUNNING;
    domain_unpause(d);
}

void build_dom0(void)
{
    const char *error = "?";
    struct domain *d;
    int rc;

    if (boot_info.modules < 2)
        panic("no boot module with a dom0 kernel: modules are policy, dom0 kernel, dom0 ramdisk, in this order");
    if (boot_info.modules > 3)
        printk("%u boot modules more than policy, kernel and ramdisk are ignored", boot_info.modules - 3);
    restart_init();
    if ((rc = dom0_begin(dom0_bytes() >> 10, &d))) panic("dom0 cannot be created: error %d", rc);
    bool hashed = measuring() || admit_launch_bound(&d->label);
    if (hashed) measure_parts(d->build);
    do {
        rc = build_step(d, &error);
    } while (rc == -XEN_EAGAIN);
    if (rc) panic("dom0 cannot be built: %s", error);
    if (hashed) build_measure(d);
    if (admit_launch(d, d, false))
        panic("dom0: the policy does not let %s start with this kernel, ramdisk and command line", d->name);
    measure_launch(d);
    measure_complete();
    printk("dom0: %lu MiB, %u vCPUs, command line: %s", d->mm.frames_max >> 8, d->nr_vcpus,
           boot_info.module[1].cmdline);
    dom0_start(d);
}
