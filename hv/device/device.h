/* SPDX-License-Identifier: MIT */
/* What the control domain may do with hardware: I/O ports, device memory, interrupts, by allow-list. */
#ifndef HV_DEVICE_H
#define HV_DEVICE_H

#include "types.h"
#include "hypercall/operations.h"

struct domain;
struct cpu_regs;

/* Before device_init(), by boot/acpi.c; they only record.
 * IO-APICs and interrupt overrides as the MADT has them. */
void device_add_ioapic(maddr_t base, uint32_t id, uint32_t gsi_base);
void device_add_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags); /* MADT flags: polarity and trigger */
/* PCI configuration by ECAM (MCFG table): no domain maps it. */
void device_add_ecam(maddr_t base, uint32_t bus_start, uint32_t bus_end);
/* Each table that the XSDT or RSDT lists, of any signature. The FADT gives the power registers and the DSDT; those that
 * describe hardware which no domain may reach (TPM2, DMAR, ...) are hidden from the control domain. */
void device_add_acpi_table(const char signature[4], maddr_t table);
/* The loader's copy of the RSDP, where firmware keeps none in the BIOS area (EFI): the control domain finds it at
 * 0xe0000. Do not call it where the area holds one. size <= 36 */
void device_add_rsdp(const void *rsdp, size_t size);

void device_init(void);                   /* masks every line, keeps the PIC quiet; heap, windows, LAPIC are there */
int device_domain_init(struct domain *d); /* the control domain's rights */
void device_domain_destroy(struct domain *d);
/* No function masters the bus or signals any more: their driver is gone. Config space that a new one sets up anew. */
void device_quiesce(void);

/* May d map this frame of non-RAM? Never TPM, LAPIC, IO-APIC, IOMMU, MSI-X tables ... The monitor is asked too (row
 * device_frame). false: refuse the entry. Else put *mfn into it,
 * without PTE_W where *readonly. *mfn may have become another frame, flagged FF_MMIO: a page that reads as an empty
 * bus, for what stock kernels map and no domain may touch (a refused entry would be a kernel crash there). */
bool iomem_resolve(struct domain *d, uint64_t *mfn, bool *readonly);
/* Emulated IN/OUT of the current domain; ask the monitor by row op. Never the hypervisor's UART, nor what writes to
 * memory by itself; 0xcf8/0xcfc are virtualised per domain. Refused ports read as all ones. */
uint32_t ioport_read(enum operation op, uint16_t port, unsigned int bytes);
void ioport_write(enum operation op, uint16_t port, unsigned int bytes, uint32_t value);

void device_interrupt(uint32_t vector);               /* VECTOR_DEVICE_FIRST..LAST; does its own EOI */
void device_poweroff(void) __attribute__((noreturn)); /* dom0 shut down: ACPI poweroff, or halt */
void device_reboot(void) __attribute__((noreturn));

#endif
