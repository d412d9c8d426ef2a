/* SPDX-License-Identifier: MIT */
/* A CPU's features, and its block of stacks. */
#include "hv.h"
#include "cpu/setup.h"
#include "cpu/desc.h"
#include "cpu/fpu.h"
#include "cpu/io.h"
#include "cpu/lapic.h"
#include "mm/paging.h"
#include "mm/entry.h"

#define CR4_PGE     (1ul << 7)
#define CR4_OSFXSR  (1ul << 9)
#define CR4_OSXMM   (1ul << 10)
#define CR4_UMIP    (1ul << 11)
#define CR4_OSXSAVE (1ul << 18)
#define CR4_SMEP    (1ul << 20)
#define CR4_SMAP    (1ul << 21)
#define CR4_PAE     (1ul << 5)

BUILD_ASSERT(sizeof(struct cpu_info) % 16 == 8);

unsigned int cpus_online;
struct cpu_info *cpu_infos[CPUS_MAX];
bool cpus_stopping;

bool cpu_has_smap(void)
{
    uint32_t a, b, c, d;

    cpuid(0, 0, &a, &b, &c, &d);
    if (a < 7) return false;
    cpuid(7, 0, &a, &b, &c, &d);
    return b & (1u << 20);
}

void cpu_setup(void)
{
    uint32_t a, b, c, d, max;
    uint64_t cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMM;

    cpuid(0, 0, &max, &b, &c, &d);
    cpuid(1, 0, &a, &b, &c, &d);
    if (c & (1u << 26)) cr4 |= CR4_OSXSAVE;
    if (max >= 7) {
        cpuid(7, 0, &a, &b, &c, &d);
        cr4 |= (b & (1u << 7) ? CR4_SMEP : 0) | (b & (1u << 20) ? CR4_SMAP : 0) | (c & (1u << 2) ? CR4_UMIP : 0);
    }
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    cpuid(0x80000008, 0, &a, &b, &c, &d);
    entry_address_limit = 1ul << MIN(a & 0xff, 52u);
    fpu_init_cpu();
    desc_init_cpu();
}

struct cpu_info *cpu_block_init(void *block, unsigned int cpu)
{
    struct cpu_info *c = (struct cpu_info *)((char *)block + STACK_BLOCK - sizeof(*c));

    memset(c, 0, sizeof(*c));
    c->cpu = cpu;
    cpu_infos[cpu] = c;
    return c;
}

void cpu_kick(unsigned int cpu)
{
    if (cpu != current_cpu()) lapic_ipi(cpu_infos[cpu]->apic_id, VECTOR_KICK);
}

/* Of two that want to stop each other, one goes on. */
void cpus_stop(void)
{
    static uint32_t by;
    uint32_t nobody = 0;

    if (!__atomic_compare_exchange_n(&by, &nobody, current_cpu() + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
        nobody != current_cpu() + 1)
        for (;;)
            __asm__ volatile("cli; hlt");
    cpus_stopping = true;
    for (unsigned int i = 0; i < cpus_online; i++)
        if (i != current_cpu())
            lapic_ipi(cpu_infos[i]->apic_id, 4u << 8); /* NMI: reaches a CPU with interrupts off, see ist_from_hv */
}
