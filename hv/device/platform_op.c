/* SPDX-License-Identifier: MIT */
/* platform_op (xen/platform.h): the few that a stock kernel needs in the control domain's place. Microcode, MTRRs, CPU
 * and memory hot-plug, power states, EFI runtime calls and the like are absent: -ENOSYS, from which kernels fall back.
 */
#include "hypercall/handler.h"
#include <xen/platform.h>

#include "device/device.h"

#define ACPI_S5 5u

static long settime(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
    return nsec >= 1000000000u ? -XEN_EINVAL : clock_set_wallclock(sec, nsec, system_time);
}

static long settime32(struct xen_platform_op *op, gva_t arg)
{
    return settime(op->u.settime32.secs, op->u.settime32.nsecs, op->u.settime32.system_time);
}

static long settime64(struct xen_platform_op *op, gva_t arg)
{
    if (op->u.settime64.mbz) return -XEN_EINVAL;
    return settime(op->u.settime64.secs, op->u.settime64.nsecs, op->u.settime64.system_time);
}

/* No BIOS was asked before the start, and EFI's tables are for the hypervisor. */
static long firmware_info(struct xen_platform_op *op, gva_t arg)
{
    switch (op->u.firmware_info.type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
        return -XEN_ESRCH; /* no such disk: ends the caller's search */
    case XEN_FW_VBEDDC_INFO:
        return -XEN_ESRCH;
    case XEN_FW_EFI_INFO:
        return -XEN_ENODEV;
    default:
        return -XEN_EINVAL;
    }
}

static long cpuinfo(struct xen_platform_op *op, gva_t arg)
{
    struct xenpf_pcpuinfo *info = &op->u.pcpu_info;

    info->max_present = cpus_online - 1;
    info->flags = XEN_PCPU_FLAGS_INVALID;
    info->apic_id = info->acpi_id = ~0u;
    if (info->xen_cpuid < cpus_online) {
        info->flags = XEN_PCPU_FLAGS_ONLINE;
        info->apic_id = cpu_infos[info->xen_cpuid]->apic_id;
        info->acpi_id = info->xen_cpuid;
    }
    return copy_to_guest(arg, op, sizeof(*op)) ? -XEN_EFAULT : 0;
}

static long cpu_offline(struct xen_platform_op *op, gva_t arg)
{
    return -XEN_EOPNOTSUPP;
}

/* Only power-off: a machine that slept would come back without its measured start. */
static long enter_sleep(struct xen_platform_op *op, gva_t arg)
{
    if (!current->domain->device) return -XEN_EPERM;
    if (op->u.enter_acpi_sleep.sleep_state != ACPI_S5) return -XEN_EOPNOTSUPP;
    device_poweroff();
}

static const struct {
    long (*fn)(struct xen_platform_op *op, gva_t arg);
    enum operation op;
} ops[] = {PLATFORM_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_platform_op(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct xen_platform_op op;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION) return -XEN_EACCES;
    if (op.cmd >= ARRAY_SIZE(ops) || !ops[op.cmd].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[op.cmd].op, op.cmd);
    return rc ? rc : ops[op.cmd].fn(&op, arg);
}
