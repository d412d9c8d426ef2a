/* SPDX-License-Identifier: MIT */
/* I/O ports of the control domain. A bitmap says which exist for it; some of those are stand-ins. Refused ones read
 * as all ones and swallow writes, like an empty bus. What is refused on purpose: the hypervisor's UART, ISA DMA, the
 * firmware configuration device (both write to memory by themselves), fast A20 and reset, SMI control, CPU hotplug. */
#include "hypercall/handler.h"
#include "device/device.h"

#include "cpu/io.h"
#include "device/device_state.h"
#include "device/pci.h"

#define PIC1        0x20
#define PIC2        0xa0
#define PIC1_ELCR   0x4d0
#define PIC2_ELCR   0x4d1
#define SPEAKER     0x61
#define I8042_CMD   0x64
#define CMOS_INDEX  0x70
#define CMOS_DATA   0x71
#define CMOS_NMI    0x80u
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define SLP_EN      0x2000u /* PM1 control: enter the sleep state now */

static const struct {
    uint16_t first, last;
} fixed_ports[] = {
    {PIC1, PIC1 + 1},
    {0x40, 0x43}, /* PIT: the hypervisor keeps no time by it */
    {0x60, 0x61},
    {I8042_CMD, I8042_CMD},
    {CMOS_INDEX, CMOS_DATA},
    {0x80, 0x80}, /* delay */
    {PIC2, PIC2 + 1},
    {0x1ce, 0x1d0}, /* Bochs display */
    {0x2e8, 0x2ef}, /* COM4, COM2, COM3 */
    {0x2f8, 0x2ff},
    {0x3e8, 0x3ef},
    {0x3b0, 0x3bb}, /* VGA */
    {0x3c0, 0x3df},
    {PIC1_ELCR, PIC2_ELCR},
    {PCI_ADDRESS, PCI_ADDRESS + 3},
    {PCI_DATA, PCI_DATA + 3},
};

static void allow(void *arg, uint16_t port, uint32_t size)
{
    struct domain_device *dev = arg;
    for (uint32_t p = port; p < port + size && p < 0x10000; p++)
        set_bit(p, dev->ports);
}

static void allow_block(struct domain_device *dev, uint16_t port, uint32_t size)
{
    if (port) allow(dev, port, size);
}

void ioport_init_rights(struct domain_device *dev)
{
    const struct acpi_fadt *f = &device_fadt;

    for (size_t i = 0; i < ARRAY_SIZE(fixed_ports); i++)
        allow(dev, fixed_ports[i].first, fixed_ports[i].last - fixed_ports[i].first + 1u);
    pci_each_io_bar(allow, dev);
    allow_block(dev, f->pm1a_evt, f->pm1_evt_len);
    allow_block(dev, f->pm1b_evt, f->pm1_evt_len);
    allow_block(dev, f->pm1a_cnt, f->pm1_cnt_len);
    allow_block(dev, f->pm1b_cnt, f->pm1_cnt_len);
    allow_block(dev, f->pm2_cnt, f->pm2_cnt_len);
    allow_block(dev, f->pm_tmr, f->pm_tmr_len);
    allow_block(dev, f->gpe0, f->gpe0_len);
    allow_block(dev, f->gpe1, f->gpe1_len);
    allow_block(dev, (uint16_t)f->smi_cmd, 1);
    /* A BAR in the way must not open the hypervisor's own console. */
    for (uint32_t p = 0x3f8; p <= 0x3ff; p++)
        clear_bit(p, dev->ports);
}

static bool allowed(enum operation op, struct domain *d, uint16_t port, unsigned int bytes)
{
    if (!d->device || port + bytes > 0x10000u) return false;
    for (unsigned int i = 0; i < bytes; i++)
        if (!test_bit(port + i, d->device->ports)) return false;
    return ask_hardware(op, port, port + bytes - 1) == 0;
}

static uint32_t ones(unsigned int bytes)
{
    return bytes >= 4 ? ~0u : (1u << (8 * bytes)) - 1;
}

static uint32_t config_bdf(const struct domain_device *dev)
{
    return dev->cf8 >> 8 & 0xffff;
}

/* The address register selects a function, and the access is within one dword. */
static bool config_selected(enum operation op, struct domain *d, uint16_t port, unsigned int bytes)
{
    return (d->device->cf8 & 0x80000000u) && !(port & (bytes - 1)) &&
           ask_hardware(op, config_bdf(d->device), config_bdf(d->device)) == 0;
}

static uint32_t config_read(struct domain *d, uint16_t port, unsigned int bytes)
{
    if (!config_selected(OP_DECODE_IN_pci, d, port, bytes)) return ~0u;
    return pci_guest_read(config_bdf(d->device), (d->device->cf8 & 0xfc) + (port & 3u), bytes);
}

static void config_write(struct domain *d, uint16_t port, unsigned int bytes, uint32_t value)
{
    if (config_selected(OP_DECODE_OUT_pci, d, port, bytes))
        pci_guest_write(config_bdf(d->device), (d->device->cf8 & 0xfc) + (port & 3u), bytes, value);
}

static bool is_config(uint16_t port)
{
    return port >= PCI_ADDRESS && port <= PCI_DATA + 3;
}

static bool touches(uint16_t port, unsigned int bytes, uint16_t reg, unsigned int size)
{
    return reg && port < reg + size && port + bytes > reg;
}

