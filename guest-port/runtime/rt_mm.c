/* SPDX-License-Identifier: MIT */
#include "rt.h"

/* Pages kept back so that extending the linear map always finds pages for tables. */
#define GROW_RESERVE 8u
#define GROW_BATCH   64u

extern char rt_base[]; /* from the linker: the virtual address of pfn 0 */

static struct free_page {
    struct free_page *next;
} * free_list;
static unsigned long free_count, next_pfn, top_pfn;
static uint64_t *p2m, *m2p;
static uint64_t m2p_entries;
static struct rt_lock mm_lock;

static uint64_t base(void)
{
    return (uint64_t)rt_base;
}

unsigned long rt_mm_pages(void)
{
    return rt_start_info->nr_pages;
}

uint64_t rt_mm_mfn(unsigned long pfn)
{
    return pfn < rt_mm_pages() ? p2m[pfn] : RT_MFN_INVALID;
}

void rt_mm_set_mfn(unsigned long pfn, uint64_t mfn)
{
    p2m[pfn] = mfn;
}

unsigned long rt_mm_m2p(uint64_t mfn)
{
    return mfn < m2p_entries ? RT_READ_ONCE(m2p[mfn]) : RT_MFN_INVALID;
}

void *rt_mm_va(unsigned long pfn)
{
    return (void *)(base() + (pfn << 12));
}

unsigned long rt_mm_pfn(const void *va)
{
    return ((uint64_t)va - base()) >> 12;
}

uint64_t rt_mm_va_mfn(const void *va)
{
    return rt_mm_mfn(rt_mm_pfn(va));
}

uint64_t *rt_mm_l4(void)
{
    return (uint64_t *)rt_start_info->pt_base;
}

/* --- Tables -------------------------------------------------------------------------------- */

static unsigned index_of(uint64_t va, unsigned level)
{
    return va >> (12 + 9 * (level - 1)) & 511;
}

uint64_t *rt_mm_entry(uint64_t va, unsigned level)
{
    uint64_t *table = rt_mm_l4();

    for (unsigned l = 4; l > level; l--) {
        uint64_t entry = RT_READ_ONCE(table[index_of(va, l)]);

        if (!(entry & RT_P)) return NULL;
        table = rt_mm_va(rt_mm_m2p(rt_pte_mfn(entry)));
    }
    return &table[index_of(va, level)];
}

uint64_t rt_mm_entry_ma(uint64_t va, unsigned level)
{
    const uint64_t *entry = rt_mm_entry(va, level);

    return entry ? (rt_mm_va_mfn(entry) << 12 | ((uint64_t)entry & 0xfff)) : 0;
}

