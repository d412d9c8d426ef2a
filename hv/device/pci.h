/* SPDX-License-Identifier: MIT */
/* PCI functions on the first segment, as found at start; nothing that appears later is shown to anyone. */
#ifndef HV_PCI_H
#define HV_PCI_H

#include "types.h"
#include "device/pci_filter.h"

#define PCI_FUNCTIONS_MAX 128

struct pci_function {
    uint16_t bdf; /* bus << 8 | device << 3 | function */
    bool hidden;  /* from every domain */
    struct pci_header header;
    uint16_t msix_entries;         /* 0: no MSI-X that could be used */
    maddr_t msix_table;            /* machine address, fixed like all BARs */
    volatile uint32_t *msix_entry; /* four words each */
};

/* Finds all functions, notes their BARs and MSI-X tables. Once. */
void pci_init(void);
/* NULL: there is none, or it is hidden. */
struct pci_function *pci_find(uint32_t segment, uint32_t bdf);
/* Calls fn for each port range that a visible function decodes. */
void pci_each_io_bar(void (*fn)(void *arg, uint16_t port, uint32_t size), void *arg);

/* Does a memory BAR of a visible function cover (a part of) this frame? */
bool pci_decodes(mfn_t mfn);

/* With device_lock held. Offset aligned to bytes (1, 2, 4), below 256. */
uint32_t pci_read(uint32_t bdf, unsigned int offset, unsigned int bytes);
void pci_write(uint32_t bdf, unsigned int offset, unsigned int bytes, uint32_t value);
/* The control domain's access, through the filter. */
uint32_t pci_guest_read(uint32_t bdf, unsigned int offset, unsigned int bytes);
void pci_guest_write(uint32_t bdf, unsigned int offset, unsigned int bytes, uint32_t value);

#endif
