/* SPDX-License-Identifier: MIT */
#include "device/msi.h"

#define MSI_ADDRESS  0xfee00000u /* SDM vol. 3, 11.11: physical destination, fixed delivery, edge */
#define MSI_64       0x80u
#define MSI_MASKABLE 0x100u
#define MSI_ENABLE   1u
#define ENTRY_WORDS  4u
#define ENTRY_MASKED 1u

int msi_check(const struct msi_source *s)
{
    if (!s->function) return -XEN_EINVAL;
    if (s->msix) return s->function->msix_entry && s->entry < s->function->msix_entries ? 0 : -XEN_EINVAL;
    return s->function->header.msi && s->entry == 0 ? 0 : -XEN_EINVAL;
}

static void program_entry(const struct msi_source *s, uint32_t address, uint32_t data, bool open)
{
    volatile uint32_t *e = s->function->msix_entry + ENTRY_WORDS * s->entry;
    e[3] = ENTRY_MASKED;
    e[0] = address;
    e[1] = 0;
    e[2] = data;
    if (open) e[3] = 0;
}

static void program_capability(struct pci_function *f, uint32_t address, uint32_t data)
{
    unsigned int cap = f->header.msi;
    uint32_t control = pci_read(f->bdf, cap + 2, 2);
    unsigned int at = cap + 8;

    pci_write(f->bdf, cap + 4, 4, address);
    if (control & MSI_64) {
        pci_write(f->bdf, at, 4, 0);
        at += 4;
    }
    pci_write(f->bdf, at, 2, data);
    if (control & MSI_MASKABLE) pci_write(f->bdf, at + 4, 4, 0);
}

void msi_program(const struct msi_source *s, uint8_t vector, uint32_t apic_id, bool open)
{
    uint32_t address = MSI_ADDRESS | (apic_id & 0xff) << 12;

    if (s->msix) {
        program_entry(s, address, vector, open);
        return;
    }
    program_capability(s->function, address, vector);
    s->function->header.msi_ready = true;
}

void msi_disable(const struct msi_source *s)
{
    struct pci_function *f = s->function;

    if (s->msix) {
        f->msix_entry[ENTRY_WORDS * s->entry + 3] = ENTRY_MASKED;
        return;
    }
    f->header.msi_ready = false;
    pci_write(f->bdf, f->header.msi + 2u, 2, pci_read(f->bdf, f->header.msi + 2u, 2) & ~MSI_ENABLE);
}
