/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "device/device.h"

#include "cpu/io.h"
#include "cpu/lapic.h"
#include "device/device_state.h"
#include "device/ioapic.h"
#include "device/pci.h"
#include "device/pirq.h"

struct spinlock device_lock = SPINLOCK(RANK_DEVICE);

void device_add_ioapic(maddr_t base, uint32_t id, uint32_t gsi_base)
{
    ioapic_add(base, id, gsi_base);
}

void device_add_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags)
{
    ioapic_override(isa_irq, gsi, flags);
}

void device_add_ecam(maddr_t base, uint32_t bus_start, uint32_t bus_end)
{
    if (bus_end >= bus_start && bus_end < 256)
        iomem_protect(base + ((maddr_t)bus_start << 20), (uint64_t)(bus_end - bus_start + 1) << 20, IOMEM_REFUSED);
}

void device_add_acpi_table(const char signature[4], maddr_t table)
{
    power_add_table(signature, table);
}

void device_add_rsdp(const void *rsdp, size_t size)
{
    iomem_set_rsdp(rsdp, size);
}

/* Every line of both controllers masked, at vectors where even a spurious one does no harm. */
static void quiet_pic(void)
{
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_DEVICE_FIRST - 16);
    outb(0xa1, VECTOR_DEVICE_FIRST - 8);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

void device_init(void)
{
    quiet_pic();
    iomem_init();
    ioapic_init();
    pci_init();
    power_init();
}

int device_domain_init(struct domain *d)
{
    if (!d->is_control) return 0;
    struct domain_device *dev = heap_alloc(sizeof(*dev));
    if (!dev) return -XEN_ENOMEM;
    dev->ports = heap_alloc_pages(PORTS_BITMAP_PAGES);
    if (!dev->ports) {
        heap_free(dev);
        return -XEN_ENOMEM;
    }
    dev->pic_mask[0] = dev->pic_mask[1] = 0xff;
    ioport_init_rights(dev);
    d->device = dev;
    return 0;
}

void device_domain_destroy(struct domain *d)
{
    struct domain_device *dev = d->device;

    if (!dev) return;
    pirq_reset();
    d->device = NULL;
    heap_free_pages(dev->ports, PORTS_BITMAP_PAGES);
    heap_free(dev);
}

/* The CPU that started first: the boot vCPU of the control domain mostly runs there. */
uint32_t device_target_apic(void)
{
    return cpu_infos[0]->apic_id;
}

/* A vector without an owner: a line that was just masked. */
void device_interrupt(uint32_t vector)
{
    pirq_interrupt(vector);
}
