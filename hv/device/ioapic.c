/* SPDX-License-Identifier: MIT */
#include "device/ioapic.h"

#include "console.h"
#include "device/device_state.h"
#include "mm/access.h"

#define IOAPICS_MAX 8
#define REG_ID      0x00u
#define REG_VERSION 0x01u
#define REG_ARB     0x02u
#define REG_LINES   0x10u
#define RTE_MASKED  0x10000u
#define RTE_LEVEL   0x8000u
#define RTE_LOW     0x2000u

struct ioapic {
    maddr_t base;
    volatile uint32_t *regs; /* index at [0], data at [4] */
    uint32_t gsi_base, pins;
};

struct line {
    uint8_t ioapic, pin;
    bool present, level, low;
    uint32_t rte; /* low half, as written last */
};

static struct ioapic ioapics[IOAPICS_MAX];
static unsigned int ioapic_count;
static struct line lines[GSIS_MAX];
static uint32_t gsi_end;

static uint32_t reg_read(const struct ioapic *io, uint32_t reg)
{
    io->regs[0] = reg;
    return io->regs[4];
}

static void reg_write(const struct ioapic *io, uint32_t reg, uint32_t value)
{
    io->regs[0] = reg;
    io->regs[4] = value;
}

static void line_write(struct line *l, uint32_t rte)
{
    l->rte = rte;
    reg_write(&ioapics[l->ioapic], REG_LINES + 2u * l->pin, rte);
}

void ioapic_add(maddr_t base, uint32_t id, uint32_t gsi_base)
{
    if (ioapic_count == IOAPICS_MAX) {
        printk("device: too many IO-APICs, that at %lx is not used\n", base);
        return;
    }
    ioapics[ioapic_count++] = (struct ioapic){.base = base, .gsi_base = gsi_base};
}

/* Conforming to the bus means edge, active high, for ISA (MADT flags: bits 0-1 polarity, 2-3 trigger). */
void ioapic_override(uint32_t isa_irq, uint32_t gsi, uint32_t flags)
{
    if (gsi >= GSIS_MAX) return;
    lines[gsi].low = (flags & 3) == 3;
    lines[gsi].level = (flags >> 2 & 3) == 3;
}

static void init_one(unsigned int n)
{
    struct ioapic *io = &ioapics[n];
    io->regs = map_mmio(io->base, PAGE_SIZE);
    io->pins = (reg_read(io, REG_VERSION) >> 16 & 0xff) + 1;
    iomem_protect(io->base, PAGE_SIZE, IOMEM_REFUSED);
    for (uint32_t pin = 0; pin < io->pins; pin++) {
        uint32_t gsi = io->gsi_base + pin;
        reg_write(io, REG_LINES + 2 * pin, RTE_MASKED);
        if (gsi < io->gsi_base || gsi >= GSIS_MAX) continue;
        struct line *l = &lines[gsi];
        l->present = true;
        l->ioapic = (uint8_t)n;
        l->pin = (uint8_t)pin;
        l->rte = RTE_MASKED;
        if (gsi >= 16) /* PCI lines, until told otherwise */
            l->level = l->low = true;
        gsi_end = MAX(gsi_end, gsi + 1);
    }
}

void ioapic_init(void)
{
    for (unsigned int n = 0; n < ioapic_count; n++)
        init_one(n);
}

bool ioapic_has_gsi(uint32_t gsi)
{
    return gsi < GSIS_MAX && lines[gsi].present;
}

uint32_t ioapic_gsi_end(void)
{
    return gsi_end;
}

bool ioapic_level(uint32_t gsi)
{
    return ioapic_has_gsi(gsi) && lines[gsi].level;
}

int ioapic_set_mode(uint32_t gsi, bool level, bool low)
{
    if (!ioapic_has_gsi(gsi)) return -XEN_EINVAL;
    lines[gsi].level = level;
    lines[gsi].low = low;
    return 0;
}

bool ioapic_mode_is(uint32_t gsi, bool level, bool low)
{
    return ioapic_has_gsi(gsi) && lines[gsi].level == level && lines[gsi].low == low;
}

void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id)
{
    struct line *l = &lines[gsi];
    reg_write(&ioapics[l->ioapic], REG_LINES + 2u * l->pin + 1, apic_id << 24);
    line_write(l, RTE_MASKED | (l->level ? RTE_LEVEL : 0) | (l->low ? RTE_LOW : 0) | vector);
}

void ioapic_mask(uint32_t gsi)
{
    if (ioapic_has_gsi(gsi)) line_write(&lines[gsi], lines[gsi].rte | RTE_MASKED);
}

void ioapic_unmask(uint32_t gsi)
{
    if (ioapic_has_gsi(gsi)) line_write(&lines[gsi], lines[gsi].rte & ~RTE_MASKED);
}

int ioapic_guest_read(maddr_t base, uint32_t reg, uint32_t *value)
{
    for (unsigned int n = 0; n < ioapic_count; n++) {
        const struct ioapic *io = &ioapics[n];
        if (io->base != base) continue;
        if (reg <= REG_ARB) {
            *value = reg_read(io, reg);
            return 0;
        }
        if (reg < REG_LINES || reg >= REG_LINES + 2 * io->pins) return -XEN_EINVAL;
        *value = reg & 1 ? 0 : RTE_MASKED;
        return 0;
    }
    return -XEN_EINVAL;
}
