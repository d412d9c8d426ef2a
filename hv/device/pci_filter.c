/* SPDX-License-Identifier: MIT */
#include "device/pci_filter.h"

#define CAP_MSI      0x05
#define CAP_MSIX     0x11
#define MSI_64       0x80u
#define MSI_MASKABLE 0x100u
#define MSI_ENABLE   0x01u
#define MSIX_SIZE    12u
#define BARS_DEVICE  6u
#define BARS_BRIDGE  2u
#define ROM_ENABLE   1u
#define ROM_MASK     0xfffff800u
#define ISA_LINKS_LO 0x60u /* ICH9: routing of PCI interrupts to ISA lines, PIRQA-D and E-H */
#define ISA_LINKS_HI 0x68u

static uint8_t msi_capability_size(uint32_t control)
{
    return (uint8_t)((control & MSI_64 ? 14 : 10) + (control & MSI_MASKABLE ? 10 : 0));
}

void pci_header_parse(struct pci_header *h, pci_reader *read, void *ctx)
{
    uint32_t status = read(ctx, PCI_COMMAND) >> 16;
    unsigned int at, hops = 0;

    h->class_code = (uint16_t)(read(ctx, PCI_CLASS_REV) >> 16);
    h->type = (read(ctx, PCI_HEADER_TYPE & ~3u) >> 16) & 0x7f;
    h->msi = h->msix = h->msi_size = h->sizing = 0;
    if (!(status & 0x10) || h->type > 1) return;
    at = read(ctx, PCI_CAPS) & 0xfc;
    for (; at >= 0x40 && hops < 48; hops++) {
        uint32_t word = read(ctx, at);
        uint8_t id = (uint8_t)word;
        if (id == CAP_MSI && !h->msi && at <= 0x100 - 24) {
            h->msi = (uint8_t)at;
            h->msi_size = msi_capability_size(word >> 16);
        }
        if (id == CAP_MSIX && !h->msix && at <= 0x100 - MSIX_SIZE) h->msix = (uint8_t)at;
        at = word >> 8 & 0xfc;
    }
}

int pci_bar_index(const struct pci_header *h, unsigned int offset)
{
    unsigned int bars = h->type ? BARS_BRIDGE : BARS_DEVICE, rom = h->type ? PCI_ROM_BRIDGE : PCI_ROM;

    if (offset >= PCI_BAR0 && offset < PCI_BAR0 + 4 * bars) return (int)((offset - PCI_BAR0) / 4);
    return offset >= rom && offset < rom + 4 ? (int)PCI_BAR_ROM : -1;
}

unsigned int pci_bar_offset(const struct pci_header *h, unsigned int bar)
{
    if (bar == PCI_BAR_ROM) return h->type ? PCI_ROM_BRIDGE : PCI_ROM;
    return PCI_BAR0 + 4 * bar;
}

uint32_t pci_filter_read(const struct pci_header *h, unsigned int offset, unsigned int bytes, uint32_t raw)
{
    int bar = pci_bar_index(h, offset);

    if (bar < 0 || !(h->sizing >> bar & 1)) return raw;
    uint32_t v = h->bar[bar].sized >> (8 * (offset & 3));
    return bytes == 4 ? v : v & ((1u << (8 * bytes)) - 1);
}

/* A whole BAR: ones ask for its size; its own value may be written back (a reset clears it). */
static unsigned int write_bar(struct pci_header *h, unsigned int bar, uint32_t value, uint8_t out[4])
{
    const struct pci_bar *b = &h->bar[bar];
    uint32_t address = bar == PCI_BAR_ROM ? ROM_MASK : (b->sized & 1) ? ~3u : ~15u;

    if ((value & address) == address && (b->value & address) != address) {
        h->sizing |= (uint8_t)(1u << bar);
        return 0;
    }
    h->sizing &= (uint8_t) ~(1u << bar);
    /* The upper half of a 64-bit BAR has no flag bits; comparing all but its low four is as good. */
    if ((value ^ b->value) & address) return 0;
    value = (b->value & ~ROM_ENABLE) | (bar == PCI_BAR_ROM ? value & ROM_ENABLE : b->value & ROM_ENABLE);
    for (unsigned int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    return 0xf;
}

static bool in(unsigned int at, unsigned int first, unsigned int size)
{
    return at >= first && at < first + size;
}

static bool chipset_register(const struct pci_header *h, unsigned int at)
{
    if (at < 0x40) return false;
    if (h->class_code == PCI_CLASS_ISA) return !in(at, ISA_LINKS_LO, 4) && !in(at, ISA_LINKS_HI, 4);
    return h->class_code == PCI_CLASS_HOST;
}

/* May the byte at `at` be written? Changes it to what may. */
static bool write_byte(const struct pci_header *h, unsigned int at, uint8_t *v)
{
    if (pci_bar_index(h, at) >= 0 || chipset_register(h, at)) return false;
    if (h->type == 1 && in(at, PCI_BUS_NUMBERS, 3)) return false;
    if (h->msi && in(at, h->msi, h->msi_size)) {
        *v &= MSI_ENABLE; /* one vector: more would let the device choose among its neighbours' */
        return at == h->msi + 2u && (h->msi_ready || !*v);
    }
    if (h->msix && in(at, h->msix, MSIX_SIZE)) return at == h->msix + 3u; /* enable and mask all */
    return true;
}

unsigned int pci_filter_write(struct pci_header *h, unsigned int offset, unsigned int bytes, uint32_t value,
                              uint8_t out[4])
{
    int bar = pci_bar_index(h, offset);
    unsigned int pass = 0;

    if (bar >= 0 && bytes == 4) return write_bar(h, (unsigned int)bar, value, out);
    for (unsigned int i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
        if (write_byte(h, offset + i, &out[i])) pass |= 1u << i;
    }
    return pass;
}
