/* SPDX-License-Identifier: MIT */
/* What hv/device keeps for itself: the one lock and the control domain's device state. */
#ifndef HV_DEVICE_STATE_H
#define HV_DEVICE_STATE_H

#include "types.h"
#include "spinlock.h"
#include "device/acpi_hw.h"

/* RANK_DEVICE: IO-APICs, PCI configuration space and its records, pirqs, virtual CF8 and CMOS index. */
extern struct spinlock device_lock;

struct domain_device {
    uint8_t *ports; /* bitmap of the 65536 ports: set where ioport_read() and ioport_write() may act */
    uint32_t cf8;
    uint8_t cmos_index;
    uint8_t pic_mask[2], pic_elcr[2]; /* the interrupt controllers that the domain believes to program */
};
#define PORTS_BITMAP_PAGES 2

/* Where interrupts go. */
uint32_t device_target_apic(void);

/* What the FADT said; zeros where there is none. */
extern struct acpi_fadt device_fadt;
extern struct acpi_s5 device_s5;

/* iomem.c: address ranges that are not the control domain's, frames [first, last]. */
enum iomem_kind { IOMEM_REFUSED, IOMEM_BLANK, IOMEM_READONLY };
void iomem_protect(maddr_t base, uint64_t size, enum iomem_kind kind);
void iomem_init(void);
void iomem_set_rsdp(const void *rsdp, size_t size);

/* ioport.c */
void ioport_init_rights(struct domain_device *dev);

/* power.c: copies the tables' contents, hides some. */
void power_init(void);
void power_add_table(const char signature[4], maddr_t table);

#endif
