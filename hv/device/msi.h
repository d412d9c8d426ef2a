/* SPDX-License-Identifier: MIT */
/* Message-signalled interrupts: the hypervisor alone writes their addresses and data. device_lock is held. */
#ifndef HV_MSI_H
#define HV_MSI_H

#include "types.h"
#include "device/pci.h"

struct msi_source {
    struct pci_function *function;
    uint16_t entry; /* of the MSI-X table */
    bool msix;
};

/* 0; -EINVAL: no such capability or entry. */
int msi_check(const struct msi_source *s);
/* Programs it to raise `vector` at the CPU with that APIC id; MSI-X entries masked unless `open`. MSI becomes the
 * domain's to enable. */
void msi_program(const struct msi_source *s, uint8_t vector, uint32_t apic_id, bool open);
void msi_disable(const struct msi_source *s);

#endif
