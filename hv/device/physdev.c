/* SPDX-License-Identifier: MIT */
/* physdev_op (xen/physdev.h): interrupts and PCI functions of the control domain. A domain without device rights gets
 * -EPERM from all but set_iopl. */
#include "hypercall/handler.h"
#include <xen/physdev.h>

#include "device/device.h"
#include "device/device_state.h"
#include "device/ioapic.h"
#include "device/msi.h"
#include "device/pci.h"
#include "device/pirq.h"

/* Does the policy let the caller do this, and has it device rights at all? */
static int may(enum operation op, uint64_t id)
{
    int rc = ask_hardware(op, id, id);

    return rc ? rc : current->domain->device ? 0 : -XEN_EPERM;
}

/* The same for what is about no piece of hardware in particular. */
static int may_all(enum operation op, uint64_t id)
{
    int rc = ask_about(op, NULL, id);

    return rc || current->domain->device ? rc : -XEN_EPERM;
}

static bool is_self(domid_t domid)
{
    return domid == DOMID_SELF || domid == current->domain->domid;
}

static long op_eoi(enum operation op, gva_t arg)
{
    struct physdev_eoi p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may(op, p.irq);
    return rc ? rc : pirq_guest_eoi(current->domain, p.irq);
}

static long op_irq_status(enum operation op, gva_t arg)
{
    struct physdev_irq_status_query p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may(op, p.irq);
    if (rc) return rc;
    if (p.irq >= PIRQS_MAX) return -XEN_EINVAL;
    p.flags = pirq_needs_eoi(p.irq) ? XENIRQSTAT_needs_eoi : 0;
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

static long op_set_iopl(enum operation op, gva_t arg)
{
    struct physdev_set_iopl p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    if (p.iopl > 3) return -XEN_EINVAL;
    current->state->iopl = p.iopl;
    return 0;
}

static long op_apic_read(enum operation op, gva_t arg)
{
    struct physdev_apic p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may_all(op, p.reg);
    if (rc) return rc;
    spin_lock(&device_lock);
    rc = ioapic_guest_read(p.apic_physbase, p.reg, &p.value);
    spin_unlock(&device_lock);
    if (rc) return rc;
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

/* Lines are programmed by setup_gsi and bind_pirq; raw values would be vectors of others. */
static long op_apic_write(enum operation op, gva_t arg)
{
    struct physdev_apic p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may_all(op, p.reg);
    return rc ? rc : -XEN_EPERM;
}

/* Vectors are the hypervisor's; a stock kernel asks for one before it binds a line and does not use the answer. */
static long op_irq_vector(enum operation op, gva_t arg)
{
    struct physdev_irq p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may(op, p.irq);
    if (rc) return rc;
    if (p.irq >= PIRQS_MAX) return -XEN_EINVAL;
    p.vector = pirq_vector(p.irq);
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

static int map_message(const struct physdev_map_pirq *p)
{
    uint32_t segment = p->type == MAP_PIRQ_TYPE_MSI_SEG ? (uint32_t)p->bus >> 16 : 0;
    uint32_t bdf = ((uint32_t)p->bus & 0xff) << 8 | ((uint32_t)p->devfn & 0xff);
    struct msi_source s = {.function = pci_find(segment, bdf), .msix = p->table_base != 0};

    if (!s.function) return -XEN_ENODEV;
    if (p->index >= 0 || (p->pirq >= 0 && (uint32_t)p->pirq < ioapic_gsi_end())) return -XEN_EINVAL;
    if (s.msix) {
        if (p->entry_nr < 0 || p->entry_nr >= s.function->msix_entries) return -XEN_EINVAL;
        s.entry = (uint16_t)p->entry_nr;
    }
    return pirq_map_msi(&s);
}

static long op_map_pirq(enum operation op, gva_t arg)
{
    struct physdev_map_pirq p;
    int rc;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    /* A message belongs to its function: that is how the policy names it. */
    rc = p.type == MAP_PIRQ_TYPE_GSI ? may(op, (uint32_t)p.index)
                                     : may(OP_PHYSDEVOP_map_pirq_message,
                                           (p.type == MAP_PIRQ_TYPE_MSI_SEG ? (uint32_t)p.bus & 0xffff0000u : 0) |
                                               ((uint32_t)p.bus & 0xff) << 8 | ((uint32_t)p.devfn & 0xff));
    if (rc) return rc;
    if (!is_self(p.domid)) return -XEN_EPERM;
    switch (p.type) {
    case MAP_PIRQ_TYPE_GSI: /* one number for both, as every kernel asks */
        if (p.index < 0 || (p.pirq >= 0 && p.pirq != p.index)) return -XEN_EINVAL;
        rc = pirq_map_line((uint32_t)p.index);
        p.pirq = p.index;
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        rc = map_message(&p);
        p.pirq = rc;
        break;
    case MAP_PIRQ_TYPE_MULTI_MSI: /* the driver makes do with one */
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_EINVAL;
    }
    if (rc < 0) return rc;
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

static long op_unmap_pirq(enum operation op, gva_t arg)
{
    struct physdev_unmap_pirq p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may(op, (uint32_t)p.pirq);
    if (rc) return rc;
    if (!is_self(p.domid)) return -XEN_EPERM;
    return p.pirq < 0 ? -XEN_EINVAL : pirq_unmap((uint32_t)p.pirq);
}

static long op_setup_gsi(enum operation op, gva_t arg)
{
    struct physdev_setup_gsi p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may(op, (uint32_t)p.gsi);
    if (rc) return rc;
    if (p.gsi < 0 || p.triggering > 1 || p.polarity > 1) return -XEN_EINVAL;
    return pirq_set_line_mode((uint32_t)p.gsi, p.triggering, p.polarity);
}

static long op_get_free_pirq(enum operation op, gva_t arg)
{
    struct physdev_get_free_pirq p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    int rc = may_all(op, 0);
    if (!rc) rc = p.type == MAP_PIRQ_TYPE_MSI ? pirq_get_free() : -XEN_EINVAL;
    if (rc < 0) return rc;
    p.pirq = (uint32_t)rc;
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

/* Functions are known from the start; the kernel's report is checked against that. */
static int known(enum operation op, uint32_t segment, uint32_t bus, uint32_t devfn)
{
    uint32_t bdf = bus << 8 | devfn;
    int rc = may(op, (uint64_t)segment << 16 | bdf);

    if (rc) return rc;
    return pci_find(segment, bdf) ? 0 : -XEN_ENODEV;
}

static long op_pci_by_bus(enum operation op, gva_t arg)
{
    struct physdev_manage_pci p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    return known(op, 0, p.bus, p.devfn);
}

static long op_pci_add_ext(enum operation op, gva_t arg)
{
    struct physdev_manage_pci_ext p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    return known(op, 0, p.bus, p.devfn);
}

static long op_pci_add(enum operation op, gva_t arg)
{
    struct physdev_pci_device_add p;

    if (copy_from_guest(&p, arg, offsetof(struct physdev_pci_device_add, optarr))) return -XEN_EFAULT;
    return known(op, p.seg, p.bus, p.devfn);
}

static long op_pci_by_segment(enum operation op, gva_t arg)
{
    struct physdev_pci_device p;

    if (copy_from_guest(&p, arg, sizeof(p))) return -XEN_EFAULT;
    return known(op, p.seg, p.bus, p.devfn);
}

static long op_restore_msi(enum operation op, gva_t arg)
{
    bool by_segment = op == OP_PHYSDEVOP_restore_msi_ext;
    struct physdev_pci_device p = {0};
    struct physdev_restore_msi old;

    if (by_segment ? copy_from_guest(&p, arg, sizeof(p)) : copy_from_guest(&old, arg, sizeof(old))) return -XEN_EFAULT;
    if (!by_segment) {
        p.bus = old.bus;
        p.devfn = old.devfn;
    }
    int rc = known(op, p.seg, p.bus, p.devfn);
    if (!rc) pirq_restore_msi((uint32_t)p.bus << 8 | p.devfn);
    return rc;
}

static const struct {
    long (*fn)(enum operation op, gva_t arg);
    enum operation op;
} ops[] = {PHYSDEV_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

/* Not offered, among others: pirq_eoi_gmfn (kernels then ask irq_status_query), set_iobitmap (every port access is
 * emulated anyway), pci_mmcfg_reserved (no domain uses memory-mapped configuration). */
long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[cmd].op, 0);
    return rc ? rc : ask_done(ops[cmd].op, ops[cmd].fn(ops[cmd].op, arg));
}
