/* SPDX-License-Identifier: MIT */
/* The hypervisor's global tables: made once at boot, on the loader's identity map. */
#include "hv.h"
#include "mm/paging.h"
#include "mm/layout.h"
#include "mm/heap.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/pte.h"
#include "boot/bootinfo.h"
#include "domain/lifecycle.h"

extern char _image_start[], _text_end[], _rodata_end[], _image_end[], boot_stack[];

#define HV_RW (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX | PTE_G)
#define HV_RO (PTE_P | PTE_A | PTE_NX | PTE_G)
#define HV_RX (PTE_P | PTE_A | PTE_G)
#define HV_IO (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX | PTE_PCD | PTE_PWT)
#define TABLE (PTE_P | PTE_W | PTE_A | PTE_D)

struct frame *frame_table;
mfn_t frame_count;
uint64_t *m2p;
uint64_t *idle_l4;
maddr_t idle_l4_maddr;
uint64_t max_maddr, total_ram, pool_bytes;

maddr_t m2p_maddr;
static maddr_t pool_start, pool_next, pool_end;
static uint64_t *percpu_l1[16]; /* heap addresses of slot 261's first tables, by 2 MiB */
static uint64_t mmio_next = MMIO_BASE;

maddr_t early_alloc(size_t pages)
{
    maddr_t p = pool_next;

    pool_next += pages * PAGE_SIZE;
    if (pool_next > pool_end) panic("hypervisor memory pool of %lu KiB is too small", pool_bytes >> 10);
    memset((void *)p, 0, pages * PAGE_SIZE);
    return p;
}

/* Boot: tables are reached by the identity map. */
static uint64_t *next_table(uint64_t *entry)
{
    if (!(*entry & PTE_P)) *entry = early_alloc(1) | TABLE;
    return (uint64_t *)(*entry & PTE_ADDR);
}

static uint64_t *early_pte(uint64_t va, int level)
{
    uint64_t *t = (uint64_t *)idle_l4_maddr;

    for (int l = 4; l > level; l--)
        t = next_table(&t[(va >> (12 + 9 * (l - 1))) & 511]);
    return &t[(va >> (12 + 9 * (level - 1))) & 511];
}

static void map_range(uint64_t va, maddr_t pa, uint64_t size, uint64_t flags)
{
    while (size) {
        bool large = !((va | pa) & (CHUNK_SIZE - 1)) && size >= CHUNK_SIZE;
        *early_pte(va, large ? 2 : 1) = pa | flags | (large ? PTE_PSE : 0);
        uint64_t step = large ? CHUNK_SIZE : PAGE_SIZE;
        va += step;
        pa += step;
        size -= MIN(size, step);
    }
}

static bool overlaps(maddr_t a, maddr_t a_end, maddr_t b, maddr_t b_end)
{
    return a < b_end && b < a_end;
}

/* Is [start, end) free of the image, the modules and the first MiB? */
static bool boot_free(maddr_t start, maddr_t end)
{
    if (start < 0x100000 || overlaps(start, end, (maddr_t)_image_start - IMAGE_BASE, (maddr_t)_image_end - IMAGE_BASE))
        return false;
    for (unsigned int i = 0; i < boot_info.modules; i++)
        if (overlaps(start, end, boot_info.module[i].start, boot_info.module[i].end)) return false;
    return true;
}

static bool is_ram(maddr_t start, maddr_t end)
{
    bool covered = false;

    for (unsigned int i = 0; i < boot_info.rams; i++) {
        const struct boot_ram *r = &boot_info.ram[i];
        if (r->type == 1 && start >= r->base && end <= r->base + r->size)
            covered = true;
        else if (r->type != 1 && overlaps(start, end, r->base, r->base + r->size))
            return false;
    }
    return covered;
}

static void find_memory(void)
{
    for (unsigned int i = 0; i < boot_info.rams; i++) {
        const struct boot_ram *r = &boot_info.ram[i];
        if (r->type != 1) continue;
        total_ram += r->size;
        max_maddr = MAX(max_maddr, r->base + r->size);
    }
    if (max_maddr > 1ul << 40) panic("memory above 1 TiB is not supported");
    frame_count = ROUND_UP(max_maddr, CHUNK_SIZE) >> PAGE_SHIFT;
}

/* The pool: contiguous, below 4 GiB, as high as there is a place. Frame table (24 bytes a frame), machine-to-physical
 * table (8), chunk table, and a heap of 6 MiB + 0.2 % of RAM. */
static void choose_pool(void)
{
    uint64_t size =
        ROUND_UP(frame_count * sizeof(struct frame), CHUNK_SIZE) + ROUND_UP(frame_count * 8, CHUNK_SIZE) +
        ROUND_UP(ROUND_UP(frame_count * 32 / CHUNK_FRAMES, PAGE_SIZE) + (6ul << 20) + total_ram / 512, CHUNK_SIZE);
    maddr_t top = MIN(max_maddr, 1ul << 32);

    for (maddr_t start = ROUND_DOWN(top - size, CHUNK_SIZE); start >= CHUNK_SIZE && start < top; start -= CHUNK_SIZE)
        if (is_ram(start, start + size) && boot_free(start, start + size)) {
            pool_start = pool_next = start;
            pool_end = start + size;
            pool_bytes = size;
            return;
        }
    panic("no %lu KiB of contiguous memory below 4 GiB for the hypervisor", size >> 10);
}

