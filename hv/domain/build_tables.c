/* SPDX-License-Identifier: MIT */
/* A new domain's page tables, frame list and start_info. Its address space is loaded; nothing of it runs yet. The
 * tables pass the same validation as a guest's own. */
#include "hv.h"
#include "domain/build.h"
#include "domain/context.h"
#include "domain/lifecycle.h"
#include "mm/table.h"
#include "mm/pte.h"
#include "cpu/fpu.h"
#include "grant/grant.h"
#include <xen/grant_table.h>

#define LEAF  (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define TABLE (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

#define STEP_PAGES 1024u

static uint64_t *page(struct domain_build *b, uint64_t pfn)
{
    return own_frame(build_mfn(b, pfn));
}

static bool is_table(const struct domain_build *b, uint64_t pfn)
{
    const struct build_layout *l = &b->at;

    return (pfn >= l->tables && pfn < l->tables + l->nr_tables) ||
           (l->p2m_tables && pfn >= l->p2m_tables && pfn < l->p2m + l->p2m_frames);
}

static void map(struct domain_build *b, uint64_t tables_end, uint64_t va, uint64_t pfn)
{
    uint64_t *t = page(b, b->at.tables);

    for (int level = 4; level > 1; level--) {
        uint64_t *e = &t[(va >> (12 + 9 * (level - 1))) & 511];
        if (!*e) {
            ASSERT(b->next_table < tables_end);
            *e = build_mfn(b, b->next_table++) << PAGE_SHIFT | TABLE;
        }
        t = own_frame((*e & PTE_ADDR) >> PAGE_SHIFT);
    }
    t[(va >> PAGE_SHIFT) & 511] = build_mfn(b, pfn) << PAGE_SHIFT | (is_table(b, pfn) ? LEAF & ~PTE_W : LEAF);
}

/* Some of the pages [pfn, end) to va and on, by tables of [tables, tables_end). */
static int map_some(struct domain_build *b, uint64_t va, uint64_t pfn, uint64_t end, uint64_t tables,
                    uint64_t tables_end)
{
    if (!b->progress) b->next_table = tables;
    for (unsigned int n = 0; n < STEP_PAGES && pfn + b->progress < end; n++, b->progress++)
        map(b, tables_end, va + (b->progress << PAGE_SHIFT), pfn + b->progress);
    return pfn + b->progress < end ? -XEN_EAGAIN : 0;
}

static uint64_t va_of(const struct build_layout *l, uint64_t pfn)
{
    return l->virt_base + (pfn << PAGE_SHIFT);
}

static uint64_t p2m_va(const struct domain_build *b)
{
    return b->elf.init_p2m != ELF_UNSET ? b->elf.init_p2m : va_of(&b->at, b->at.p2m);
}

int build_tables(struct domain *d)
{
    struct build_layout *l = &d->build->at;

    return map_some(d->build, va_of(l, 0), 0, l->mapped_end, l->tables + 1, l->tables + l->nr_tables);
}

int build_p2m_tables(struct domain *d)
{
    struct build_layout *l = &d->build->at;

    return l->p2m_tables
               ? map_some(d->build, p2m_va(d->build), l->p2m, l->p2m_tables, l->p2m_tables, l->p2m + l->p2m_frames)
               : 0;
}

/* A page of the frame list is 512 entries. */
int build_p2m(struct domain *d)
{
    struct domain_build *b = d->build;

    for (unsigned int n = 0; n < STEP_PAGES && b->progress < d->mm.frames_max; n++, b->progress++)
        page(b, b->at.p2m + b->progress / 512)[b->progress % 512] = build_mfn(b, b->progress);
    return b->progress < d->mm.frames_max ? -XEN_EAGAIN : 0;
}

