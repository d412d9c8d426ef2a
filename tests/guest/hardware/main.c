/* SPDX-License-Identifier: MIT */
/*
 * Hardware that no domain may have, dom0 least of all: whoever maps a local APIC, an IO-APIC, the TPM, the IOMMU's
 * registers or the configuration space of PCI, writes an MSI-X table entry, moves a device over another's addresses,
 * reaches the firmware's or the chipset's back doors to memory, or switches the machine off by a port, has more than
 * the policy gave it. Attack rows 20 and 28. From a tenant's place everything of it must be absent.
 */
#include "rt_test.h"

#define ECAM 0xb0000u /* frames: where QEMU's firmware puts them on q35 */

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "d"(port));
}
static void out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "d"(port));
}
static void out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "d"(port));
}
static uint8_t in8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "d"(port));
    return v;
}
static uint32_t in32(uint16_t port)
{
    uint32_t v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "d"(port));
    return v;
}

static uint32_t config_read(unsigned bdf, unsigned at)
{
    out32(0xcf8, 0x80000000 | bdf << 8 | (at & 0xfc));
    return in32(0xcfc);
}
static void config_write(unsigned bdf, unsigned at, uint32_t v)
{
    out32(0xcf8, 0x80000000 | bdf << 8 | (at & 0xfc));
    out32(0xcfc, v);
}

/* Offset of a capability, 0 if the function has none of that kind. */
static unsigned capability(unsigned bdf, unsigned id)
{
    unsigned at = config_read(bdf, 4) & 0x100000 ? config_read(bdf, 0x34) & 0xfc : 0;

    for (unsigned hops = 0; at && hops < 48; hops++, at = config_read(bdf, at) >> 8 & 0xfc)
        if ((config_read(bdf, at) & 0xff) == id) return at;
    return 0;
}

static void frames(void)
{
    static const struct {
        uint64_t mfn;
        const char *name;
    } never[] = {
        {0xfee00, "local APIC"}, {0xfee10, "MSI window"}, {0xfec00, "IO-APIC"}, {0xfed40, "TPM"},
        {0xfed41, "TPM"},        {0xfed44, "TPM"},        {0xfed45, "TPM PPI"}, {0xfed90, "VT-d"},
        {0xfed91, "VT-d"},       {0xfed20, "TXT"},        {ECAM, "PCI config"}, {ECAM + 0x10, "PCI config"},
    };

    for (unsigned i = 0; i < RT_ARRAY_SIZE(never); i++) {
        CHECK_MSG(rt_mm_map(TEST_WINDOW, never[i].mfn << 12 | RT_RW) < 0, "%s mapped writable", never[i].name);
        CHECK_MSG(rt_mm_map(TEST_WINDOW, never[i].mfn << 12 | RT_RO) < 0, "%s mapped", never[i].name);
    }
    /* RAM that is nobody's or the hypervisor's: a frame of each MiB. */
    for (uint64_t mfn = 0x100; mfn < 0x40000; mfn += 0x100) {
        if (rt_mm_m2p(mfn) < rt_mm_pages() && rt_mm_mfn(rt_mm_m2p(mfn)) == mfn) continue;
        if (rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RO) == 0)
            CHECK_MSG(*(volatile uint64_t *)TEST_WINDOW == 0 || mfn > 0x3ff00, "frame %#lx is not mine", mfn);
    }
    rt_mm_map(TEST_WINDOW, 0);
}

/* Things that kernels map and that must do nothing: an empty bus, or zeros, or read-only. */
static void stand_ins(void)
{
    static const uint64_t harmless[] = {0x00000, 0x00001, 0x00009, 0xfed00, 0xfed1c, 0xfed1f, 0x900000};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(harmless); i++) {
        if (rt_mm_map(TEST_WINDOW, harmless[i] << 12 | RT_RW)) continue;
        volatile uint32_t *p = (volatile uint32_t *)TEST_WINDOW;
        CHECK_MSG(rt_pte_mfn(*rt_mm_entry(TEST_WINDOW, 1)) != harmless[i] || !rt_mm_can_write((void *)TEST_WINDOW),
                  "frame %#lx is real", harmless[i]);
        if (harmless[i] != 0xfed00)
            CHECK_MSG(p[256] == 0 || p[256] == ~0u, "frame %#lx holds %#x", harmless[i], p[256]);
    }
    EQ(rt_mm_map(TEST_WINDOW, 0xf0ull << 12 | RT_RW), 0);
    RUNS((void)*(volatile char *)TEST_WINDOW);
    FAULTS(RT_PF, *(volatile char *)TEST_WINDOW = 1);
    rt_mm_map(TEST_WINDOW, 0);
}

static void fixed_bars(unsigned bdf)
{
    for (unsigned at = 0x10; at < 0x28; at += 4) {
        uint32_t was = config_read(bdf, at), sized;

        config_write(bdf, at, 0xfed40000);
        EQ(config_read(bdf, at), was);
        config_write(bdf, at, ~0u);
        sized = config_read(bdf, at);
        CHECK_MSG(!was || sized != was, "BAR at %#x cannot be sized", at);
        out32(0xcf8, 0x80000000 | bdf << 8 | at);
        out8(0xcfd, 0x12);
        config_write(bdf, at, was);
        EQ(config_read(bdf, at), was);
    }
}

