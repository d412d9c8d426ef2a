/* SPDX-License-Identifier: MIT */
/* IO-APICs (Intel 82093AA): lines by their global system interrupt number (GSI). device_lock is held in all
 * but ioapic_add, ioapic_override and ioapic_init. */
#ifndef HV_IOAPIC_H
#define HV_IOAPIC_H

#include "types.h"

#define GSIS_MAX 128u

void ioapic_add(maddr_t base, uint32_t id, uint32_t gsi_base);
void ioapic_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags);
void ioapic_init(void); /* maps them and masks every line */
bool ioapic_has_gsi(uint32_t gsi);
uint32_t ioapic_gsi_end(void); /* lowest number above all lines */
bool ioapic_level(uint32_t gsi);
/* -EINVAL: no such line. Takes effect at the next ioapic_route(). */
int ioapic_set_mode(uint32_t gsi, bool level, bool low);
bool ioapic_mode_is(uint32_t gsi, bool level, bool low);
/* Programs the line, masked, to raise a vector at the CPU with that APIC id. */
void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id);
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);
/* What the control domain sees of an IO-APIC's registers: identity and size are real, lines read as masked.
 * -EINVAL: no IO-APIC there or no such register. */
int ioapic_guest_read(maddr_t base, uint32_t reg, uint32_t *value);

#endif
