/* SPDX-License-Identifier: MIT */
#include "device/pci.h"

#include "console.h"
#include "cpu/io.h"
#include "device/device.h"
#include "device/device_state.h"
#include "mm/access.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u
#define COMMAND_MEMORY 2u
#define COMMAND_DECODE 3u /* I/O and memory */
#define COMMAND_MASTER 4u
#define MSIX_BYTES     16u

static struct pci_function functions[PCI_FUNCTIONS_MAX];
static unsigned int function_count;

static uint16_t select(uint32_t bdf, unsigned int offset)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | bdf << 8 | (offset & 0xfc));
    return (uint16_t)(CONFIG_DATA + (offset & 3));
}

uint32_t pci_read(uint32_t bdf, unsigned int offset, unsigned int bytes)
{
    uint16_t port = select(bdf, offset);
    return bytes == 4 ? inl(port) : bytes == 2 ? inw(port) : inb(port);
}

void pci_write(uint32_t bdf, unsigned int offset, unsigned int bytes, uint32_t value)
{
    uint16_t port = select(bdf, offset);
    if (bytes == 4)
        outl(port, value);
    else if (bytes == 2)
        outw(port, (uint16_t)value);
    else
        outb(port, (uint8_t)value);
}

static uint32_t read_dword(void *ctx, unsigned int offset)
{
    return pci_read(((struct pci_function *)ctx)->bdf, offset, 4);
}

/* Decoding is off meanwhile: an address of all ones must not answer. */
static void note_bars(struct pci_function *f)
{
    uint32_t command = pci_read(f->bdf, PCI_COMMAND, 2);
    pci_write(f->bdf, PCI_COMMAND, 2, command & ~COMMAND_DECODE);
    for (unsigned int i = 0; i < PCI_BARS; i++) {
        unsigned int offset = pci_bar_offset(&f->header, i);
        struct pci_bar *b = &f->header.bar[i];
        if (pci_bar_index(&f->header, offset) != (int)i) continue;
        b->value = pci_read(f->bdf, offset, 4);
        pci_write(f->bdf, offset, 4, i == PCI_BAR_ROM ? 0xfffff800u : ~0u);
        b->sized = pci_read(f->bdf, offset, 4);
        pci_write(f->bdf, offset, 4, b->value);
    }
    pci_write(f->bdf, PCI_COMMAND, 2, command);
}

/* Address of a memory BAR, 0 if it is none or unassigned. */
static maddr_t bar_base(const struct pci_function *f, unsigned int bar)
{
    const struct pci_bar *b = &f->header.bar[bar];
    maddr_t base = b->value & ~15u;
    if (bar >= (f->header.type ? 2u : 6u) || (b->sized & 1)) return 0;
    if ((b->value & 6) == 4 && bar + 1 < 6) base |= (maddr_t)b[1].value << 32;
    return base;
}

/* Whatever firmware left there must not become live when the domain enables MSI-X. */
static void mask_all_entries(const struct pci_function *f)
{
    uint32_t command = pci_read(f->bdf, PCI_COMMAND, 2);

    pci_write(f->bdf, PCI_COMMAND, 2, command | COMMAND_MEMORY);
    for (unsigned int i = 0; i < f->msix_entries; i++)
        f->msix_entry[4 * i + 3] = 1;
    pci_write(f->bdf, PCI_COMMAND, 2, command);
}

static void note_msix(struct pci_function *f)
{
    if (!f->header.msix) return;
    uint32_t control = pci_read(f->bdf, f->header.msix + 2u, 2), table = pci_read(f->bdf, f->header.msix + 4u, 4);
    maddr_t base = bar_base(f, table & 7);
    if (!base) {
        printk("device: %04x: MSI-X table without an address, not used\n", f->bdf);
        return;
    }
    f->msix_entries = (uint16_t)((control & 0x7ff) + 1);
    f->msix_table = base + (table & ~7u);
    maddr_t first = f->msix_table & PAGE_MASK, end = f->msix_table + MSIX_BYTES * f->msix_entries;
    uint8_t *hva = map_mmio(first, ROUND_UP(end, PAGE_SIZE) - first);
    f->msix_entry = (volatile uint32_t *)(hva + (f->msix_table - first));
    mask_all_entries(f);
    iomem_protect(f->msix_table, MSIX_BYTES * f->msix_entries, IOMEM_READONLY);
}

static void disable_msi(struct pci_function *f)
{
    if (f->header.msi) pci_write(f->bdf, f->header.msi + 2u, 2, pci_read(f->bdf, f->header.msi + 2u, 2) & ~0x71u);
    if (f->header.msix) pci_write(f->bdf, f->header.msix + 2u, 2, pci_read(f->bdf, f->header.msix + 2u, 2) & ~0xc000u);
}

void device_quiesce(void)
{
    spin_lock(&device_lock);
    for (unsigned int i = 0; i < function_count; i++) {
        struct pci_function *f = &functions[i];
        if (f->hidden || f->header.type) /* a bridge passes on what others may not send */
            continue;
        pci_write(f->bdf, PCI_COMMAND, 2, pci_read(f->bdf, PCI_COMMAND, 2) & ~COMMAND_MASTER);
        disable_msi(f);
    }
    spin_unlock(&device_lock);
}

