/* SPDX-License-Identifier: MIT */
/* Start of the other CPUs: INIT, SIPI (Intel SDM volume 3, 8.4). */
#include "hv.h"
#include "boot/smp.h"
#include "boot/acpi.h"
#include "boot/bootinfo.h"
#include "cpu/lapic.h"
#include "cpu/setup.h"
#include "cpu/trap.h"
#include "domain/lifecycle.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/pte.h"
#include "time/timer.h"

extern char trampoline_start[], trampoline_end[], trampoline_stack[], trampoline_page32[], trampoline_cr3[];

static uint32_t go;

static void wait_us(uint64_t us)
{
    for (ns_t end = now_ns() + us * 1000; now_ns() < end;)
        __asm__ volatile("pause");
}

/* A page of RAM below 640 KiB, above the BIOS data area. */
static maddr_t low_page(void)
{
    for (maddr_t a = 0x8f000; a >= 0x2000; a -= PAGE_SIZE)
        for (unsigned int i = 0; i < boot_info.rams; i++)
            if (boot_info.ram[i].type == 1 && a >= boot_info.ram[i].base &&
                a + PAGE_SIZE <= boot_info.ram[i].base + boot_info.ram[i].size)
                return a;
    return 0;
}

static void fill_trampoline(maddr_t page, void *block)
{
    char *t = (char *)page;

    memcpy(t, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    *(uint32_t *)(t + (trampoline_page32 - trampoline_start)) += (uint32_t)page;
    *(uint64_t *)(t + (trampoline_cr3 - trampoline_start)) = idle_l4_maddr;
    *(uint64_t *)(t + (trampoline_stack - trampoline_start)) =
        (uint64_t)block + STACK_BLOCK - sizeof(struct cpu_info) - 8;
}

/* NULL: no memory. */
static void *map_stacks(unsigned int cpu)
{
    uint64_t block = STACK_BASE + cpu * STACK_BLOCK;

    for (unsigned int i = 0; i < STACK_BLOCK / PAGE_SIZE; i++) {
        uint64_t *pte = percpu_pte(block + i * PAGE_SIZE);
        if (!is_stack_page(i) || *pte) continue;
        void *page = heap_alloc_pages(1);
        if (!page) return NULL;
        *pte = (heap_mfn(page) << PAGE_SHIFT) | PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX;
    }
    return (void *)block;
}

static bool start_one(maddr_t page, unsigned int cpu, uint32_t apic_id)
{
    void *block = map_stacks(cpu);

    if (!block) return false;
    struct cpu_info *c = cpu_block_init(block, cpu);
    c->apic_id = apic_id;
    c->idle_cr3 = idle_l4_maddr;
    fill_trampoline(page, block);
    lapic_ipi(apic_id, 0x4500); /* INIT */
    wait_us(10000);
    for (int i = 0; i < 2; i++) {
        lapic_ipi(apic_id, 0x4600 | (uint32_t)(page >> PAGE_SHIFT));
        for (int k = 0; k < 1000 && READ_ONCE(cpus_online) == cpu; k++)
            wait_us(i ? 1000 : 100);
        if (READ_ONCE(cpus_online) > cpu) return true;
    }
    cpu_infos[cpu] = NULL;
    return false;
}

void smp_start_all(void)
{
    maddr_t page = low_page();
    char *keep = heap_alloc_pages(1);

    if (!page || !keep) {
        printk("no memory below 1 MiB to start other CPUs from: one CPU only");
        return;
    }
    memcpy(keep, (void *)page, PAGE_SIZE);
    for (unsigned int i = 0; i < acpi_cpus && cpus_online < CPUS_MAX; i++)
        if (acpi_cpu_apic_id[i] != this_cpu()->apic_id && !start_one(page, cpus_online, acpi_cpu_apic_id[i]))
            printk("CPU with APIC id %u does not start: left out", acpi_cpu_apic_id[i]);
    memcpy((void *)page, keep, PAGE_SIZE);
    heap_free_pages(keep, 1);
}

void smp_release(void)
{
    __atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
}

void start_ap(void)
{
    load_cr3(idle_l4_maddr);
    cpu_setup();
    lapic_init_cpu();
    clock_check_cpu();
    timer_init_cpu();
    domain_init_idle(current_cpu());
    __atomic_store_n(&cpus_online, current_cpu() + 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        __asm__ volatile("pause");
    load_cr3(idle_l4_maddr); /* the identity map is gone now */
    this_cpu()->need_resched = 1;
    start_guests();
}
