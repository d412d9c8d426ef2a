/* SPDX-License-Identifier: MIT */
/* physdev_op (xen/physdev.h): interrupts and PCI functions of the control domain. A domain without device rights gets
 * -EPERM from all but set_iopl. */
#include "types.h"
#include <xen/physdev.h>

#include "cpu/percpu.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/ioapic.h"
#include "device/msi.h"
#include "device/pci.h"
#include "device/pirq.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "mm/access.h"
#include "monitor/monitor.h"

/* Has the caller device rights at all, and does the policy let it do this? */
static int may(enum bh_perm perm, uint64_t id)
{
    struct domain *d = current->domain;

    int rc = monitor_check(d, NULL, perm, id);
    if (rc)
        return rc;
    return d->device ? 0 : -XEN_EPERM;
}

static bool is_self(domid_t domid)
{
    return domid == DOMID_SELF || domid == current->domain->domid;
}

static long op_eoi(gva_t arg)
{
    struct physdev_eoi op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, op.irq);
    return rc ? rc : pirq_guest_eoi(current->domain, op.irq);
}

static long op_irq_status(gva_t arg)
{
    struct physdev_irq_status_query op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, op.irq);
    if (rc)
        return rc;
    if (op.irq >= PIRQS_MAX)
        return -XEN_EINVAL;
    op.flags = pirq_needs_eoi(op.irq) ? XENIRQSTAT_needs_eoi : 0;
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

static long op_set_iopl(gva_t arg)
{
    struct physdev_set_iopl op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = monitor_check(current->domain, current->domain, PERM_vcpu_iopl, op.iopl);
    if (rc)
        return rc;
    if (op.iopl > 3)
        return -XEN_EINVAL;
    current->state->iopl = op.iopl;
    return 0;
}

static long op_apic_read(gva_t arg)
{
    struct physdev_apic op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, op.reg);
    if (rc)
        return rc;
    spin_lock(&device_lock);
    rc = ioapic_guest_read(op.apic_physbase, op.reg, &op.value);
    spin_unlock(&device_lock);
    if (rc)
        return rc;
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

/* Lines are programmed by setup_gsi and bind_pirq; raw values would be vectors of others. */
static long op_apic_write(gva_t arg)
{
    struct physdev_apic op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, op.reg);
    return rc ? rc : -XEN_EPERM;
}

/* Vectors are the hypervisor's; a stock kernel asks for one before it binds a line and does not use the answer. */
static long op_irq_vector(gva_t arg)
{
    struct physdev_irq op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, op.irq);
    if (rc)
        return rc;
    if (op.irq >= PIRQS_MAX)
        return -XEN_EINVAL;
    op.vector = pirq_vector(op.irq);
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

static int map_message(const struct physdev_map_pirq *op)
{
    uint32_t segment = op->type == MAP_PIRQ_TYPE_MSI_SEG ? (uint32_t)op->bus >> 16 : 0;
    uint32_t bdf = ((uint32_t)op->bus & 0xff) << 8 | ((uint32_t)op->devfn & 0xff);
    struct msi_source s = {.function = pci_find(segment, bdf), .msix = op->table_base != 0};

    if (!s.function)
        return -XEN_ENODEV;
    if (op->index >= 0 || (op->pirq >= 0 && (uint32_t)op->pirq < ioapic_gsi_end()))
        return -XEN_EINVAL;
    if (s.msix) {
        if (op->entry_nr < 0 || op->entry_nr >= s.function->msix_entries)
            return -XEN_EINVAL;
        s.entry = (uint16_t)op->entry_nr;
    }
    return pirq_map_msi(&s);
}

static long op_map_pirq(gva_t arg)
{
    struct physdev_map_pirq op;
    int rc;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    rc = may(PERM_hw_irq, op.type == MAP_PIRQ_TYPE_GSI ? (uint32_t)op.index : (uint32_t)op.bus);
    if (rc)
        return rc;
    if (!is_self(op.domid))
        return -XEN_EPERM;
    switch (op.type) {
    case MAP_PIRQ_TYPE_GSI: /* one number for both, as every kernel asks */
        if (op.index < 0 || (op.pirq >= 0 && op.pirq != op.index))
            return -XEN_EINVAL;
        rc = pirq_map_line((uint32_t)op.index);
        op.pirq = op.index;
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        rc = map_message(&op);
        op.pirq = rc;
        break;
    case MAP_PIRQ_TYPE_MULTI_MSI: /* the driver makes do with one */
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_EINVAL;
    }
    if (rc < 0)
        return rc;
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

static long op_unmap_pirq(gva_t arg)
{
    struct physdev_unmap_pirq op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, (uint32_t)op.pirq);
    if (rc)
        return rc;
    if (!is_self(op.domid))
        return -XEN_EPERM;
    return op.pirq < 0 ? -XEN_EINVAL : pirq_unmap((uint32_t)op.pirq);
}