/* Returns whether there is a function. */
static bool probe(uint32_t bdf)
{
    uint32_t id = pci_read(bdf, 0, 4);
    if (id == ~0u || id == 0) return false;
    if (function_count == PCI_FUNCTIONS_MAX) {
        printk("device: too many PCI functions, %04x stays hidden\n", bdf);
        return true;
    }
    struct pci_function *f = &functions[function_count++];
    f->bdf = (uint16_t)bdf;
    pci_header_parse(&f->header, read_dword, f);
    f->hidden = f->header.type > 1 || f->header.class_code == PCI_CLASS_IOMMU;
    if (f->hidden) return true;
    disable_msi(f);
    note_bars(f);
    note_msix(f);
    return true;
}

void pci_init(void)
{
    static uint8_t bus[256]; /* to visit: 1, visited: 2 */
    unsigned int todo = 1;

    bus[0] = 1;
    spin_lock(&device_lock);
    for (unsigned int b = 0; todo; b = (b + 1) % 256) {
        if (bus[b] != 1) continue;
        bus[b] = 2;
        todo--;
        for (uint32_t bdf = b << 8; bdf < (b + 1) << 8; bdf++) {
            bool there = probe(bdf);
            if (there && functions[function_count - 1].bdf == bdf &&
                functions[function_count - 1].header.class_code == PCI_CLASS_PCI) {
                uint8_t secondary = (uint8_t)pci_read(bdf, PCI_BUS_NUMBERS + 1, 1);
                if (!bus[secondary]) {
                    bus[secondary] = 1;
                    todo++;
                }
            }
            /* Function 0 absent, or a device of one function: the other seven are not there. */
            if (!(bdf & 7) && (!there || !(pci_read(bdf, PCI_HEADER_TYPE, 1) & 0x80))) bdf += 7;
        }
    }
    spin_unlock(&device_lock);
    printk("device: %u PCI functions\n", function_count);
}

struct pci_function *pci_find(uint32_t segment, uint32_t bdf)
{
    for (unsigned int i = 0; segment == 0 && i < function_count; i++)
        if (functions[i].bdf == bdf) return functions[i].hidden ? NULL : &functions[i];
    return NULL;
}

void pci_each_io_bar(void (*fn)(void *arg, uint16_t port, uint32_t size), void *arg)
{
    for (unsigned int i = 0; i < function_count; i++) {
        const struct pci_function *f = &functions[i];
        for (unsigned int b = 0; !f->hidden && b < (f->header.type ? 2u : 6u); b++) {
            uint32_t size = (~(f->header.bar[b].sized & ~3u) & 0xffff) + 1, port = f->header.bar[b].value & ~3u;
            if ((f->header.bar[b].sized & 1) && port && port + size <= 0x10000) fn(arg, (uint16_t)port, size);
            if (!(f->header.bar[b].sized & 1) && (f->header.bar[b].value & 6) == 4)
                b++; /* the upper half of a memory BAR */
        }
    }
}

/* Size of a memory BAR that has an address. */
static uint64_t bar_size(const struct pci_function *f, unsigned int bar)
{
    const struct pci_bar *b = &f->header.bar[bar];
    uint64_t sized = b->sized & ~15u;

    if ((b->value & 6) == 4 && bar + 1 < 6)
        sized |= (uint64_t)b[1].sized << 32;
    else
        sized |= 0xffffffff00000000ul;
    return ~sized + 1;
}

static bool function_decodes(const struct pci_function *f, mfn_t mfn)
{
    const struct pci_bar *rom = &f->header.bar[PCI_BAR_ROM];
    maddr_t rom_base = rom->value & 0xfffff800u;

    if (rom_base && mfn >= rom_base >> PAGE_SHIFT && mfn <= (rom_base + ~(rom->sized & 0xfffff800u)) >> PAGE_SHIFT)
        return true;
    for (unsigned int b = 0; b < 6; b++) {
        maddr_t base = bar_base(f, b);
        if (base && mfn >= base >> PAGE_SHIFT && mfn <= (base + bar_size(f, b) - 1) >> PAGE_SHIFT) return true;
        if (base && (f->header.bar[b].value & 6) == 4) b++; /* the upper half */
    }
    return false;
}

bool pci_decodes(mfn_t mfn)
{
    for (unsigned int i = 0; i < function_count; i++)
        if (!functions[i].hidden && function_decodes(&functions[i], mfn)) return true;
    return false;
}

uint32_t pci_guest_read(uint32_t bdf, unsigned int offset, unsigned int bytes)
{
    const struct pci_function *f = pci_find(0, bdf);
    return f ? pci_filter_read(&f->header, offset, bytes, pci_read(bdf, offset, bytes)) : ~0u;
}

void pci_guest_write(uint32_t bdf, unsigned int offset, unsigned int bytes, uint32_t value)
{
    struct pci_function *f = pci_find(0, bdf);
    uint8_t out[4] = {0};

    if (!f) return;
    unsigned int pass = pci_filter_write(&f->header, offset, bytes, value, out);
    if (pass == (1u << bytes) - 1) {
        uint32_t v = (uint32_t)out[0] | (uint32_t)out[1] << 8 | (uint32_t)out[2] << 16 | (uint32_t)out[3] << 24;
        pci_write(bdf, offset, bytes, v);
        return;
    }
    for (unsigned int i = 0; i < bytes; i++)
        if (pass >> i & 1) pci_write(bdf, offset + i, 1, out[i]);
}
