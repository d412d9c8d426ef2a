/* SPDX-License-Identifier: MIT */
/* ACPI tables that start-up needs (ACPI 6.4, 5.2): MADT for CPUs and IO-APICs, FADT for the PM timer, MCFG. */
#ifndef HV_ACPI_H
#define HV_ACPI_H

#include "types.h"

extern uint16_t acpi_pm_timer_port; /* 0: none */
extern maddr_t acpi_lapic_base;
extern uint32_t acpi_cpu_apic_id[CPUS_MAX];
extern unsigned int acpi_cpus;

/* Boot, identity map loaded. Tells the device code what it found. Panics when there is no MADT. */
void acpi_init(void);

/* Pure: calls the functions of *v for each entry of a MADT of len bytes. -EINVAL: malformed. */
struct madt_visitor {
    void (*cpu)(uint32_t apic_id);
    void (*ioapic)(maddr_t base, uint32_t id, uint32_t gsi_base);
    void (*override)(uint32_t isa_irq, uint32_t gsi, uint32_t flags);
};
int acpi_parse_madt(const uint8_t *table, size_t len, const struct madt_visitor *v, maddr_t *lapic);

#endif
