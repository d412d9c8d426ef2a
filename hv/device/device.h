/* SPDX-License-Identifier: MIT */
/* What the control domain may do with hardware: I/O ports, device memory, interrupts, by allow-list. */
#ifndef HV_DEVICE_H
#define HV_DEVICE_H

#include "types.h"

struct domain;
struct cpu_regs;

/* IO-APICs and interrupt overrides as the MADT has them (boot/acpi.c calls these, before device_init). */
void device_add_ioapic(maddr_t base, uint32_t id, uint32_t gsi_base);
void device_add_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags); /* MADT flags: polarity and trigger */
/* PCI configuration by ECAM (MCFG table), for hiding and MSI-X table lookup. */
void device_add_ecam(maddr_t base, uint32_t bus_start, uint32_t bus_end);
void device_init(void);                        /* masks every line, keeps the PIC quiet */
int device_domain_init(struct domain *d);      /* the control domain's rights */
void device_domain_destroy(struct domain *d);
/* May d use this port / map this frame of non-RAM? Never TPM, LAPIC, IO-APIC, IOMMU, MSI-X tables, hypervisor's UART ... */
bool ioport_allowed(const struct domain *d, uint16_t port, unsigned int bytes);
bool iomem_allowed(const struct domain *d, uint64_t mfn);
/* Emulated IN/OUT after ioport_allowed (0xcf8/0xcfc are virtualised per domain). Refused ports read as all ones. */
uint32_t ioport_read(struct domain *d, uint16_t port, unsigned int bytes);
void ioport_write(struct domain *d, uint16_t port, unsigned int bytes, uint32_t value);
void device_interrupt(uint32_t vector);        /* VECTOR_DEVICE_FIRST..LAST; does its own EOI */
void device_poweroff(void) __attribute__((noreturn)); /* dom0 shut down: ACPI poweroff, or halt */
void device_reboot(void) __attribute__((noreturn));

#endif
