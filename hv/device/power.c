/* SPDX-License-Identifier: MIT */
/* ACPI tables as far as device rights and power need them; power-off and reset. */
#include "hv.h"
#include "device/device.h"

#include "cpu/io.h"
#include "device/device_state.h"
#include "measure/tpm_bus.h"

#define TABLES_MAX    64u
#define TABLE_MAX     (256ul << 10)
#define DMAR_UNITS    16u
#define SLP_TYP_SHIFT 10
#define SLP_EN        0x2000u

struct acpi_fadt device_fadt;
struct acpi_s5 device_s5;

static struct {
    char signature[4];
    maddr_t maddr;
} tables[TABLES_MAX];
static unsigned int table_count;

void power_add_table(const char signature[4], maddr_t table)
{
    if (table_count == TABLES_MAX) return;
    memcpy(tables[table_count].signature, signature, 4);
    tables[table_count++].maddr = table;
}

static void physical_copy(void *dst, maddr_t src, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t part = MIN(n - done, PAGE_SIZE - ((src + done) & ~PAGE_MASK));
        uint8_t *w = window_map((src + done) >> PAGE_SHIFT);
        memcpy((uint8_t *)dst + done, w + ((src + done) & ~PAGE_MASK), part);
        window_unmap(w);
        done += part;
    }
}

/* A copy of a whole table on heap pages, NULL if its length is absurd. */
static uint8_t *table_copy(maddr_t table, size_t *len)
{
    uint8_t header[ACPI_HEADER_SIZE];
    physical_copy(header, table, sizeof(header));
    *len = (size_t)header[4] | (size_t)header[5] << 8 | (size_t)header[6] << 16 | (size_t)header[7] << 24;
    if (*len < ACPI_HEADER_SIZE || *len > TABLE_MAX) return NULL;
    uint8_t *copy = heap_alloc_pages((*len + PAGE_SIZE - 1) / PAGE_SIZE);
    if (copy) physical_copy(copy, table, *len);
    return copy;
}

static void table_free(uint8_t *copy, size_t len)
{
    heap_free_pages(copy, (len + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* The signature backwards: no kernel looks for that, and the checksum stays right. */
static void hide(maddr_t table)
{
    for (unsigned int i = 0; i < 2; i++) {
        maddr_t a = table + i, b = table + 3 - i;
        uint8_t *wa = window_map(a >> PAGE_SHIFT), *wb = window_map(b >> PAGE_SHIFT);
        uint8_t *pa = wa + (a & ~PAGE_MASK), *pb = wb + (b & ~PAGE_MASK), v = *pa;
        *pa = *pb;
        *pb = v;
        window_unmap(wb);
        window_unmap(wa);
    }
}

static bool named(const char *signature, const char *name)
{
    return memcmp(signature, name, 4) == 0;
}

static void find_s5(maddr_t table)
{
    size_t len;
    uint8_t *copy = device_s5.found ? NULL : table_copy(table, &len);
    if (!copy) return;
    acpi_s5_find(copy, len, &device_s5);
    table_free(copy, len);
}

static void protect_units(const uint8_t *dmar, size_t len)
{
    uint64_t base[DMAR_UNITS];
    unsigned int n = acpi_dmar_units(dmar, len, base, DMAR_UNITS);
    for (unsigned int i = 0; i < n; i++)
        iomem_protect(base[i], 4 * PAGE_SIZE, IOMEM_REFUSED);
}

static void protect_tpm(const uint8_t *tpm2, size_t len)
{
    uint64_t area = acpi_tpm2_area(tpm2, len);
    if (area) iomem_protect(area, PAGE_SIZE, IOMEM_REFUSED);
    tpm_bus_described(area, acpi_tpm2_method(tpm2, len));
}

static void look_at(const char *signature, maddr_t table)
{
    size_t len;
    uint8_t *copy = table_copy(table, &len);
    if (!copy) {
        printk("device: ACPI table %.4s of %lu bytes is not believed\n", signature, (unsigned long)len);
        return;
    }
    if (named(signature, "FACP"))
        acpi_fadt_parse(copy, len, &device_fadt);
    else if (named(signature, "DMAR"))
        protect_units(copy, len);
    else if (named(signature, "TPM2"))
        protect_tpm(copy, len);
    else if (named(signature, "HPET") && acpi_hpet_base(copy, len))
        iomem_protect(acpi_hpet_base(copy, len), PAGE_SIZE, IOMEM_BLANK);
    table_free(copy, len);
}

void power_init(void)
{
    static const char hidden[][5] = {"MCFG", "DMAR", "IVRS", "TPM2", "TCPA", "HPET"};

    for (unsigned int i = 0; i < table_count; i++) {
        look_at(tables[i].signature, tables[i].maddr);
        for (size_t h = 0; h < ARRAY_SIZE(hidden); h++)
            if (named(tables[i].signature, hidden[h])) hide(tables[i].maddr);
    }
    if (device_fadt.dsdt) find_s5(device_fadt.dsdt);
    for (unsigned int i = 0; i < table_count; i++)
        if (named(tables[i].signature, "SSDT")) find_s5(tables[i].maddr);
    if (!device_s5.found) printk("device: ACPI says no way to power off; shutdown will halt\n");
}

static void __noreturn halt_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void wait_a_little(void)
{
    for (unsigned int i = 0; i < 200000; i++)
        inb(0x80);
}

void device_poweroff(void)
{
    cpus_stop();
    if (device_s5.found && device_fadt.pm1a_cnt) {
        printk("power off\n");
        uint16_t a = inw(device_fadt.pm1a_cnt) & (uint16_t)~0x3c00u;
        if (device_fadt.pm1b_cnt) outw(device_fadt.pm1b_cnt, (uint16_t)(device_s5.type_b << SLP_TYP_SHIFT | SLP_EN));
        outw(device_fadt.pm1a_cnt, (uint16_t)(a | device_s5.type_a << SLP_TYP_SHIFT | SLP_EN));
        wait_a_little();
    }
    printk("the machine may be switched off now\n");
    halt_for_ever();
}

static void __noreturn triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __packed none = {0};
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    halt_for_ever();
}

void device_reboot(void)
{
    cpus_stop();
    printk("reboot\n");
    if (device_fadt.reset_port) {
        outb(device_fadt.reset_port, device_fadt.reset_value);
        wait_a_little();
    }
    outb(0xcf9, 0x02); /* ICH reset control: hard, then go */
    outb(0xcf9, 0x06);
    wait_a_little();
    outb(0x64, 0xfe);
    wait_a_little();
    triple_fault();
}
