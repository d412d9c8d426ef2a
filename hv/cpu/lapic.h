/* SPDX-License-Identifier: MIT */
/* Local APIC, xAPIC mode through its MMIO page, or x2APIC where firmware left it on. */
#ifndef HV_LAPIC_H
#define HV_LAPIC_H

#include "types.h"

/* Vectors. Device interrupts: VECTOR_DEVICE_FIRST..LAST, handled by device_interrupt(). */
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xdf
#define VECTOR_KICK         0xf0 /* return-to-guest path; also asks for TLB flushes */
#define VECTOR_TIMER        0xf1
#define VECTOR_STOP         0xf2
#define VECTOR_SPURIOUS     0xff

#define LAPIC_ID         0x20
#define LAPIC_TPR        0x80
#define LAPIC_EOI        0xb0
#define LAPIC_SVR        0xf0
#define LAPIC_ICR_LOW    0x300
#define LAPIC_ICR_HIGH   0x310
#define LAPIC_LVT_TIMER  0x320
#define LAPIC_LVT_LINT0  0x350
#define LAPIC_LVT_LINT1  0x360
#define LAPIC_LVT_ERROR  0x370
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_CUR  0x390
#define LAPIC_TIMER_DIV  0x3e0

void lapic_init_boot(maddr_t base); /* maps the page */
void lapic_init_cpu(void);          /* enables it on this CPU */
uint32_t lapic_read(uint32_t reg);
void lapic_write(uint32_t reg, uint32_t value);
void lapic_eoi(void);
void lapic_ipi(uint32_t apic_id, uint32_t icr_low);

#endif
