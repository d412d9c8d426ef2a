/* SPDX-License-Identifier: MIT */
/* Hardware, time, console: what the control domain alone has. */
#include "walk.h"

#define GSI 11

static long call_iopl(void)
{
    struct physdev_set_iopl op = {.iopl = 0};

    return rt_physdev_op(PHYSDEVOP_set_iopl, &op);
}

static int pirq;
static void line(void)
{
    struct physdev_map_pirq op = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = GSI, .pirq = GSI};

    if (!pirq) NEED(rt_physdev_op(PHYSDEVOP_map_pirq, &op) == 0);
    pirq = GSI;
}

static long call_eoi(void)
{
    struct physdev_eoi op = {.irq = GSI};

    return rt_physdev_op(PHYSDEVOP_eoi, &op);
}

static long call_irq_status(void)
{
    struct physdev_irq_status_query op = {.irq = GSI};

    return rt_physdev_op(PHYSDEVOP_irq_status_query, &op);
}

static void apic_arguments(void)
{
    *(struct physdev_apic *)walk_out = (struct physdev_apic){.apic_physbase = 0xfec00000, .reg = 1};
}

static long call_apic_read(void)
{
    apic_arguments();
    return rt_physdev_op(PHYSDEVOP_apic_read, walk_out);
}

static long call_apic_write(void)
{
    struct physdev_apic op = {.apic_physbase = 0xfec00000, .reg = 0x10};

    return rt_physdev_op(PHYSDEVOP_apic_write, &op);
}

static void vector_arguments(void)
{
    *(struct physdev_irq *)walk_out = (struct physdev_irq){.irq = GSI};
}

static long call_vector(void)
{
    vector_arguments();
    return rt_physdev_op(PHYSDEVOP_alloc_irq_vector, walk_out);
}

static long call_map_pirq(void)
{
    struct physdev_map_pirq op = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = GSI, .pirq = GSI};

    return rt_physdev_op(PHYSDEVOP_map_pirq, &op);
}

/* A message of the SATA controller, 0000:00:1f.2 of QEMU's q35. */
static int message = -1;
static long call_map_message(void)
{
    struct physdev_map_pirq op = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1, .devfn = 0xfa};
    long ret = rt_physdev_op(PHYSDEVOP_map_pirq, &op);

    message = ret ? -1 : op.pirq;
    return ret;
}