static void map_image(void)
{
    uint64_t start = (uint64_t)_image_start, text = (uint64_t)_text_end, ro = (uint64_t)_rodata_end;

    map_range(start, start - IMAGE_BASE, text - start, HV_RX);
    map_range(text, text - IMAGE_BASE, ro - text, HV_RO);
    map_range(ro, ro - IMAGE_BASE, (uint64_t)_image_end - ro, HV_RW);
    for (unsigned int i = 0; i < STACK_BLOCK / PAGE_SIZE; i++)
        if (!is_stack_page(i)) *early_pte((uint64_t)boot_stack + i * PAGE_SIZE, 1) = 0;
}

static void map_tables(void)
{
    size_t frames = ROUND_UP(frame_count * sizeof(struct frame), CHUNK_SIZE);
    size_t m2p_size = ROUND_UP(frame_count * 8, CHUNK_SIZE);
    maddr_t at = ROUND_UP(pool_next, CHUNK_SIZE);

    m2p_maddr = at + frames;
    pool_next = at + frames + m2p_size;
    memset((void *)at, 0, frames);
    memset((void *)(at + frames), 0xff, m2p_size);
    map_range(FRAMETABLE_BASE, at, frames, HV_RW);
    map_range(M2P_BASE, at + frames, m2p_size, HV_RW);
    map_range(HEAP_BASE + pool_start, pool_start, pool_end - pool_start, HV_RW);
    frame_table = (struct frame *)FRAMETABLE_BASE;
    m2p = (uint64_t *)M2P_BASE;
}

void paging_init(void)
{
    find_memory();
    choose_pool();
    idle_l4_maddr = early_alloc(1);
    idle_l4 = (uint64_t *)(HEAP_BASE + idle_l4_maddr);
    map_tables();
    map_image();
    for (unsigned int i = 0; i < 16; i++) /* windows, descriptors, stubs */
        percpu_l1[i] = (uint64_t *)(HEAP_BASE + (uint64_t)early_pte(PERCPU_BASE + i * CHUNK_SIZE, 1));
    uint64_t *l4 = (uint64_t *)idle_l4_maddr;
    for (uint64_t a = 0; a < max_maddr || a < (1ul << 32); a += CHUNK_SIZE)
        *early_pte(a, 2) = a | TABLE | PTE_PSE;
    l4[HV_SLOT_FIRST] = 0;
    next_table(&l4[261]);
    *early_pte(MMIO_BASE, 1) = 0;
    size_t chunk_bytes = ROUND_UP(frame_count / CHUNK_FRAMES * sizeof(struct chunk), PAGE_SIZE);
    chunk_info = (struct chunk *)(HEAP_BASE + early_alloc(chunk_bytes / PAGE_SIZE));
    chunk_count = (uint32_t)(frame_count / CHUNK_FRAMES);
    load_cr3(idle_l4_maddr);
    for (uint32_t c = 0; c < chunk_count; c++)
        chunk_info[c] = (struct chunk){.next = CHUNK_NONE, .owner = DOMID_HV};
    for (mfn_t m = 0; m < frame_count; m++)
        frame_table[m] = (struct frame){.owner = DOMID_HV, .flags = FF_MMIO, .next = FRAME_NONE};
    for (unsigned int i = 0; i < boot_info.rams; i++)
        if (boot_info.ram[i].type == 1)
            for (mfn_t m = boot_info.ram[i].base >> PAGE_SHIFT;
                 m < (boot_info.ram[i].base + boot_info.ram[i].size) >> PAGE_SHIFT; m++)
                frame_table[m].flags = 0;
    heap_init(pool_next, (pool_end - pool_next) / PAGE_SIZE);
    for (uint32_t c = 0; c < chunk_count; c++) {
        maddr_t a = (maddr_t)c * CHUNK_SIZE;
        if (is_ram(a, a + CHUNK_SIZE) && boot_free(a, a + CHUNK_SIZE) &&
            !overlaps(a, a + CHUNK_SIZE, pool_start, pool_end))
            chunk_release(c);
    }
    pool_bytes += (uint64_t)(_image_end - _image_start);
}

/* The modules' memory is free now, unless they are to be built again; the identity map goes. */
void paging_end_boot(void)
{
    unsigned int modules = restart_keeps_modules() ? 0 : boot_info.modules;

    if (modules) boot_info.modules = 0;
    for (uint32_t c = 0; modules && c < chunk_count; c++) {
        maddr_t a = (maddr_t)c * CHUNK_SIZE;
        if (chunk_info[c].owner == DOMID_HV && is_ram(a, a + CHUNK_SIZE) && boot_free(a, a + CHUNK_SIZE) &&
            !overlaps(a, a + CHUNK_SIZE, pool_start, pool_end))
            chunk_release(c);
    }
    idle_l4[0] = 0;
    load_cr3(idle_l4_maddr);
}

void load_cr3(maddr_t l4)
{
    this_cpu()->cr3 = l4;
    __asm__ volatile("mov %0, %%cr3" : : "r"(l4) : "memory");
}

uint64_t *percpu_pte(uint64_t va)
{
    uint64_t at = va - PERCPU_BASE;

    return &percpu_l1[at >> CHUNK_SHIFT][(at >> PAGE_SHIFT) & 511];
}

void *map_mmio(maddr_t base, size_t size)
{
    uint64_t va = mmio_next + (base & ~PAGE_MASK);
    maddr_t end = ROUND_UP(base + size, PAGE_SIZE);

    ASSERT(idle_l4[0]); /* boot only */
    for (maddr_t a = base & PAGE_MASK; a < end; a += PAGE_SIZE, mmio_next += PAGE_SIZE)
        *early_pte(mmio_next, 1) = a | HV_IO;
    return (void *)va;
}
