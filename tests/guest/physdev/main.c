/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: interrupts from a real line and a real message to an event channel, and each way to ask for one that is
 * not there, not ours or not the caller's to have. Attack rows 8, 20 and 28. A tenant has none of it.
 */
#include "rt_test.h"

#define RTC     8u
#define SCI     9u
#define PM_BASE 0x600u /* q35 under QEMU's firmwares */
#define PIRQS   256u

static volatile unsigned came;

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "d"(port));
}
static void out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "d"(port));
}
static uint8_t in8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "d"(port));
    return v;
}
static uint16_t in16(uint16_t port)
{
    uint16_t v;
    __asm__ volatile("inw %1, %0" : "=a"(v) : "d"(port));
    return v;
}
static uint32_t config_read(unsigned bdf, unsigned at)
{
    uint32_t v;
    __asm__ volatile("outl %0, %1" : : "a"(0x80000000 | bdf << 8 | (at & 0xfc)), "d"((uint16_t)0xcf8));
    __asm__ volatile("inl %1, %0" : "=a"(v) : "d"((uint16_t)0xcfc));
    return v;
}
static uint8_t cmos(unsigned reg)
{
    out8(0x70, (uint8_t)reg);
    return in8(0x71);
}
static void cmos_write(unsigned reg, uint8_t v)
{
    out8(0x70, (uint8_t)reg);
    out8(0x71, v);
}

static long map(int type, int index, int pirq, int bus, int devfn, int entry, uint64_t table, int *result)
{
    struct physdev_map_pirq op = {.domid = DOMID_SELF, .type = type, .index = index, .pirq = pirq, .bus = bus};

    op.devfn = devfn;
    op.entry_nr = entry;
    op.table_base = table;
    long ret = rt_physdev_op(PHYSDEVOP_map_pirq, &op);
    *result = op.pirq;
    return ret;
}

static long map_line(int gsi)
{
    int pirq;
    long ret = map(MAP_PIRQ_TYPE_GSI, gsi, gsi, 0, 0, 0, 0, &pirq);

    if (!ret) EQ(pirq, gsi);
    return ret;
}

