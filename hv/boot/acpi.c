/* SPDX-License-Identifier: MIT */
#include "boot/acpi.h"
#include "boot/bootinfo.h"
#include "device/device.h"
#include "console.h"
#include "lib.h"

#define HEADER_SIZE 36u
#define TABLE_MAX   (1u << 20)

uint16_t acpi_pm_timer_port;
maddr_t acpi_lapic_base;
uint32_t acpi_cpu_apic_id[CPUS_MAX];
unsigned int acpi_cpus;

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return v;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return v;
}

static void madt_entry(const uint8_t *e, const struct madt_visitor *v)
{
    switch (e[0]) {
    case 0: /* local APIC: enabled, or online-capable */
        if (e[1] >= 8 && (get32(e + 4) & 1)) v->cpu(e[3]);
        break;
    case 1:
        if (e[1] >= 12) v->ioapic(get32(e + 4), e[2], get32(e + 8));
        break;
    case 2:
        if (e[1] >= 10) v->override(e[3], get32(e + 4), (uint32_t)e[8] | (uint32_t)e[9] << 8);
        break;
    case 9: /* x2APIC */
        if (e[1] >= 16 && (get32(e + 8) & 1) && get32(e + 4) > 254) v->cpu(get32(e + 4));
        break;
    default:
        break;
    }
}

int acpi_parse_madt(const uint8_t *table, size_t len, const struct madt_visitor *v, maddr_t *lapic)
{
    if (len < 44) return -XEN_EINVAL;
    *lapic = get32(table + HEADER_SIZE);
    for (size_t at = 44; at + 2 <= len; at += table[at + 1]) {
        if (table[at + 1] < 2 || table[at + 1] > len - at) return -XEN_EINVAL;
        madt_entry(table + at, v);
    }
    return 0;
}

static bool sum_ok(const uint8_t *p, size_t n)
{
    uint8_t s = 0;

    while (n--)
        s = (uint8_t)(s + *p++);
    return !s;
}

/* A table by address, through the identity map (which covers 4 GiB and all RAM); NULL if it is not one. */
static const uint8_t *table_at(uint64_t maddr)
{
    const uint8_t *t = (const uint8_t *)maddr;

    if (!maddr || maddr > (1ul << 32) - TABLE_MAX) return NULL;
    uint32_t len = get32(t + 4);
    return len >= HEADER_SIZE && len <= TABLE_MAX && sum_ok(t, len) ? t : NULL;
}

static const uint8_t *find_rsdp(void)
{
    if (boot_info.has_rsdp) {
        device_add_rsdp(boot_info.rsdp, sizeof(boot_info.rsdp));
        return boot_info.rsdp;
    }
    for (uint64_t a = 0xe0000; a < 0x100000; a += 16)
        if (!memcmp((const void *)a, "RSD PTR ", 8) && sum_ok((const uint8_t *)a, 20)) return (const uint8_t *)a;
    return NULL;
}

static void add_cpu(uint32_t apic_id)
{
    if (acpi_cpus < CPUS_MAX) acpi_cpu_apic_id[acpi_cpus++] = apic_id;
}

static void one_table(maddr_t maddr)
{
    static const struct madt_visitor visitor = {add_cpu, device_add_ioapic, device_add_override};
    const uint8_t *t = table_at(maddr);

    if (!t) return;
    uint32_t len = get32(t + 4);
    if (!memcmp(t, "APIC", 4) && acpi_parse_madt(t, len, &visitor, &acpi_lapic_base))
        panic("the ACPI MADT is malformed");
    if (!memcmp(t, "FACP", 4) && len >= 80) acpi_pm_timer_port = (uint16_t)get32(t + 76);
    if (!memcmp(t, "MCFG", 4))
        for (uint32_t at = 44; at + 16 <= len; at += 16)
            device_add_ecam(get64(t + at), t[at + 10], t[at + 11]);
    device_add_acpi_table((const char *)t, maddr);
}

void acpi_init(void)
{
    const uint8_t *rsdp = find_rsdp();

    if (!rsdp) panic("no ACPI tables: the firmware gives no RSDP");
    bool xsdt = rsdp[15] >= 2 && get64(rsdp + 24);
    const uint8_t *root = table_at(xsdt ? get64(rsdp + 24) : get32(rsdp + 16));
    if (!root) panic("the ACPI root table is damaged");
    uint32_t len = get32(root + 4), size = xsdt ? 8 : 4;
    for (uint32_t at = HEADER_SIZE; at + size <= len; at += size)
        one_table(xsdt ? get64(root + at) : get32(root + at));
    if (!acpi_cpus || !acpi_lapic_base) panic("the ACPI MADT lists no CPU");
}
