/* SPDX-License-Identifier: MIT */
/* Intel SDM volume 3, 3.4.5 (segment descriptors), 8.7 (TSS), 6.10 (IDT). The GDT of a CPU: 14 pages of the running
 * guest's frames, then the page with the ABI's reserved entries. */
#include "hypercall/handler.h"
#include "cpu/desc.h"
#include "cpu/io.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/frame.h"
#include "mm/pte.h"
#include "mm/walk.h"
#include "mm/mmuext.h"

#define DESC_P      (1ul << 47)
#define DESC_S      (1ul << 44)
#define DESC_DPL3   (3ul << 45)
#define DESC_A      (1ul << 40)
#define GUEST_PAGES 14u

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3], reserved1, ist[7], reserved2;
    uint16_t reserved3, iomap;
} __packed;

struct gate {
    uint16_t offset0, selector;
    uint8_t ist, type;
    uint16_t offset1;
    uint32_t offset2, reserved;
};
struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __packed;

extern const uint64_t trap_stubs[256];
extern const char syscall_stub[], syscall_stub_end[];
void syscall_entry(void);
void syscall32_entry(void);

static struct gate idt[256] __aligned(4096);
static void *zero_page, *stub_page;

static void set_gate(unsigned int n, unsigned int ist, unsigned int dpl)
{
    uint64_t a = trap_stubs[n];

    idt[n] = (struct gate){.offset0 = (uint16_t)a,
                           .selector = SEL_HV_CS,
                           .ist = (uint8_t)ist,
                           .type = (uint8_t)(0x8e | dpl << 5),
                           .offset1 = (uint16_t)(a >> 16),
                           .offset2 = (uint32_t)(a >> 32)};
}

static void make_idt(void)
{
    for (unsigned int i = 0; i < 256; i++)
        set_gate(i, 0, i == 3 || i == 4 || i == 0x80 ? 3 : 0);
    set_gate(8, 1, 0);
    set_gate(2, 2, 0);
    set_gate(18, 3, 0);
    set_gate(1, 4, 0);
}

static void map_desc(uint64_t va, maddr_t pa, uint64_t flags)
{
    *percpu_pte(va) = pa | PTE_P | PTE_A | PTE_D | flags;
}

static void make_gdt(struct cpu_info *c, struct tss *tss)
{
    uint64_t *gdt = heap_alloc_pages(1), base = (uint64_t)tss;

    ASSERT(gdt);
    gdt[1] = 0x00af9b000000ffff; /* 0xe008 hypervisor code */
    gdt[2] = 0x00cf93000000ffff; /* 0xe010 hypervisor data */
    gdt[4] = 0x00cffb000000ffff; /* 0xe023 guest 32-bit code */
    gdt[5] = 0x00cff3000000ffff; /* 0xe02b guest data */
    gdt[6] = 0x00affb000000ffff; /* 0xe033 guest 64-bit code */
    gdt[8] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[9] = base >> 32;
    for (unsigned int i = 0; i < 16; i++) {
        map_desc(GDT_VA(c->cpu) + i * PAGE_SIZE, (maddr_t)heap_mfn(i == 14 ? gdt : zero_page) << PAGE_SHIFT,
                 PTE_NX | (i == 14 ? PTE_W : 0));
        map_desc(LDT_VA(c->cpu) + i * PAGE_SIZE, (maddr_t)heap_mfn(zero_page) << PAGE_SHIFT, PTE_NX);
    }
    c->gdt = gdt;
}

