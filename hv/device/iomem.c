/* SPDX-License-Identifier: MIT */
/* Device memory that the control domain may map: what visible PCI functions decode, the VGA window, and what the
 * firmware's memory map calls reserved or ACPI; less what is protected. Elsewhere it sees an empty bus. */
#include "hypercall/handler.h"
#include "device/device.h"

#include "boot/bootinfo.h"
#include "device/device_state.h"
#include "device/pci.h"
#include "mm/frame.h"

#define RANGES_MAX 96u
#define VGA_FIRST  0xa0u
#define VGA_LAST   0xbfu
#define BIOS_LAST  0xffu /* option ROMs and BIOS, readable */
#define RSDP_MFN   0xe0u

struct range {
    mfn_t first, last;
    enum iomem_kind kind;
};
static struct range ranges[RANGES_MAX];
static unsigned int range_count;

/* Stand-ins: an empty bus (ones), the memory below 640 K (zeros: a BIOS data area that names nothing), the RSDP. */
static uint8_t *blank_page, *low_page, *rsdp_page;
static uint8_t rsdp_copy[36];
static size_t rsdp_size;

/* Hardware at fixed addresses on every PC chipset since ICH (Intel 500-series PCH datasheet, memory map). */
static const struct {
    maddr_t base;
    uint64_t size;
    enum iomem_kind kind;
} fixed[] = {
    {0xfee00000, 0x100000, IOMEM_REFUSED},   /* local APIC; writes by devices are interrupts */
    {0xfed40000, 0x6000, IOMEM_REFUSED},     /* TPM, its physical-presence page */
    {0xfed20000, 0x20000, IOMEM_REFUSED},    /* TXT */
    {0xfed90000, 0x4000, IOMEM_REFUSED},     /* VT-d, whether the DMAR table says so or not */
    {0xfed1c000, 0x4000, IOMEM_BLANK},       /* chipset registers, SPI flash controller */
    {0xff000000, 0x1000000, IOMEM_READONLY}, /* flash */
};

void iomem_protect(maddr_t base, uint64_t size, enum iomem_kind kind)
{
    if (range_count == RANGES_MAX) panic("device: too many protected ranges");
    ranges[range_count++] = (struct range){base >> PAGE_SHIFT, (base + size - 1) >> PAGE_SHIFT, kind};
}

void iomem_set_rsdp(const void *rsdp, size_t size)
{
    rsdp_size = MIN(size, sizeof(rsdp_copy));
    memcpy(rsdp_copy, rsdp, rsdp_size);
}

static void *stand_in(void)
{
    uint8_t *page = heap_alloc_pages(1);
    if (!page) panic("device: no memory");
    frame_of(heap_mfn(page))->owner = DOMID_HV;
    frame_of(heap_mfn(page))->flags = FF_MMIO; /* mapped without references, like device memory */
    return page;
}

void iomem_init(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        iomem_protect(fixed[i].base, fixed[i].size, fixed[i].kind);
    blank_page = stand_in();
    memset(blank_page, 0xff, PAGE_SIZE);
    low_page = stand_in();
    /* Kernels look there for firmware's data; what RAM it has is the hypervisor's. */
    for (mfn_t m = 0; m <= BIOS_LAST; m++) {
        ASSERT(frame_of(m)->owner == DOMID_HV);
        frame_of(m)->flags = FF_MMIO;
    }
    if (rsdp_size) {
        rsdp_page = stand_in();
        memcpy(rsdp_page, rsdp_copy, rsdp_size);
    }
}

static bool firmware_reserved(mfn_t mfn)
{
    for (unsigned int i = 0; i < boot_info.rams; i++) {
        const struct boot_ram *r = &boot_info.ram[i];
        if (r->type != 1 && r->size && mfn >= r->base >> PAGE_SHIFT && mfn <= (r->base + r->size - 1) >> PAGE_SHIFT)
            return true;
    }
    return false;
}

bool iomem_resolve(struct domain *d, uint64_t *mfn, bool *readonly)
{
    *readonly = false;
    if (!d->device || monitor_check_hardware(d, operations[OP_device_frame].perm, *mfn, *mfn)) return false;
    if (*mfn == heap_mfn(blank_page) || *mfn == heap_mfn(low_page)) return true;
    if (*mfn < VGA_FIRST) {
        *mfn = heap_mfn(low_page);
        return true;
    }
    *readonly = *mfn > VGA_LAST && *mfn <= BIOS_LAST;
    if (rsdp_page && *mfn == RSDP_MFN) *mfn = heap_mfn(rsdp_page);
    if (rsdp_page && *mfn == heap_mfn(rsdp_page)) return *readonly = true;
    for (unsigned int i = 0; i < range_count; i++) {
        if (*mfn < ranges[i].first || *mfn > ranges[i].last) continue;
        if (ranges[i].kind == IOMEM_REFUSED) return false;
        if (ranges[i].kind == IOMEM_BLANK) {
            *mfn = heap_mfn(blank_page);
            return true;
        }
        *readonly = true;
    }
    if (*readonly || (*mfn >= VGA_FIRST && *mfn <= VGA_LAST) || pci_decodes(*mfn) || firmware_reserved(*mfn))
        return true;
    *mfn = heap_mfn(blank_page);
    return true;
}
