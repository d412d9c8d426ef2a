/* SPDX-License-Identifier: MIT */
/* bhctl list and info. */
#include <inttypes.h>
#include <string.h>

#include "ctl.h"

static void hex(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", data[i]);
}

static void uuid_text(const uint8_t uuid[16], char out[37])
{
    char *p = out;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
        p += sprintf(p, "%02x", uuid[i]);
    }
}

static void json_domain(struct jsonout *j, const struct bh_dom_info *d)
{
    char uuid[37];

    uuid_text(d->uuid, uuid);
    jsonout_open(j, NULL, '{');
    jsonout_number(j, "id", d->domid);
    jsonout_string(j, "name", d->name);
    jsonout_string(j, "state", ctl_state(d));
    jsonout_string(j, "type", d->type);
    jsonout_number(j, "compartment", d->compartment);
    jsonout_number(j, "vcpus", d->vcpus);
    jsonout_number(j, "vcpus_online", d->vcpus_online);
    jsonout_number(j, "memory_kib", d->memory_kib);
    jsonout_number(j, "memory_max_kib", d->memory_max_kib);
    jsonout_number(j, "cpu_ns", d->cpu_ns);
    jsonout_number(j, "weight", d->weight);
    jsonout_number(j, "cap", d->cap);
    jsonout_number(j, "denials", d->denials);
    jsonout_string(j, "uuid", uuid);
    jsonout_hex(j, "launch_digest", d->launch_digest, sizeof(d->launch_digest));
    jsonout_close(j, '}');
}

static bool take_json_flag(int *argc, char **argv)
{
    if (*argc < 2 || strcmp(argv[1], "--json") != 0) return false;
    for (int i = 1; i < *argc - 1; i++)
        argv[i] = argv[i + 1];
    --*argc;
    return true;
}

int ctl_list(struct hvcall *hv, int argc, char **argv)
{
    struct jsonout j = {.file = stdout};
    bool json = take_json_flag(&argc, argv);
    struct bh_dom_info d;
    uint32_t next = 0;
    int rc;

    if (argc != 1) return ctl_usage("list: '%s' is no option", argv[1]);
    if (json)
        jsonout_open(&j, NULL, '[');
    else
        printf("%4s %-16s %-14s %-20s %6s %10s %10s %8s\n", "ID", "NAME", "STATE", "LABEL", "VCPUS", "MEMORY", "CPU",
               "DENIALS");
    while ((rc = ctl_next(hv, &next, &d)) > 0) {
        char label[BH_TYPE_MAX + 16];

        snprintf(label, sizeof(label), "%s:c%u", d.type, d.compartment);
        if (json)
            json_domain(&j, &d);
        else
            printf("%4u %-16s %-14s %-20s %3u/%-2u %6" PRIu64 " MiB %8.1f s %8u\n", d.domid, d.name, ctl_state(&d),
                   label, d.vcpus_online, d.vcpus, d.memory_kib / 1024, (double)d.cpu_ns / 1e9, d.denials);
    }
    if (json) {
        jsonout_close(&j, ']');
        putchar('\n');
    }
    return rc < 0 ? ctl_error("list: the hypervisor does not list its domains: %s", strerror(-rc)) : CTL_OK;
}

static void show_domain(const struct bh_dom_info *d)
{
    char uuid[37];

    uuid_text(d->uuid, uuid);
    printf("domain         %u\nname           %s\nstate          %s\nlabel          %s:c%u\nuuid           %s\n",
           d->domid, d->name, ctl_state(d), d->type, d->compartment, uuid);
    printf("vcpus          %u of %u online\nmemory         %" PRIu64 " of %" PRIu64 " KiB\ncpu time       %.3f s\n",
           d->vcpus_online, d->vcpus, d->memory_kib, d->memory_max_kib, (double)d->cpu_ns / 1e9);
    printf("weight, cap    %u, %u\ndenials        %u\nlaunch digest  ", d->weight, d->cap, d->denials);
    hex(d->launch_digest, sizeof(d->launch_digest));
    putchar('\n');
}

static const struct {
    uint32_t bit;
    const char *name, *yes, *no;
} flags[] = {
    {BH_FLAG_MEASURED, "measured", "yes", "NO: reports say so, or there are none; bhctl dmesg says why"},
    {BH_FLAG_LATE_LAUNCH, "late_launch", "yes", "no"},
    {BH_FLAG_IOMMU, "iommu", "yes", "NO: devices that dom0 drives can reach all memory"},
    {BH_FLAG_DEBUG, "debug", "YES: not for production", "no"},
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static void show_platform(const struct bh_platform_info *p)
{
    printf("version        %s (svn %u)\ncpus           %u\nmemory         %" PRIu64 " KiB\nfree           %" PRIu64
           " KiB\nhypervisor     %" PRIu64 " KiB\nup             %.1f s\n",
           p->version, p->svn, p->cpus, p->memory_kib, p->free_kib, p->hv_kib, (double)p->uptime_ns / 1e9);
    for (size_t i = 0; i < FLAGS; i++)
        printf("%-14s %s\n", flags[i].name, p->flags & flags[i].bit ? flags[i].yes : flags[i].no);
    printf("policy         version %u, ", p->policy_version);
    hex(p->policy_digest, sizeof(p->policy_digest));
    printf("\nkey            ");
    hex(p->hv_pubkey, sizeof(p->hv_pubkey));
    putchar('\n');
}

static void json_platform(struct jsonout *j, const struct bh_platform_info *p)
{
    jsonout_open(j, NULL, '{');
    jsonout_string(j, "version", p->version);
    jsonout_number(j, "svn", p->svn);
    jsonout_number(j, "cpus", p->cpus);
    jsonout_number(j, "memory_kib", p->memory_kib);
    jsonout_number(j, "free_kib", p->free_kib);
    jsonout_number(j, "hypervisor_kib", p->hv_kib);
    jsonout_number(j, "uptime_ns", p->uptime_ns);
    for (size_t i = 0; i < FLAGS; i++)
        jsonout_bool(j, flags[i].name, p->flags & flags[i].bit);
    jsonout_number(j, "policy_version", p->policy_version);
    jsonout_hex(j, "policy_digest", p->policy_digest, sizeof(p->policy_digest));
    jsonout_hex(j, "key", p->hv_pubkey, sizeof(p->hv_pubkey));
    jsonout_close(j, '}');
}

int ctl_info(struct hvcall *hv, int argc, char **argv)
{
    struct jsonout j = {.file = stdout};
    bool json = take_json_flag(&argc, argv);
    struct bh_platform_info platform = {0};
    struct bh_dom_info domain;
    long rc;

    if (argc > 2) return ctl_usage("info: one domain at most");
    if (argc == 2) {
        rc = ctl_find(hv, argv[1], &domain);
        if (rc != CTL_OK) return (int)rc;
        json ? json_domain(&j, &domain) : show_domain(&domain);
    } else {
        rc = hvcall_op(hv, BH_PLATFORM_INFO, &platform, sizeof(platform));
        if (rc < 0) return ctl_error("info: %s", strerror((int)-rc));
        platform.version[sizeof(platform.version) - 1] = '\0';
        json ? json_platform(&j, &platform) : show_platform(&platform);
    }
    if (json) putchar('\n');
    return CTL_OK;
}
