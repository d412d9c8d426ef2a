/* SPDX-License-Identifier: MIT */
/* xen_version (xen/version.h): what a kernel learns of the platform. Nothing here is secret. */
#include "hypercall/handler.h"
#include <xen/version.h>
#include <xen/features.h>
#include "hypercall/version.h"
#include "mm/layout.h"

static long out(uint64_t arg, const void *data, size_t n)
{
    return copy_to_guest(arg, data, n) ? -XEN_EFAULT : 0;
}

static long get_features(uint64_t arg)
{
    struct xen_feature_info f;

    if (copy_from_guest(&f, arg, sizeof(f))) return -XEN_EFAULT;
    f.submap = 0;
    if (!f.submap_idx)
        f.submap = 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_mmu_pt_update_preserve_ad |
                   1u << XENFEAT_gnttab_map_avail_bits | (current->domain->is_control ? 1u << XENFEAT_dom0 : 0);
    return out(arg, &f, sizeof(f));
}

static long answer(unsigned int cmd, gva_t arg)
{
    switch (cmd) {
    case XENVER_version:
        return ABI_VERSION_MAJOR << 16 | ABI_VERSION_MINOR;
    case XENVER_extraversion: {
        xen_extraversion_t s = "." HV_VERSION;
        return out(arg, s, sizeof(s));
    }
    case XENVER_compile_info: {
        struct xen_compile_info s = {"gcc", "bulkhead", "bulkhead", "reproducible"};
        return out(arg, &s, sizeof(s));
    }
    case XENVER_capabilities: {
        xen_capabilities_info_t s = "xen-3.0-x86_64";
        return out(arg, s, sizeof(s));
    }
    case XENVER_changeset: {
        xen_changeset_info_t s = HV_VERSION;
        return out(arg, s, sizeof(s));
    }
    case XENVER_platform_parameters: {
        struct xen_platform_parameters p = {.virt_start = HV_VIRT_START};
        return out(arg, &p, sizeof(p));
    }
    case XENVER_get_features:
        return get_features(arg);
    case XENVER_pagesize:
        return PAGE_SIZE;
    case XENVER_guest_handle:
        return out(arg, current->domain->uuid, 16);
    case XENVER_commandline: {
        xen_commandline_t s = "";
        return out(arg, s, sizeof(s));
    }
    case XENVER_build_id:
        return -XEN_ENODATA;
    default:
        return -XEN_ENOSYS;
    }
}

static const struct {
    long (*fn)(unsigned int cmd, gva_t arg);
    enum operation op;
} ops[] = {VERSION_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    uint32_t n = (uint32_t)cmd;

    if (n >= ARRAY_SIZE(ops) || !ops[n].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[n].op, n);
    return rc ? rc : ops[n].fn(n, arg);
}
