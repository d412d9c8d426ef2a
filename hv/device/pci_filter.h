/* SPDX-License-Identifier: MIT */
/* What the control domain may change in a function's PCI configuration header. Pure.
 *
 * The hypervisor fixes at start what decides who answers to an address and which interrupts a function raises: base
 * address registers, bus numbers of bridges, MSI and MSI-X addresses and data, and the chipset's own registers. A
 * domain reads all of it and may size a base address register in the usual way (write ones, read, write back), but on
 * hardware nothing moves. Everything else passes. */
#ifndef HV_PCI_FILTER_H
#define HV_PCI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_COMMAND     0x04u
#define PCI_CLASS_REV   0x08u
#define PCI_HEADER_TYPE 0x0eu
#define PCI_BAR0        0x10u
#define PCI_BUS_NUMBERS 0x18u /* bridges: primary, secondary, subordinate */
#define PCI_ROM         0x30u
#define PCI_ROM_BRIDGE  0x38u
#define PCI_CAPS        0x34u
#define PCI_CLASS_HOST  0x0600u
#define PCI_CLASS_ISA   0x0601u
#define PCI_CLASS_PCI   0x0604u
#define PCI_CLASS_IOMMU 0x0806u

#define PCI_BARS    7u /* six base address registers and the ROM's */
#define PCI_BAR_ROM 6u

struct pci_bar {
    uint32_t value; /* as the hypervisor found it */
    uint32_t sized; /* what it reads after ones were written */
};

struct pci_header {
    uint16_t class_code; /* base class and subclass */
    uint8_t type;        /* header layout: 0 device, 1 bridge */
    uint8_t sizing;      /* bit per BAR: the domain wrote ones and has not written back */
    uint8_t msi, msix;   /* offsets of the capabilities, 0: none */
    uint8_t msi_size;    /* bytes of the MSI capability: 10, 14, 20 or 24 */
    bool msi_ready;      /* the hypervisor programmed it: the domain may enable it */
    struct pci_bar bar[PCI_BARS];
};

/* Configuration space of one function, by aligned dword. */
typedef uint32_t pci_reader(void *ctx, unsigned int offset);
/* Finds the capabilities; everything but bar[] and msi_ready. A list that loops or leaves the header ends there. */
void pci_header_parse(struct pci_header *h, pci_reader *read, void *ctx);

/* What a read of `bytes` (1, 2, 4) at an offset aligned to it gives, where the hardware says `raw`. */
uint32_t pci_filter_read(const struct pci_header *h, unsigned int offset, unsigned int bytes, uint32_t raw);
/* A write: out[i] is the byte that goes to offset + i where bit i of the result is set; other bytes stay. */
unsigned int pci_filter_write(struct pci_header *h, unsigned int offset, unsigned int bytes, uint32_t value,
                              uint8_t out[4]);
/* Number of a BAR at this offset, -1 if none is there. */
int pci_bar_index(const struct pci_header *h, unsigned int offset);
unsigned int pci_bar_offset(const struct pci_header *h, unsigned int bar);

#endif