static void fixed_messages(unsigned bdf, unsigned msi)
{
    uint32_t control = config_read(bdf, msi), before[5];

    for (unsigned i = 0; i < 5; i++)
        before[i] = config_read(bdf, msi + 4 + 4 * i);
    config_write(bdf, msi + 4, 0x12345000);
    config_write(bdf, msi + 8, 0x4041);
    config_write(bdf, msi + 12, 0x4041);
    for (unsigned i = 0; i < (control & 0x800000 ? 3 : 2); i++)
        EQ(config_read(bdf, msi + 4 + 4 * i), before[i]);
    config_write(bdf, msi, control | 0x710000); /* enabled, with as many vectors as it can */
    EQ(config_read(bdf, msi) & 0x710000, 0);
}

/* Its entries say which address a device writes, with what: readable, no more. */
static void readonly_table(unsigned bdf, unsigned msix)
{
    uint32_t table = config_read(bdf, msix + 4), bar = config_read(bdf, 0x10 + 4 * (table & 7));
    uint64_t mfn = ((bar & ~15u) + (table & ~7u)) >> 12;

    if (rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RW)) return;
    RUNS((void)*(volatile uint32_t *)TEST_WINDOW);
    FAULTS(RT_PF, *(volatile uint32_t *)TEST_WINDOW = 0xfee01000);
    rt_mm_write(rt_mm_entry_ma(TEST_WINDOW, 1), mfn << 12 | RT_RW);
    FAULTS(RT_PF, *(volatile uint32_t *)TEST_WINDOW = 0xfee01000);
    rt_mm_map(TEST_WINDOW, 0);
}

static void pci(void)
{
    unsigned functions = 0, messages = 0, tables = 0;

    for (unsigned bdf = 0; bdf < 0x100; bdf++) {
        if (config_read(bdf, 0) == ~0u) continue;
        functions++;
        fixed_bars(bdf);
        unsigned msi = capability(bdf, 5), msix = capability(bdf, 0x11);
        if (msi) messages++, fixed_messages(bdf, msi);
        if (msix) tables++, readonly_table(bdf, msix);
    }
    rt_printf("%u functions, %u with MSI, %u with MSI-X\n", functions, messages, tables);
    CHECK(functions >= 3 && messages && tables);
    /* The host bridge says where configuration space and SMM memory are, and what is RAM below 1 MiB. */
    for (unsigned at = 0x40; at < 0x100; at += 4) {
        uint32_t was = config_read(0, at);
        config_write(0, at, ~was);
        EQ(config_read(0, at), was);
    }
    for (unsigned at = 0; at < 256; at += 4) /* nobody is there */
        config_write(0x00ff, at, ~0u);
    out32(0xcf8, 0);
    EQ(in32(0xcfc), ~0u);
}

/* Ports that reach memory or switch the machine. Alive afterwards is the check. */
static void back_doors(void)
{
    static const uint16_t absent[] = {0x92,  0xb3,  0x0,   0x87,  0x3f8, 0x3fd, 0x402, 0x510, 0x511, 0x514,
                                      0x518, 0x3f5, 0x630, 0x660, 0xcd8, 0xcf9, 0x4e,  0x2e,  0x5658};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(absent); i++) {
        EQ(in8(absent[i]), 0xff);
        out8(absent[i], 0xff);
        EQ(in8(absent[i]), 0xff);
    }
    out8(0xcf9, 0x02); /* reset */
    out8(0xcf9, 0x06);
    out8(0x92, 0x01);
    out8(0x64, 0xfe);
    out8(0x64, 0xd1); /* A20 off */
    out8(0x60, 0xdd);
    out8(0xb2, 0xcc);                           /* SMI */
    for (unsigned type = 0; type < 8; type++) { /* sleep and soft-off, in each width and place */
        out16(0x604, (uint16_t)(0x2000 | type << 10));
        out8(0x605, (uint8_t)(0x20 | type << 2));
        out32(0x602, (0x2000u | type << 10) << 16);
        out32(0x604, 0x2000 | type << 10);
    }
    out8(0x70, 0x8f); /* would switch NMIs off */
    EQ(in8(0x70), 0x0f);
}

static void tenant(void)
{
    for (unsigned port = 0; port < 0x10000; port += 37)
        EQ(in8((uint16_t)port), 0xff);
    EQ(config_read(0, 0), ~0u);
    for (uint64_t mfn = 0xa0; mfn < 0x100; mfn++)
        CHECK_MSG(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RO) < 0, "frame %#lx", mfn);
    for (uint64_t mfn = 0xfd000; mfn < 0x100000; mfn += 0x10)
        CHECK_MSG(rt_mm_map(TEST_WINDOW, mfn << 12 | RT_RO) < 0, "frame %#lx", mfn);
}

void test_main(void)
{
    NEED(rt_mm_map(TEST_WINDOW, 0) == 0);
    if (!rt_start_is_dom0()) {
        tenant();
        return;
    }
    frames();
    stand_ins();
    pci();
    back_doors();
    EQ(test_audit(), 0);
}