/* The ABI's stubs (older kernels call into this page): 32 bytes a call. */
static void fill_hypercall_page(struct domain *d)
{
    static const uint8_t call[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05};
    struct domain_build *b = d->build;

    if (b->elf.hypercall_page == ELF_UNSET) return;
    uint8_t *p = (uint8_t *)page(b, (b->elf.hypercall_page - b->elf.virt_base) >> PAGE_SHIFT);
    memset(p, 0xcc, PAGE_SIZE);
    for (unsigned int i = 0; i < PAGE_SIZE / 32; i++) {
        memcpy(p + i * 32, call, sizeof(call));
        p[i * 32 + 4] = (uint8_t)i;
    }
    memcpy(p + __HYPERVISOR_iret * 32, iret, sizeof(iret));
}

static void fill_start_info(struct domain *d)
{
    struct domain_build *b = d->build;
    struct build_layout *l = &b->at;
    struct start_info *si = (struct start_info *)page(b, l->start_info);
    uint64_t ramdisk = b->part[BH_PART_RAMDISK].size;

    memcpy(si->magic, "xen-3.0-x86_64", 15);
    si->nr_pages = d->mm.frames_max;
    si->shared_info = d->shared_info_mfn << PAGE_SHIFT;
    si->flags = (d->is_control ? SIF_PRIVILEGED | SIF_INITDOMAIN : 0) | (b->elf.mod_start_pfn ? SIF_MOD_START_PFN : 0);
    si->pt_base = va_of(l, l->tables);
    si->nr_pt_frames = l->nr_tables;
    si->mfn_list = p2m_va(b);
    si->first_p2m_pfn = l->p2m_tables ? l->p2m : 0;
    si->nr_p2m_frames = l->p2m_tables ? l->p2m_frames : 0;
    if (ramdisk) {
        si->mod_start = b->elf.mod_start_pfn ? l->ramdisk : va_of(l, l->ramdisk);
        si->mod_len = ramdisk;
    }
    memcpy(si->cmd_line, b->cmdline, MIN(b->cmdline_size, (uint64_t)MAX_GUEST_CMDLINE - 1));
    if (d->is_control) return;
    si->store_mfn = build_mfn(b, l->store);
    si->store_evtchn = d->store_port;
    si->console.domU.mfn = build_mfn(b, l->console);
    si->console.domU.evtchn = d->console_port;
    grant_preset(d, GNTTAB_RESERVED_CONSOLE, CONTROL_DOMID, build_mfn(b, l->console));
    grant_preset(d, GNTTAB_RESERVED_XENSTORE, CONTROL_DOMID, build_mfn(b, l->store));
}

static void first_vcpu(struct domain *d)
{
    struct domain_build *b = d->build;
    struct vcpu *v = d->vcpu[0];
    struct vcpu_state *s = v->state;

    memset(s, 0, sizeof(*s));
    s->regs.rip = b->elf.entry;
    s->regs.rsp = va_of(&b->at, b->at.stack) + PAGE_SIZE;
    s->regs.rsi = va_of(&b->at, b->at.start_info);
    s->regs.cs = FLAT_KERNEL_CS;
    s->regs.ss = FLAT_KERNEL_SS;
    s->ds = s->es = s->fs = s->gs = FLAT_KERNEL_DS;
    s->kernel_ss = FLAT_KERNEL_SS;
    s->kernel_sp = s->regs.rsp;
    vcpu_sanitise(&s->regs);
    fpu_reset(v);
    v->guest_kernel = 1;
    v->info->evtchn_upcall_mask = 1;
}

int build_validate(struct domain *d, const char **error)
{
    struct domain_build *b = d->build;
    struct allowance a = {ALLOWANCE_TABLES};
    mfn_t l4 = build_mfn(b, b->at.tables);

    if (!b->progress++) {
        fill_hypercall_page(d);
        fill_start_info(d);
    }
    spin_lock(&d->mm.lock);
    int rc = table_get(d, l4, 4, &a);
    if (!rc) {
        frame_of(l4)->flags |= FF_PINNED;
        rc = table_get(d, l4, 4, &a);
    }
    spin_unlock(&d->mm.lock);
    if (rc) {
        *error = "the first page tables do not validate";
        return rc;
    }
    d->vcpu[0]->kernel_l4 = l4;
    first_vcpu(d);
    d->vcpu[0]->initialised = 1;
    return 0;
}