static void no_message(void)
{
    struct physdev_unmap_pirq op = {.domid = DOMID_SELF, .pirq = message};

    rt_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static long call_unmap_pirq(void)
{
    struct physdev_unmap_pirq op = {.domid = DOMID_SELF, .pirq = GSI};

    return rt_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static void unmapped(void)
{
    pirq = 0;
}

static long call_setup_gsi(void)
{
    struct physdev_setup_gsi op = {.gsi = GSI, .triggering = 1, .polarity = 1};

    return rt_physdev_op(PHYSDEVOP_setup_gsi, &op);
}

static long call_free_pirq(void)
{
    struct physdev_get_free_pirq op = {.type = MAP_PIRQ_TYPE_MSI};

    return rt_physdev_op(PHYSDEVOP_get_free_pirq, &op);
}

/* The host bridge, 0000:00:00.0, in every structure that names a function by zeros. */
#define FUNCTION(name, type)                                                                                           \
    static long call_##name(void)                                                                                      \
    {                                                                                                                  \
        struct type op;                                                                                                \
        memset(&op, 0, sizeof(op));                                                                                    \
        return rt_physdev_op(PHYSDEVOP_##name, &op);                                                                   \
    }
FUNCTION(manage_pci_add, physdev_manage_pci)
FUNCTION(manage_pci_remove, physdev_manage_pci)
FUNCTION(manage_pci_add_ext, physdev_manage_pci_ext)
FUNCTION(pci_device_add, physdev_pci_device_add)
FUNCTION(pci_device_remove, physdev_pci_device)
FUNCTION(prepare_msix, physdev_pci_device)
FUNCTION(release_msix, physdev_pci_device)
FUNCTION(restore_msi, physdev_restore_msi)
FUNCTION(restore_msi_ext, physdev_pci_device)

/* --- platform_op --- */
static long platform(struct xen_platform_op *op)
{
    op->interface_version = XENPF_INTERFACE_VERSION;
    return RT_HC(__HYPERVISOR_platform_op, op, 0, 0, 0, 0);
}

/* Another time at each call. */
static uint64_t seconds = 1000000;
static long call_settime32(void)
{
    struct xen_platform_op op = {.cmd = XENPF_settime32};

    op.u.settime32.secs = (uint32_t)(seconds += 1000);
    op.u.settime32.system_time = rt_time_now();
    return platform(&op);
}

static long call_settime64(void)
{
    struct xen_platform_op op = {.cmd = XENPF_settime64};

    op.u.settime64.secs = seconds += 1000;
    op.u.settime64.system_time = rt_time_now();
    return platform(&op);
}

static uint64_t wall(void)
{
    return rt_shared_info->wc_sec;
}

static long call_firmware(void)
{
    struct xen_platform_op op = {.cmd = XENPF_firmware_info};

    op.u.firmware_info.type = XEN_FW_DISK_INFO;
    return platform(&op);
}

static void cpuinfo_arguments(void)
{
    *(struct xen_platform_op *)walk_out =
        (struct xen_platform_op){.cmd = XENPF_get_cpuinfo, .interface_version = XENPF_INTERFACE_VERSION};
}

static long call_cpuinfo(void)
{
    cpuinfo_arguments();
    return platform((struct xen_platform_op *)walk_out);
}

static long call_offline(void)
{
    struct xen_platform_op op = {.cmd = XENPF_cpu_offline};

    op.u.cpu_ol.cpuid = 1;
    return platform(&op);
}

/* S3, which does not exist here: S5 would be the end. */
static long call_sleep(void)
{
    struct xen_platform_op op = {.cmd = XENPF_enter_acpi_sleep};

    op.u.enter_acpi_sleep.sleep_state = 3;
    return platform(&op);
}

/* --- console_io --- */
static long call_write(void)
{
    return rt_console_io(CONSOLEIO_write, 1, "\n");
}

static long call_read(void)
{
    return rt_console_io(CONSOLEIO_read, 1, walk_out);
}

const struct walk_row walk_device[OPERATION_COUNT] = {
    [OP_PHYSDEVOP_set_iopl] = {.call = call_iopl},
    [OP_PHYSDEVOP_eoi] = {.call = call_eoi, .prepare = line, .want = -XEN_EINVAL},
    [OP_PHYSDEVOP_irq_status_query] = {.call = call_irq_status, .prepare = line},
    [OP_PHYSDEVOP_apic_read] = {.call = call_apic_read, .state = walk_answered, .prepare = apic_arguments},
    [OP_PHYSDEVOP_apic_write] = {.call = call_apic_write, .want = -XEN_EPERM},
    [OP_PHYSDEVOP_alloc_irq_vector] = {.call = call_vector, .prepare = vector_arguments},
    [OP_PHYSDEVOP_map_pirq] = {.call = call_map_pirq},
    [OP_PHYSDEVOP_map_pirq_message] = {.call = call_map_message, .undo = no_message},
    [OP_PHYSDEVOP_unmap_pirq] = {.call = call_unmap_pirq, .prepare = line, .undo = unmapped},
    [OP_PHYSDEVOP_setup_gsi] = {.call = call_setup_gsi},
    [OP_PHYSDEVOP_get_free_pirq] = {.call = call_free_pirq},
    [OP_PHYSDEVOP_manage_pci_add] = {.call = call_manage_pci_add},
    [OP_PHYSDEVOP_manage_pci_remove] = {.call = call_manage_pci_remove},
    [OP_PHYSDEVOP_manage_pci_add_ext] = {.call = call_manage_pci_add_ext},
    [OP_PHYSDEVOP_pci_device_add] = {.call = call_pci_device_add},
    [OP_PHYSDEVOP_pci_device_remove] = {.call = call_pci_device_remove},
    [OP_PHYSDEVOP_prepare_msix] = {.call = call_prepare_msix},
    [OP_PHYSDEVOP_release_msix] = {.call = call_release_msix},
    [OP_PHYSDEVOP_restore_msi] = {.call = call_restore_msi},
    [OP_PHYSDEVOP_restore_msi_ext] = {.call = call_restore_msi_ext},
    [OP_XENPF_settime32] = {.call = call_settime32, .state = wall},
    [OP_XENPF_settime64] = {.call = call_settime64, .state = wall},
    [OP_XENPF_firmware_info] = {.call = call_firmware, .want = -XEN_ESRCH},
    [OP_XENPF_get_cpuinfo] = {.call = call_cpuinfo, .state = walk_answered, .prepare = cpuinfo_arguments},
    [OP_XENPF_cpu_offline] = {.call = call_offline, .want = -XEN_EOPNOTSUPP},
    [OP_XENPF_enter_acpi_sleep] = {.call = call_sleep, .want = -XEN_EOPNOTSUPP},
    [OP_CONSOLEIO_write] = {.call = call_write},
    [OP_CONSOLEIO_read] = {.call = call_read},
};