static void make_stub(struct cpu_info *c)
{
    uint64_t va = STUB_BASE + c->cpu * 2 * PAGE_SIZE, *data = heap_alloc_pages(1);

    ASSERT(data && syscall_stub_end - syscall_stub < 4096);
    data[1] = (uint64_t)(&c->guest + 1);
    data[2] = (uint64_t)syscall_entry;
    map_desc(va, (maddr_t)heap_mfn(stub_page) << PAGE_SHIFT, 0);
    map_desc(va + PAGE_SIZE, (maddr_t)heap_mfn(data) << PAGE_SHIFT, PTE_W | PTE_NX);
    wrmsr(0xc0000081, (uint64_t)(FLAT_RING3_CS32) << 48 | (uint64_t)SEL_HV_CS << 32); /* STAR */
    wrmsr(0xc0000082, va);                                                            /* LSTAR */
    wrmsr(0xc0000083, (uint64_t)syscall32_entry);                                     /* CSTAR */
    wrmsr(0xc0000084, 0x7fffd7ul & ~0x2ul);                                           /* FMASK: all but bit 1 */
}

void desc_init_cpu(void)
{
    struct cpu_info *c = this_cpu();
    uint64_t block = (uint64_t)c & ~(STACK_BLOCK - 1);
    struct tss *tss = heap_alloc(sizeof(*tss));

    ASSERT(tss);
    if (!zero_page) {
        zero_page = heap_alloc_pages(1);
        stub_page = heap_alloc_pages(1);
        ASSERT(zero_page && stub_page);
        memcpy(stub_page, syscall_stub, (size_t)(syscall_stub_end - syscall_stub));
        make_idt();
    }
    tss->rsp[0] = (uint64_t)(&c->guest + 1);
    for (unsigned int i = 0; i < 4; i++)
        tss->ist[i] = block + (2 * i + 2) * PAGE_SIZE;
    tss->iomap = sizeof(*tss);
    c->tss = tss;
    make_gdt(c, tss);
    struct table_pointer gdtr = {0xefff, GDT_VA(c->cpu)}, idtr = {sizeof(idt) - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0; lidt %1; mov %w2, %%ss; pushq %3; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: ltr %w4"
                     :
                     : "m"(gdtr), "m"(idtr), "r"(SEL_HV_DS), "i"(SEL_HV_CS), "r"(SEL_TSS)
                     : "rax", "memory");
    make_stub(c);
}

static void load_ldt(struct cpu_info *c, unsigned int entries)
{
    uint64_t *gdt = c->gdt, base = LDT_VA(c->cpu);

    gdt[10] = (entries * 8 - 1) | (base & 0xffffff) << 16 | 0x82ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[11] = base >> 32;
    __asm__ volatile("lldt %w0" : : "r"(entries ? 0xe050 : 0));
}

static void map_guest_pages(uint64_t va, const uint64_t *frames, unsigned int max)
{
    maddr_t zero = (maddr_t)heap_mfn(zero_page) << PAGE_SHIFT;

    for (unsigned int i = 0; i < max; i++, va += PAGE_SIZE) {
        uint64_t e = frames[i] ? frames[i] << PAGE_SHIFT | PTE_W : zero, *pte = percpu_pte(va);
        e |= PTE_P | PTE_A | PTE_D | PTE_NX;
        if (*pte == e) continue;
        *pte = e;
        invlpg(va);
    }
}

void desc_load_vcpu(struct vcpu *v)
{
    struct cpu_info *c = this_cpu();

    map_guest_pages(GDT_VA(c->cpu), v->gdt_frames, GUEST_PAGES);
    map_guest_pages(LDT_VA(c->cpu), v->ldt_frames, 16);
    load_ldt(c, (unsigned int)v->ldt_entries);
}

int desc_check(uint64_t *descriptor)
{
    uint64_t e = *descriptor;

    if (!(e & DESC_P)) return 0;
    if (!(e & DESC_S)) return -XEN_EINVAL;
    *descriptor = e | DESC_DPL3 | DESC_A;
    return 0;
}

/* A reference to a frame as descriptor table, its entries checked when it becomes one. clear_bad: gates and system
 * segments become not-present instead of making the frame unfit (an LDT page may hold anything behind its limit). */