static long unmap(int pirq)
{
    struct physdev_unmap_pirq op = {.domid = DOMID_SELF, .pirq = pirq};
    return rt_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static long setup_gsi(int gsi, unsigned level, unsigned low)
{
    struct physdev_setup_gsi op = {.gsi = gsi, .triggering = (uint8_t)level, .polarity = (uint8_t)low};
    return rt_physdev_op(PHYSDEVOP_setup_gsi, &op);
}

static long eoi(uint32_t irq)
{
    struct physdev_eoi op = {.irq = irq};
    return rt_physdev_op(PHYSDEVOP_eoi, &op);
}

static bool needs_eoi(uint32_t irq)
{
    struct physdev_irq_status_query op = {.irq = irq};
    EQ(rt_physdev_op(PHYSDEVOP_irq_status_query, &op), 0);
    return op.flags & XENIRQSTAT_needs_eoi;
}

static long bind(uint32_t pirq, unsigned *port)
{
    struct evtchn_bind_pirq op = {.pirq = pirq, .flags = BIND_PIRQ__WILL_SHARE};
    long ret = rt_event_channel_op(EVTCHNOP_bind_pirq, &op);
    *port = op.port;
    return ret;
}

static void arrived(unsigned port, void *arg)
{
    (void)port, (void)arg;
    came++;
}

/* Waits for the count to reach n. */
static bool comes(unsigned n, unsigned ms)
{
    uint64_t end = rt_time_now() + ms * RT_MS;

    while (came < n && rt_time_now() < end)
        ;
    return came >= n;
}

/* The clock's periodic interrupt, 64 a second: an edge, no EOI wanted from the guest. */
static void edge(void)
{
    unsigned port, again;

    EQ(map_line(RTC), 0);
    EQ(map_line(RTC), 0);
    CHECK(!needs_eoi(RTC));
    NEED(bind(RTC, &port) == 0);
    EQ(unmap(RTC), -XEN_EBUSY);
    CHECK(bind(RTC, &again) < 0);
    EQ(setup_gsi(RTC, 1, 1), -XEN_EEXIST);
    EQ(setup_gsi(RTC, 0, 0), 0);
    came = 0;
    rt_event_handle(port, arrived, NULL);
    rt_event_enable();
    uint8_t rates = cmos(10), control = cmos(11);
    cmos_write(10, (uint8_t)((rates & 0xf0) | 10));
    cmos_write(11, control | 0x40);
    for (unsigned n = 1; n <= 5; n++) {
        cmos(12); /* acknowledges */
        if (!CHECK_MSG(comes(n, 500), "%u of 5 interrupts of the clock", came)) break;
    }
    cmos_write(11, control & 0xbf);
    cmos(12);
    EQ(rt_event_close(port), 0);
    unsigned last = came;
    cmos_write(11, control | 0x40);
    rt_time_spin(50 * RT_MS);
    EQ(came, last);
    cmos_write(11, control & 0xbf);
    cmos(12);
    EQ(unmap(RTC), 0);
}

/* The ACPI timer's overflow, every 2.3 seconds: a level, which stays until the status is cleared, and is not told again
 * before the EOI. */
static void level(void)
{
    unsigned port;

    EQ(map_line(SCI), 0);
    EQ(setup_gsi(SCI, 1, 0), 0);
    CHECK(needs_eoi(SCI));
    out16(PM_BASE + 4, in16(PM_BASE + 4) | 1);
    out16(PM_BASE, 0xffff);
    NEED(bind(SCI, &port) == 0);
    came = 0;
    rt_event_handle(port, arrived, NULL);
    out16(PM_BASE + 2, 1);
    CHECK(comes(1, 5000));
    rt_time_spin(20 * RT_MS); /* still asserted */
    EQ(came, 1);
    EQ(eoi(SCI), 0); /* not the cause: it comes again */
    CHECK(comes(2, 500));
    out16(PM_BASE + 2, 0);
    out16(PM_BASE, 1);
    EQ(eoi(SCI), 0);
    EQ(eoi(SCI), 0);
    rt_time_spin(20 * RT_MS);
    EQ(came, 2);
    EQ(rt_event_close(port), 0);
    EQ(unmap(SCI), 0);
}

static void refused_lines(void)
{
    static const int wrong[] = {-1, 24, 100, 127, 128, 255, 256, 1 << 20, (int)(1u << 31), 0x7fffffff};
    int pirq;
    unsigned port;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(wrong); i++) {
        CHECK_MSG(map_line(wrong[i]) < 0, "line %d", wrong[i]);
        CHECK_MSG(setup_gsi(wrong[i], 0, 0) < 0, "setup_gsi of line %d", wrong[i]);
        CHECK_MSG(unmap(wrong[i]) < 0, "unmap of %d", wrong[i]);
        CHECK_MSG(bind((uint32_t)wrong[i], &port) < 0, "bind of %d", wrong[i]);
        CHECK_MSG(eoi((uint32_t)wrong[i]) < 0, "EOI of %d", wrong[i]);
    }
    EQ(setup_gsi(5, 2, 0), -XEN_EINVAL);
    EQ(setup_gsi(5, 0, 2), -XEN_EINVAL);
    EQ(map(MAP_PIRQ_TYPE_GSI, 5, 6, 0, 0, 0, 0, &pirq), -XEN_EINVAL);
    CHECK(map(MAP_PIRQ_TYPE_UNKNOWN, 5, 5, 0, 0, 0, 0, &pirq) < 0);
    CHECK(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, -1, 0, 0x10, 2, 0, &pirq) < 0);
    CHECK(map(77, -1, -1, 0, 0, 0, 0, &pirq) < 0);
    struct physdev_map_pirq other = {.domid = 77, .type = MAP_PIRQ_TYPE_GSI, .index = 5, .pirq = 5};
    CHECK(rt_physdev_op(PHYSDEVOP_map_pirq, &other) < 0);
}

static unsigned capability(unsigned bdf, unsigned id)
{
    unsigned at = config_read(bdf, 4) & 0x100000 ? config_read(bdf, 0x34) & 0xfc : 0;

    for (unsigned hops = 0; at && hops < 48; hops++, at = config_read(bdf, at) >> 8 & 0xfc)
        if ((config_read(bdf, at) & 0xff) == id) return at;
    return 0;
}

static unsigned find(unsigned id)
{
    for (unsigned bdf = 0; bdf < 256; bdf++)
        if (config_read(bdf, 0) != ~0u && capability(bdf, id)) return bdf;
    return 0;
}

