/* SPDX-License-Identifier: MIT */
/* Intel SDM volume 3, chapter 11 (APIC). */
#include "cpu/lapic.h"
#include "cpu/io.h"
#include "mm/access.h"
#include "console.h"

#define MSR_APIC_BASE   0x1b
#define APIC_BASE_X2    (1u << 10)
#define APIC_BASE_ON    (1u << 11)
#define MSR_X2APIC(reg) (0x800u + ((reg) >> 4))
#define ICR_PENDING     (1u << 12)

static volatile uint32_t *page;
static bool x2;

void lapic_init_boot(maddr_t base)
{
    x2 = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2;
    if (!x2) page = map_mmio(base, 4096);
}

uint32_t lapic_read(uint32_t reg)
{
    return x2 ? (uint32_t)rdmsr(MSR_X2APIC(reg)) : page[reg / 4];
}

void lapic_write(uint32_t reg, uint32_t value)
{
    if (x2)
        wrmsr(MSR_X2APIC(reg), value);
    else
        page[reg / 4] = value;
}

void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

void lapic_ipi(uint32_t apic_id, uint32_t icr_low)
{
    if (x2) {
        wrmsr(MSR_X2APIC(LAPIC_ICR_LOW), (uint64_t)apic_id << 32 | icr_low);
        return;
    }
    for (int i = 0; i < 100000 && (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING); i++)
        cpu_relax();
    lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
    lapic_write(LAPIC_ICR_LOW, icr_low);
}

void lapic_init_cpu(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    if (!(base & APIC_BASE_ON)) wrmsr(MSR_APIC_BASE, base | APIC_BASE_ON);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_TIMER, 1u << 16);
    lapic_write(LAPIC_LVT_LINT0, 1u << 16);
    lapic_write(LAPIC_LVT_LINT1, 4u << 8); /* NMI */
    lapic_write(LAPIC_LVT_ERROR, 1u << 16);
    lapic_write(LAPIC_SVR, 0x100 | VECTOR_SPURIOUS);
    lapic_eoi();
}