/* Offset of the access from a PM1 control register (negative: it begins before), or NOT_PM1. */
#define NOT_PM1 99
static int pm1_offset(uint16_t port, unsigned int bytes)
{
    const struct acpi_fadt *f = &device_fadt;
    if (touches(port, bytes, f->pm1a_cnt, 2)) return port - f->pm1a_cnt;
    return touches(port, bytes, f->pm1b_cnt, 2) ? port - f->pm1b_cnt : NOT_PM1;
}

static uint32_t in(uint16_t port, unsigned int bytes)
{
    return bytes == 4 ? inl(port) : bytes == 2 ? inw(port) : inb(port);
}

static void out(uint16_t port, unsigned int bytes, uint32_t value)
{
    if (bytes == 4)
        outl(port, value);
    else if (bytes == 2)
        outw(port, (uint16_t)value);
    else
        outb(port, (uint8_t)value);
}

static uint32_t read_special(struct domain *d, uint16_t port, unsigned int bytes)
{
    struct domain_device *dev = d->device;

    if (port >= PCI_DATA && port <= PCI_DATA + 3) return config_read(d, port, bytes);
    if (is_config(port)) return port == PCI_ADDRESS && bytes == 4 ? dev->cf8 : ~0u;
    switch (port) {
    case PIC1:
    case PIC2:
        return 0; /* nothing requested, nothing in service */
    case PIC1 + 1:
        return dev->pic_mask[0];
    case PIC2 + 1:
        return dev->pic_mask[1];
    case PIC1_ELCR:
    case PIC2_ELCR:
        return dev->pic_elcr[port - PIC1_ELCR];
    case CMOS_INDEX:
        return dev->cmos_index;
    case CMOS_DATA:
        outb(CMOS_INDEX, dev->cmos_index);
        return inb(CMOS_DATA);
    default:
        return in(port, bytes);
    }
}

uint32_t ioport_read(enum operation op, uint16_t port, unsigned int bytes)
{
    struct domain *d = current->domain;

    if (!allowed(op, d, port, bytes)) return ones(bytes);
    spin_lock(&device_lock);
    uint32_t v = read_special(d, port, bytes);
    spin_unlock(&device_lock);
    return v & ones(bytes);
}

/* Commands by which the keyboard controller switches A20 or resets: write output port, A20 on and off, pulse lines. */
static bool i8042_harmless(uint8_t command)
{
    return command != 0xd1 && command != 0xdd && command != 0xdf && command < 0xf0;
}

static void write_special(struct domain *d, uint16_t port, unsigned int bytes, uint32_t value)
{
    struct domain_device *dev = d->device;
    uint8_t byte = (uint8_t)value;

    switch (port) {
    case PIC1:
    case PIC2:
        return;
    case PIC1 + 1:
        dev->pic_mask[0] = byte;
        return;
    case PIC2 + 1:
        dev->pic_mask[1] = byte;
        return;
    case PIC1_ELCR:
    case PIC2_ELCR:
        dev->pic_elcr[port - PIC1_ELCR] = byte;
        return;
    case SPEAKER: /* bits 2 and 3 would switch NMI sources off */
        outb(SPEAKER, (uint8_t)((inb(SPEAKER) & 0x0c) | (byte & 3)));
        return;
    case I8042_CMD:
        if (i8042_harmless(byte)) outb(I8042_CMD, byte);
        return;
    case CMOS_INDEX:
        dev->cmos_index = byte & (uint8_t)~CMOS_NMI;
        return;
    case CMOS_DATA:
        outb(CMOS_INDEX, dev->cmos_index);
        outb(CMOS_DATA, byte);
        return;
    default:
        out(port, bytes, value);
    }
}

/* Ports whose writes are looked at take the width that drivers use; wider ones could carry a neighbour's write along.
 */
static unsigned int width_of(uint16_t port)
{
    switch (port) {
    case PIC1:
    case PIC1 + 1:
    case PIC2:
    case PIC2 + 1:
    case PIC1_ELCR:
    case PIC2_ELCR:
    case 0x60:
    case SPEAKER:
    case I8042_CMD:
    case CMOS_INDEX:
    case CMOS_DATA:
        return 1;
    default:
        return 4;
    }
}

static void write_pm1_control(uint16_t port, unsigned int bytes, uint32_t value, int offset)
{
    uint32_t bit = offset >= 0 ? SLP_EN >> (8 * offset) : SLP_EN << (8 * -offset);
    out(port, bytes, value & ~bit);
}

void ioport_write(enum operation op, uint16_t port, unsigned int bytes, uint32_t value)
{
    struct domain *d = current->domain;
    int pm1 = pm1_offset(port, bytes);

    if (!allowed(op, d, port, bytes) || bytes > width_of(port)) return;
    spin_lock(&device_lock);
    if (port >= PCI_DATA && port <= PCI_DATA + 3) {
        config_write(d, port, bytes, value);
    } else if (is_config(port)) {
        if (port == PCI_ADDRESS && bytes == 4) d->device->cf8 = value;
    } else if (pm1 != NOT_PM1) {
        write_pm1_control(port, bytes, value, pm1);
    } else if (touches(port, bytes, (uint16_t)device_fadt.smi_cmd, 1)) {
        if (bytes == 1 && ((uint8_t)value == device_fadt.acpi_enable || (uint8_t)value == device_fadt.acpi_disable))
            outb(port, (uint8_t)value);
    } else {
        write_special(d, port, bytes, value);
    }
    spin_unlock(&device_lock);
}