static void messages(void)
{
    int msi = (int)find(5), msix = (int)find(0x11), pirq, second, none;
    struct physdev_get_free_pirq next = {.type = MAP_PIRQ_TYPE_MSI};
    struct physdev_pci_device device = {.devfn = (uint8_t)msix};
    unsigned port;

    NEED(msi && msix);
    EQ(rt_physdev_op(PHYSDEVOP_get_free_pirq, &next), 0);
    CHECK(next.pirq >= 16 && next.pirq < PIRQS);
    CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 1 << 16, msi, 0, 0, &pirq) < 0); /* another segment */
    CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, 0xff, 0, 0, &pirq) < 0);      /* nobody */
    CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, 0, 0, 0, &pirq) < 0);         /* no capability */
    CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, 0x40, -1, 0, msi, 0, 0, &pirq) < 0);     /* a vector of its choice */
    EQ(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, msi, 0, 0, &pirq), 0);
    CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, msi, 0, 0, &second) < 0); /* twice */
    unsigned at = capability((unsigned)msi, 5);
    EQ(config_read((unsigned)msi, at + 4) & 0xfff00000, 0xfee00000);
    NEED(bind((uint32_t)pirq, &port) == 0);
    EQ(unmap(pirq), -XEN_EBUSY);
    EQ(rt_event_close(port), 0);
    EQ(unmap(pirq), 0);
    CHECK(unmap(pirq) < 0);
    uint64_t table = 0xfebd0000; /* any: says that MSI-X is meant */
    EQ(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, msix, 0, table, &pirq), 0);
    EQ(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, msix, 1, table, &second), 0);
    CHECK(second != pirq);
    static const int entries[] = {-1, 2048, 4096, 0x7fffffff, (int)(1u << 31)};
    for (unsigned i = 0; i < RT_ARRAY_SIZE(entries); i++)
        CHECK_MSG(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, msix, entries[i], table, &none) < 0, "entry %d", entries[i]);
    EQ(rt_physdev_op(PHYSDEVOP_restore_msi_ext, &device), 0);
    EQ(rt_physdev_op(PHYSDEVOP_prepare_msix, &device), 0);
    EQ(rt_physdev_op(PHYSDEVOP_release_msix, &device), 0);
    EQ(unmap(pirq), 0);
    EQ(unmap(second), 0);
    device.seg = 1;
    CHECK(rt_physdev_op(PHYSDEVOP_restore_msi_ext, &device) < 0);
    device.seg = 0;
    device.bus = 0xff;
    CHECK(rt_physdev_op(PHYSDEVOP_prepare_msix, &device) < 0);
}

static void registers(void)
{
    struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = 1};
    struct physdev_irq irq = {.irq = 4};
    struct physdev_pci_device_add add = {.devfn = 0};

    EQ(rt_physdev_op(PHYSDEVOP_apic_read, &apic), 0);
    EQ(apic.value >> 16 & 0xff, 23);
    apic.reg = 0x30;
    CHECK(rt_physdev_op(PHYSDEVOP_apic_read, &apic) == 0 && apic.value & 0x10000);
    apic.reg = 0x40;
    CHECK(rt_physdev_op(PHYSDEVOP_apic_read, &apic) < 0);
    apic.reg = 1;
    apic.apic_physbase = 0xfee00000;
    CHECK(rt_physdev_op(PHYSDEVOP_apic_read, &apic) < 0);
    apic = (struct physdev_apic){.apic_physbase = 0xfec00000, .reg = 0x20, .value = 0x20}; /* a vector of its choice */
    EQ(rt_physdev_op(PHYSDEVOP_apic_write, &apic), -XEN_EPERM);
    EQ(rt_physdev_op(PHYSDEVOP_alloc_irq_vector, &irq), 0);
    irq.irq = PIRQS;
    CHECK(rt_physdev_op(PHYSDEVOP_alloc_irq_vector, &irq) < 0);
    EQ(rt_physdev_op(PHYSDEVOP_pci_device_add, &add), 0);
    add.bus = 0x55;
    CHECK(rt_physdev_op(PHYSDEVOP_pci_device_add, &add) < 0);
}

static void pointers(void)
{
    static const uint64_t bad[] = {0x10, TEST_UNMAPPED, TEST_NONCANONICAL, 0xffff830000000000, ~0ull};

    for (int cmd = 0; cmd < 40; cmd++)
        for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
            CHECK_MSG(rt_physdev_op(cmd, (void *)bad[i]) < 0, "command %d, pointer %#lx", cmd, bad[i]);
    EQ(rt_physdev_op(99, (void *)TEST_UNMAPPED), -XEN_ENOSYS);
    EQ(rt_physdev_op(-1, (void *)TEST_UNMAPPED), -XEN_ENOSYS);
}

/* Every command, with arguments that dom0 could use. */
static void tenant(void)
{
    uint64_t arg[16] = {0};
    unsigned port;

    for (int cmd = 0; cmd < 40; cmd++)
        if (cmd != PHYSDEVOP_set_iopl) CHECK_MSG(rt_physdev_op(cmd, arg) < 0, "command %d", cmd);
    for (int gsi = 0; gsi < 24; gsi++) {
        CHECK(map_line(gsi) < 0);
        CHECK(setup_gsi(gsi, 0, 0) < 0);
        CHECK(eoi((uint32_t)gsi) < 0);
        CHECK(bind((uint32_t)gsi, &port) < 0);
    }
}

void test_main(void)
{
    pointers();
    if (!rt_start_is_dom0()) {
        tenant();
        return;
    }
    registers();
    refused_lines();
    messages();
    edge();
    level();
}