long rt_mm_write(uint64_t ma, uint64_t entry)
{
    struct mmu_update req = {.ptr = ma | MMU_NORMAL_PT_UPDATE, .val = entry};

    return rt_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static void *page_take(void);

static long make_table(uint64_t va, unsigned level)
{
    void *page = page_take();
    long ret;

    if (!page) return -XEN_ENOMEM;
    memset(page, 0, RT_PAGE_SIZE);
    ret = rt_mm_protect(page, RT_RO);
    return ret ? ret : rt_mm_write(rt_mm_entry_ma(va, level + 1), rt_mm_va_mfn(page) << 12 | RT_TABLE);
}

static long make_tables(uint64_t va)
{
    long ret = 0;

    for (unsigned level = 3; level >= 1 && !ret; level--)
        if (!(RT_READ_ONCE(*rt_mm_entry(va, level + 1)) & RT_P)) ret = make_table(va, level);
    return ret;
}

long rt_mm_map(uint64_t va, uint64_t entry)
{
    long ret;

    rt_lock(&mm_lock);
    ret = make_tables(va);
    rt_unlock(&mm_lock);
    return ret ? ret : rt_update_va_mapping(va, entry, UVMF_INVLPG | UVMF_ALL);
}

long rt_mm_unmap(uint64_t va)
{
    return rt_update_va_mapping(va, 0, UVMF_INVLPG | UVMF_ALL);
}

long rt_mm_protect(const void *page, uint64_t flags)
{
    uint64_t entry = flags ? rt_mm_va_mfn(page) << 12 | flags : 0;

    return rt_update_va_mapping((uint64_t)page, entry, UVMF_INVLPG | UVMF_ALL);
}

/* --- Free pages ---------------------------------------------------------------------------- */

/* Pages that the hypervisor filled and that may lie above the boot stack: the ramdisk, the p2m list. */
static bool is_boot_data(unsigned long pfn)
{
    const struct start_info *s = rt_start_info;
    unsigned long mod = s->flags & SIF_MOD_START_PFN ? s->mod_start : rt_mm_pfn((void *)s->mod_start);

    if (s->mod_len && pfn >= mod && pfn <= mod + ((s->mod_len - 1) >> 12)) return true;
    return s->first_p2m_pfn && pfn >= s->first_p2m_pfn && pfn < s->first_p2m_pfn + s->nr_p2m_frames;
}

static void page_put(void *page)
{
    struct free_page *p = page;

    p->next = free_list;
    free_list = p;
    free_count++;
}

static void *page_take(void)
{
    struct free_page *p = free_list;

    if (p) {
        free_list = p->next;
        free_count--;
    }
    return p;
}

static unsigned long next_free_pfn(void)
{
    while (next_pfn < top_pfn && (is_boot_data(next_pfn) || p2m[next_pfn] >> 52))
        next_pfn++;
    return next_pfn < top_pfn ? next_pfn++ : 0;
}

/* Extends the linear map by a batch of pages. */
static void grow(void)
{
    struct mmu_update req[GROW_BATCH];
    void *page[GROW_BATCH];
    unsigned n = 0;

    for (; n < GROW_BATCH; n++) {
        unsigned long pfn = next_free_pfn();

        if (!pfn) break;
        page[n] = rt_mm_va(pfn);
        if (make_tables((uint64_t)page[n])) break;
        req[n].ptr = rt_mm_entry_ma((uint64_t)page[n], 1) | MMU_NORMAL_PT_UPDATE;
        req[n].val = p2m[pfn] << 12 | RT_RW;
    }
    if (n && rt_mmu_update(req, n, NULL, DOMID_SELF) == 0)
        while (n-- > 0)
            page_put(page[n]);
}

void *rt_page_alloc(void)
{
    void *page;

    rt_lock(&mm_lock);
    if (free_count <= GROW_RESERVE) grow();
    page = free_count > GROW_RESERVE ? page_take() : NULL;
    rt_unlock(&mm_lock);
    return page ? memset(page, 0, RT_PAGE_SIZE) : NULL;
}

void rt_page_free(void *page)
{
    rt_lock(&mm_lock);
    page_put(page);
    rt_unlock(&mm_lock);
}

unsigned long rt_mm_take_unmapped(void)
{
    unsigned long pfn = 0;

    rt_lock(&mm_lock);
    while (top_pfn > next_pfn && !pfn) {
        top_pfn--;
        if (!is_boot_data(top_pfn) && !(p2m[top_pfn] >> 52)) pfn = top_pfn;
    }
    rt_unlock(&mm_lock);
    return pfn;
}

/* After the page tables comes the boot stack, one page; what is mapped after it is free. */
void rt_mm_init(void)
{
    struct xen_machphys_mapping map;
    const uint64_t *entry;

    p2m = (uint64_t *)rt_start_info->mfn_list;
    if (rt_memory_op(XENMEM_machphys_mapping, &map))
        map = (struct xen_machphys_mapping){.v_start = MACH2PHYS_VIRT_START, .max_mfn = MACH2PHYS_NR_ENTRIES - 1};
    m2p = (uint64_t *)map.v_start;
    m2p_entries = map.max_mfn + 1;
    top_pfn = rt_mm_pages();
    next_pfn = rt_mm_pfn(rt_mm_l4()) + rt_start_info->nr_pt_frames + 1;
    for (; next_pfn < top_pfn; next_pfn++) {
        entry = rt_mm_entry((uint64_t)rt_mm_va(next_pfn), 1);
        if (!entry || !(*entry & RT_P)) break;
        if (!is_boot_data(next_pfn)) page_put(rt_mm_va(next_pfn));
    }
}

/* --- Single operations --------------------------------------------------------------------- */

long rt_mm_ext(unsigned cmd, uint64_t mfn_or_va, uint64_t arg2)
{
    struct mmuext_op op = {.cmd = cmd};

    op.arg1.mfn = mfn_or_va;
    op.arg2.nr_ents = (unsigned)arg2;
    return rt_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long rt_mm_pin(unsigned level, uint64_t mfn)
{
    return rt_mm_ext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0);
}

long rt_mm_unpin(uint64_t mfn)
{
    return rt_mm_ext(MMUEXT_UNPIN_TABLE, mfn, 0);
}

bool rt_mm_can_read(const void *va)
{
    struct rt_fault f;

    RT_CATCH(&f, (void)*(const volatile char *)va);
    return f.vector < 0;
}

/* Writes back what is there, so the contents stay. */
bool rt_mm_can_write(void *va)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("lock orb $0, %0" : "+m"(*(volatile char *)va)));
    return f.vector < 0;
}
