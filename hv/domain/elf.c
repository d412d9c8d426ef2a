/* SPDX-License-Identifier: MIT */
#include "domain/elf.h"
#include <xen/elfnote.h>
#include "lib.h"
#include "mm/layout.h"

#define PT_LOAD          1u
#define PT_NOTE          4u
#define EM_X86_64        62u
#define NOTES_MAX        65536ul
#define ADDRESS_SPAN_MAX (1ul << 30)

struct ehdr {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
struct nhdr {
    uint32_t namesz, descsz, type;
};
struct notes {
    uint64_t paddr_offset;
    bool has_paddr_offset, has_virt_base;
};

static uint64_t note_value(const uint8_t *desc, uint32_t size)
{
    uint64_t v = 0;

    memcpy(&v, desc, MIN(size, 8u));
    return v;
}

static int take_note(struct elf_image *out, struct notes *n, uint32_t type, const uint8_t *desc, uint32_t size,
                     const char **error)
{
    uint64_t v = size == 4 || size == 8 ? note_value(desc, size) : 0;

    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        out->entry = v;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        out->virt_base = v;
        n->has_virt_base = true;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        n->paddr_offset = v;
        n->has_paddr_offset = true;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        out->hypercall_page = v;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        out->init_p2m = v;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        out->mod_start_pfn = v & 1;
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        if (size < 7 || memcmp(desc, "xen-3.0", 7)) {
            *error = "the kernel's XEN_VERSION note is not xen-3.0";
            return -XEN_EINVAL;
        }
        break;
    default:
        break;
    }
    return 0;
}

static int read_notes(struct elf_image *out, struct notes *n, const struct phdr *p, elf_reader *read, void *ctx,
                      const char **error)
{
    uint64_t at = p->offset, end;

    if (p->filesz > NOTES_MAX || __builtin_add_overflow(p->offset, p->filesz, &end)) {
        *error = "a note segment of absurd size";
        return -XEN_EINVAL;
    }
    while (at + sizeof(struct nhdr) <= end) {
        struct nhdr h;
        char name[4];
        uint8_t desc[32] = {0};
        if (!read(ctx, at, &h, sizeof(h)) || h.namesz > NOTES_MAX || h.descsz > NOTES_MAX) break;
        uint64_t desc_at = at + sizeof(h) + ROUND_UP(h.namesz, 4u);
        uint64_t next = desc_at + ROUND_UP(h.descsz, 4u);
        if (next > end) break;
        if (h.namesz == 4 && read(ctx, at + sizeof(h), name, 4) && !memcmp(name, "Xen", 4)) {
            if (!read(ctx, desc_at, desc, MIN(h.descsz, 32u))) break;
            int rc = take_note(out, n, h.type, desc, h.descsz, error);
            if (rc) return rc;
        }
        at = next;
    }
    return 0;
}

static int add_segment(struct elf_image *out, const struct phdr *p, uint64_t file_size, const char **error)
{
    uint64_t end;

    if (out->segments == ELF_SEGMENTS_MAX) {
        *error = "more than 16 segments";
        return -XEN_EINVAL;
    }
    if (p->filesz > p->memsz || __builtin_add_overflow(p->offset, p->filesz, &end) || end > file_size) {
        *error = "a segment reaches beyond the end of the file (cut file?)";
        return -XEN_EINVAL;
    }
    if (p->memsz > ADDRESS_SPAN_MAX) {
        *error = "a segment of more than 1 GiB";
        return -XEN_EINVAL;
    }
    out->segment[out->segments++] = (struct elf_segment){p->offset, p->filesz, p->memsz, p->paddr};
    return 0;
}

bool elf_guest_range(uint64_t va, uint64_t bytes)
{
    uint64_t end;

    if (__builtin_add_overflow(va, bytes, &end)) return false;
    return end <= 1ul << 47 || va >= HV_VIRT_END;
}

static int place(struct elf_image *out, const struct notes *n, const char **error)
{
    uint64_t base = out->virt_base - (n->has_paddr_offset ? n->paddr_offset : 0);

    out->vstart = ~0ul;
    for (unsigned int i = 0; i < out->segments; i++) {
        struct elf_segment *s = &out->segment[i];
        uint64_t end;
        s->vaddr += base;
        if (__builtin_add_overflow(s->vaddr, s->mem_size, &end) || s->vaddr < out->virt_base) {
            *error = "a segment lies outside of the address space";
            return -XEN_EINVAL;
        }
        out->vstart = MIN(out->vstart, s->vaddr);
        out->vend = MAX(out->vend, end);
    }
    if (out->vend - out->virt_base > ADDRESS_SPAN_MAX) {
        *error = "the kernel spans more than 1 GiB";
        return -XEN_EINVAL;
    }
    if (!elf_guest_range(out->virt_base, ADDRESS_SPAN_MAX) ||
        (out->init_p2m != ELF_UNSET && !elf_guest_range(out->init_p2m, ADDRESS_SPAN_MAX))) {
        *error = "VIRT_BASE or INIT_P2M lies outside of a guest's addresses";
        return -XEN_EINVAL;
    }
    if (out->entry < out->vstart || out->entry >= out->vend) {
        *error = "the entry point lies outside of the kernel";
        return -XEN_EINVAL;
    }
    if (out->hypercall_page != ELF_UNSET &&
        ((out->hypercall_page & ~PAGE_MASK) || out->hypercall_page < out->vstart || out->hypercall_page >= out->vend ||
         out->vend - out->hypercall_page < PAGE_SIZE)) {
        *error = "the hypercall page lies outside of the kernel";
        return -XEN_EINVAL;
    }
    if (out->init_p2m != ELF_UNSET && (out->init_p2m & (CHUNK_SIZE - 1))) {
        *error = "INIT_P2M is not a multiple of 2 MiB";
        return -XEN_EINVAL;
    }
    return 0;
}

int elf_parse(struct elf_image *out, uint64_t file_size, elf_reader *read, void *ctx, const char **error)
{
    struct notes notes = {0};
    struct ehdr h;

    memset(out, 0, sizeof(*out));
    out->hypercall_page = out->init_p2m = ELF_UNSET;
    if (file_size < sizeof(h) || !read(ctx, 0, &h, sizeof(h)) || memcmp(h.ident, "\177ELF\2\1", 6) ||
        h.machine != EM_X86_64) {
        *error = "no ELF64 file for x86-64 (a bzImage has to be unpacked first)";
        return -XEN_EINVAL;
    }
    if (h.phentsize != sizeof(struct phdr) || !h.phnum || h.phnum > 64) {
        *error = "program headers are missing or of a strange size";
        return -XEN_EINVAL;
    }
    out->entry = h.entry;
    for (unsigned int i = 0; i < h.phnum; i++) {
        struct phdr p;
        uint64_t at;
        int rc = 0;
        if (__builtin_add_overflow(h.phoff, i * sizeof(p), &at) || !read(ctx, at, &p, sizeof(p))) {
            *error = "program headers lie beyond the end of the file";
            return -XEN_EINVAL;
        }
        if (p.type == PT_LOAD && p.memsz)
            rc = add_segment(out, &p, file_size, error);
        else if (p.type == PT_NOTE)
            rc = read_notes(out, &notes, &p, read, ctx, error);
        if (rc) return rc;
    }
    if (!out->segments) {
        *error = "nothing to load";
        return -XEN_EINVAL;
    }
    return place(out, &notes, error);
}