static long op_setup_gsi(gva_t arg)
{
    struct physdev_setup_gsi op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, (uint32_t)op.gsi);
    if (rc)
        return rc;
    if (op.gsi < 0 || op.triggering > 1 || op.polarity > 1)
        return -XEN_EINVAL;
    return pirq_set_line_mode((uint32_t)op.gsi, op.triggering, op.polarity);
}

static long op_get_free_pirq(gva_t arg)
{
    struct physdev_get_free_pirq op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    int rc = may(PERM_hw_irq, 0);
    if (!rc)
        rc = op.type == MAP_PIRQ_TYPE_MSI ? pirq_get_free() : -XEN_EINVAL;
    if (rc < 0)
        return rc;
    op.pirq = (uint32_t)rc;
    return copy_to_guest(arg, &op, sizeof(op)) ? -XEN_EFAULT : 0;
}

/* Functions are known from the start; the kernel's report is checked against that. */
static int known(uint32_t segment, uint32_t bus, uint32_t devfn)
{
    uint32_t bdf = bus << 8 | devfn;
    int rc = may(PERM_hw_pci, (uint64_t)segment << 16 | bdf);

    if (rc)
        return rc;
    return pci_find(segment, bdf) ? 0 : -XEN_ENODEV;
}

static long op_pci_by_bus(gva_t arg)
{
    struct physdev_manage_pci op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    return known(0, op.bus, op.devfn);
}

static long op_pci_add_ext(gva_t arg)
{
    struct physdev_manage_pci_ext op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    return known(0, op.bus, op.devfn);
}

static long op_pci_add(gva_t arg)
{
    struct physdev_pci_device_add op;

    if (copy_from_guest(&op, arg, offsetof(struct physdev_pci_device_add, optarr)))
        return -XEN_EFAULT;
    return known(op.seg, op.bus, op.devfn);
}

static long op_pci_by_segment(gva_t arg)
{
    struct physdev_pci_device op;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -XEN_EFAULT;
    return known(op.seg, op.bus, op.devfn);
}

static long op_restore_msi(gva_t arg, bool by_segment)
{
    struct physdev_pci_device op = {0};
    struct physdev_restore_msi old;

    if (by_segment ? copy_from_guest(&op, arg, sizeof(op)) : copy_from_guest(&old, arg, sizeof(old)))
        return -XEN_EFAULT;
    if (!by_segment) {
        op.bus = old.bus;
        op.devfn = old.devfn;
    }
    int rc = known(op.seg, op.bus, op.devfn);
    if (!rc)
        pirq_restore_msi((uint32_t)op.bus << 8 | op.devfn);
    return rc;
}

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    switch (cmd) {
    case PHYSDEVOP_eoi:
        return op_eoi(arg);
    case PHYSDEVOP_irq_status_query:
        return op_irq_status(arg);
    case PHYSDEVOP_set_iopl:
        return op_set_iopl(arg);
    case PHYSDEVOP_apic_read:
        return op_apic_read(arg);
    case PHYSDEVOP_apic_write:
        return op_apic_write(arg);
    case PHYSDEVOP_alloc_irq_vector:
        return op_irq_vector(arg);
    case PHYSDEVOP_map_pirq:
        return op_map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:
        return op_unmap_pirq(arg);
    case PHYSDEVOP_setup_gsi:
        return op_setup_gsi(arg);
    case PHYSDEVOP_get_free_pirq:
        return op_get_free_pirq(arg);
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_remove:
        return op_pci_by_bus(arg);
    case PHYSDEVOP_manage_pci_add_ext:
        return op_pci_add_ext(arg);
    case PHYSDEVOP_pci_device_add:
        return op_pci_add(arg);
    case PHYSDEVOP_pci_device_remove:
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix:
        return op_pci_by_segment(arg);
    case PHYSDEVOP_restore_msi_ext:
        return op_restore_msi(arg, true);
    case PHYSDEVOP_restore_msi:
        return op_restore_msi(arg, false);
    default:
        /* pirq_eoi_gmfn: kernels then ask irq_status_query. set_iobitmap: every port access is emulated anyway.
         * pci_mmcfg_reserved: no domain uses memory-mapped configuration. */
        return -XEN_ENOSYS;
    }
}