static int get_desc(struct domain *d, mfn_t mfn, bool clear_bad)
{
    int rc = frame_get_type(d, mfn, FT_DESC);

    if (rc) return rc;
    struct frame *f = frame_of(mfn);
    if (!(f->flags & FF_ALLOC)) rc = -XEN_EINVAL;
    uint64_t *e = own_frame(mfn);
    for (unsigned int i = 0; f->typeref == 1 && !rc && i < 512; i++) {
        rc = desc_check(&e[i]);
        if (rc && clear_bad) {
            e[i] &= ~DESC_P;
            rc = 0;
        }
    }
    if (rc) frame_put_type(d, mfn);
    return rc;
}

static void put_all(struct domain *d, uint64_t *frames, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        if (frames[i]) frame_put_type(d, frames[i]);
        frames[i] = 0;
    }
}

static int replace(struct vcpu *v, uint64_t *held, unsigned int held_max, const uint64_t *frames, unsigned int n,
                   bool clear_bad)
{
    for (unsigned int i = 0; i < n; i++) {
        int rc = get_desc(v->domain, frames[i], clear_bad);
        if (rc) {
            while (i--)
                frame_put_type(v->domain, frames[i]);
            return rc;
        }
    }
    put_all(v->domain, held, held_max);
    memcpy(held, frames, n * sizeof(*held));
    return 0;
}

int desc_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries)
{
    unsigned int pages = (entries + 511) / 512;

    if (entries > GUEST_PAGES * 512) return -XEN_EINVAL;
    int rc = replace(v, v->gdt_frames, GUEST_PAGES, frames, pages, false);
    if (rc) return rc;
    v->gdt_entries = entries;
    if (v == current) desc_load_vcpu(v);
    return 0;
}

int desc_set_ldt(struct vcpu *v, gva_t base, unsigned int entries)
{
    uint64_t frames[16] = {0};
    unsigned int pages = (entries + 511) / 512;

    if (entries > 8192 || (base & ~PAGE_MASK)) return -XEN_EINVAL;
    for (unsigned int i = 0; i < pages; i++) {
        mfn_t table;
        unsigned int index;
        int rc = walk_l1(v, base + i * PAGE_SIZE, &table, &index);
        if (rc) return rc;
        uint64_t e = ((uint64_t *)own_frame(table))[index];
        if (!(e & PTE_P)) return -XEN_EINVAL;
        frames[i] = (e & PTE_ADDR) >> PAGE_SHIFT;
    }
    int rc = replace(v, v->ldt_frames, 16, frames, pages, true);
    if (rc) return rc;
    v->ldt_base = base;
    v->ldt_entries = entries;
    if (v == current) desc_load_vcpu(v);
    return 0;
}

long do_set_gdt(uint64_t frame_list, uint64_t entries, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    uint64_t frames[GUEST_PAGES] = {0};

    if (entries > GUEST_PAGES * 512) return -XEN_EINVAL;
    if (copy_from_guest(frames, frame_list, (entries + 511) / 512 * 8)) return -XEN_EFAULT;
    spin_lock(&d->mm.lock);
    int rc = desc_set_gdt(v, frames, (unsigned int)entries);
    spin_unlock(&d->mm.lock);
    return mm_guest_error(rc);
}

long do_update_descriptor(uint64_t maddr, uint64_t descriptor, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct domain *d = current->domain;
    mfn_t mfn = maddr >> PAGE_SHIFT;
    int rc;

    if ((maddr & 7) || desc_check(&descriptor)) return -XEN_EINVAL;
    spin_lock(&d->mm.lock);
    if (mfn_valid(mfn) && frame_of(mfn)->owner == d->domid && frame_of(mfn)->type == FT_DESC)
        rc = frame_get_type(d, mfn, FT_DESC);
    else
        rc = frame_get_type(d, mfn, FT_WRITABLE);
    if (!rc) {
        if (frame_of(mfn)->flags & FF_ALLOC)
            WRITE_ONCE(((uint64_t *)own_frame(mfn))[(maddr & ~PAGE_MASK) / 8], descriptor);
        else
            rc = -XEN_EINVAL;
        frame_put_type(d, mfn);
    }
    spin_unlock(&d->mm.lock);
    return mm_guest_error(rc);
}
