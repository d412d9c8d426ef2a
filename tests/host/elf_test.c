/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/elfnote.h>

#include "domain/elf.h"

#define BASE    0xffffffff80000000ul
#define NOTES   0x200
#define CONTENT 0x1000

/* A kernel of two segments with notes, small enough to bend each byte of it. */
struct kernel {
    union {
        uint8_t bytes[0x2000];
        struct {
            Elf64_Ehdr eh;
            Elf64_Phdr ph[3];
        };
    };
    size_t note_end;
};

struct bytes {
    const uint8_t *p;
    size_t n;
};

static bool reader(void *ctx, uint64_t offset, void *buf, size_t n)
{
    const struct bytes *b = ctx;

    if (offset > b->n || n > b->n - offset) return false;
    memcpy(buf, b->p + offset, n);
    return true;
}

static void note(struct kernel *k, uint32_t type, const void *desc, uint32_t size)
{
    Elf64_Nhdr h = {4, size, type};

    memcpy(k->bytes + k->note_end, &h, sizeof(h));
    memcpy(k->bytes + k->note_end + sizeof(h), "Xen", 4);
    memcpy(k->bytes + k->note_end + sizeof(h) + 4, desc, size);
    k->note_end += sizeof(h) + 4 + ((size + 3) & ~3u);
    k->ph[2].p_filesz = k->note_end - NOTES;
}

static void note64(struct kernel *k, uint32_t type, uint64_t v)
{
    note(k, type, &v, 8);
}

static void make_bare(struct kernel *k)
{
    memset(k, 0, sizeof(*k));
    memcpy(k->eh.e_ident, "\177ELF\2\1\1", 7);
    k->eh.e_machine = EM_X86_64;
    k->eh.e_entry = BASE + 0x1000000;
    k->eh.e_phoff = sizeof(k->eh);
    k->eh.e_phentsize = sizeof(Elf64_Phdr);
    k->eh.e_phnum = 3;
    k->ph[0] = (Elf64_Phdr){PT_LOAD, 5, CONTENT, BASE + 0x1000000, 0x1000000, 0x800, 0x2000, 4096};
    k->ph[1] = (Elf64_Phdr){PT_LOAD, 6, CONTENT + 0x800, BASE + 0x1400000, 0x1400000, 0x800, 0x9000, 4096};
    k->ph[2] = (Elf64_Phdr){PT_NOTE, 4, NOTES, 0, 0, 0, 0, 4};
    k->note_end = NOTES;
    note64(k, XEN_ELFNOTE_VIRT_BASE, BASE);
}

static void make(struct kernel *k)
{
    make_bare(k);
    note(k, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    note64(k, XEN_ELFNOTE_ENTRY, BASE + 0x1000010);
    note64(k, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001000);
    note64(k, XEN_ELFNOTE_INIT_P2M, 0x8000000000ul);
    note(k, XEN_ELFNOTE_MOD_START_PFN, "\1\0\0\0", 4);
}

/* In an allocation of its exact size. What a builder relies on must hold of all that is accepted. */
static int parse(const uint8_t *p, size_t n, struct elf_image *out)
{
    const char *error = NULL;
    uint8_t *copy = malloc(n ? n : 1);
    struct bytes b = {copy, n};

    memcpy(copy, p, n);
    int rc = elf_parse(out, n, reader, &b, &error);
    free(copy);
    assert_true(rc == 0 || (rc == -XEN_EINVAL && error));
    if (rc) return rc;
    assert_in_range(out->segments, 1, ELF_SEGMENTS_MAX);
    assert_true(out->vstart >= out->virt_base && out->vend > out->vstart);
    assert_true(out->vend - out->virt_base <= 1ul << 30);
    for (unsigned int i = 0; i < out->segments; i++) {
        const struct elf_segment *s = &out->segment[i];
        assert_true(s->offset <= n && s->file_size <= n - s->offset && s->file_size <= s->mem_size);
        assert_true(s->vaddr >= out->vstart && s->vaddr <= out->vend && s->mem_size <= out->vend - s->vaddr);
    }
    assert_true(out->entry >= out->vstart && out->entry < out->vend);
    if (out->hypercall_page != ELF_UNSET)
        assert_true(!(out->hypercall_page & ~PAGE_MASK) && out->hypercall_page >= out->vstart &&
                    out->hypercall_page < out->vend && out->vend - out->hypercall_page >= PAGE_SIZE);
    return 0;
}

static void test_good(void **state)
{
    struct kernel k;
    struct elf_image e;

    make(&k);
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), 0);
    assert_int_equal(e.segments, 2);
    assert_true(e.segment[1].offset == CONTENT + 0x800 && e.segment[1].file_size == 0x800);
    assert_true(e.segment[1].mem_size == 0x9000 && e.segment[1].vaddr == BASE + 0x1400000);
    assert_true(e.virt_base == BASE && e.entry == BASE + 0x1000010);
    assert_true(e.vstart == BASE + 0x1000000 && e.vend == BASE + 0x1409000);
    assert_true(e.hypercall_page == BASE + 0x1001000 && e.init_p2m == 0x8000000000ul && e.mod_start_pfn);
    make_bare(&k);
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), 0);
    assert_true(e.entry == BASE + 0x1000000 && e.hypercall_page == ELF_UNSET && e.init_p2m == ELF_UNSET);
    assert_false(e.mod_start_pfn);
    note64(&k, XEN_ELFNOTE_PADDR_OFFSET, 0x1000000); /* physical addresses count from there */
    k.eh.e_entry = BASE + 8;
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), 0);
    assert_true(e.segment[0].vaddr == BASE && e.vend == BASE + 0x409000);
    k.ph[0].p_memsz = 0; /* nothing of it is loaded, and the entry was there */
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), -XEN_EINVAL);
}

static void test_bent_headers(void **state)
{
    static const struct {
        size_t at, size;
        uint64_t v;
    } bent[] = {
        {0, 1, 0x7e},
        {1, 1, 'e'},
        {4, 1, 1}, /* ELF32 */
        {5, 1, 2}, /* big endian */
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64},
        {offsetof(Elf64_Ehdr, e_phentsize), 2, 55},
        {offsetof(Elf64_Ehdr, e_phentsize), 2, 57},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 0},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 65},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 0xffff},
        {offsetof(Elf64_Ehdr, e_phoff), 8, 0x2000 - 167},
        {offsetof(Elf64_Ehdr, e_phoff), 8, ~0ul},
        {offsetof(Elf64_Ehdr, e_phoff), 8, ~0ul - 56},
        {offsetof(struct kernel, ph[0].p_offset), 8, 0x2000 - 0x7ff},
        {offsetof(struct kernel, ph[0].p_offset), 8, ~0ul},
        {offsetof(struct kernel, ph[0].p_filesz), 8, 0x1001},
        {offsetof(struct kernel, ph[0].p_filesz), 8, ~0ul},
        {offsetof(struct kernel, ph[0].p_memsz), 8, 0x7ff}, /* less than is in the file */
        {offsetof(struct kernel, ph[0].p_memsz), 8, (1ul << 30) + 1},
        {offsetof(struct kernel, ph[0].p_memsz), 8, ~0ul},
        {offsetof(struct kernel, ph[1].p_paddr), 8, 1ul << 30},
        {offsetof(struct kernel, ph[1].p_paddr), 8, ~0ul},
        {offsetof(struct kernel, ph[1].p_paddr), 8, 0x80000000 - 0x8fff}, /* wraps around */
        {offsetof(struct kernel, ph[2].p_filesz), 8, 65537},
        {offsetof(struct kernel, ph[2].p_filesz), 8, ~0ul},
    };
    struct kernel k;
    struct elf_image e;

    for (size_t i = 0; i < ARRAY_SIZE(bent); i++) {
        make(&k);
        memcpy(k.bytes + bent[i].at, &bent[i].v, bent[i].size);
        if (!parse(k.bytes, sizeof(k.bytes), &e)) fail_msg("bent header %zu was accepted", i);
    }
}

static void test_bent_notes(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t v;
    } bent[] = {
        {XEN_ELFNOTE_ENTRY, 0},
        {XEN_ELFNOTE_ENTRY, BASE + 0xffffff},
        {XEN_ELFNOTE_ENTRY, BASE + 0x1409000},
        {XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001800},
        {XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0xfff000},
        {XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1409000},
        {XEN_ELFNOTE_HYPERCALL_PAGE, ~0xffful},
        {XEN_ELFNOTE_INIT_P2M, 0x8000001000ul},
        {XEN_ELFNOTE_INIT_P2M, 0xffff820000000000ul}, /* the hypervisor's own range */
        {XEN_ELFNOTE_INIT_P2M, 0x0001000000000000ul}, /* not canonical */
        {XEN_ELFNOTE_VIRT_BASE, ~0ul},
        {XEN_ELFNOTE_VIRT_BASE, 0},
        {XEN_ELFNOTE_PADDR_OFFSET, 0x1000001},
        {XEN_ELFNOTE_XEN_VERSION, 0x302d6e6578},
    };
    struct kernel k;
    struct elf_image e;

    for (size_t i = 0; i < ARRAY_SIZE(bent); i++) {
        make(&k);
        note64(&k, bent[i].type, bent[i].v);
        if (!parse(k.bytes, sizeof(k.bytes), &e)) fail_msg("bent note %zu was accepted", i);
    }
    make(&k);
    note(&k, XEN_ELFNOTE_XEN_VERSION, "xen-3.", 6);
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), -XEN_EINVAL);
}

/* The last page of a kernel below one page is not at the end of the address space. */
static void test_hypercall_page_of_tiny_kernel(void **state)
{
    struct kernel k;
    struct elf_image e;

    make_bare(&k);
    k.eh.e_phnum = 3;
    k.ph[1].p_memsz = 0;
    k.ph[0].p_paddr = 0;
    k.ph[0].p_memsz = 0x800;
    k.eh.e_entry = 0;
    note64(&k, XEN_ELFNOTE_VIRT_BASE, 0);
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), 0);
    note64(&k, XEN_ELFNOTE_HYPERCALL_PAGE, 0x10000000);
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), -XEN_EINVAL);
}

static void test_cut(void **state)
{
    struct kernel k;
    struct elf_image e;

    make(&k);
    for (size_t n = 0; n < sizeof(k.bytes); n++)
        assert_int_equal(parse(k.bytes, n, &e), -XEN_EINVAL);
    /* Notes cut anywhere: the whole ones count. */
    size_t end = k.note_end - NOTES;
    for (size_t n = 0; n < end; n++) {
        k.ph[2].p_filesz = n;
        if (!parse(k.bytes, sizeof(k.bytes), &e)) assert_false(e.mod_start_pfn);
    }
}

static void test_segments(void **state)
{
    struct kernel k;
    struct elf_image e;
    Elf64_Phdr *ph = (Elf64_Phdr *)(k.bytes + sizeof(Elf64_Ehdr));

    for (unsigned int n = 16; n <= 17; n++) {
        make_bare(&k);
        Elf64_Phdr load = ph[0], notes = ph[2];
        notes.p_offset = 0x800;
        memcpy(k.bytes + 0x800, k.bytes + NOTES, notes.p_filesz);
        for (unsigned int i = 0; i < n; i++)
            ph[i] = load;
        ph[n] = notes;
        k.eh.e_phnum = (uint16_t)(n + 1);
        assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), n == 16 ? 0 : -XEN_EINVAL);
    }
    make_bare(&k);
    ph[0].p_type = ph[1].p_type = PT_NULL;
    assert_int_equal(parse(k.bytes, sizeof(k.bytes), &e), -XEN_EINVAL);
}

static void test_noise(void **state)
{
    static const uint64_t edges[] = {0, 1, 4095, 4096, 1ul << 30, 1ul << 31, 1ul << 63, ~0ul, ~0xffful, BASE};
    unsigned int accepted = 0;

    srandom(3);
    for (unsigned int round = 0; round < 30000; round++) {
        struct kernel k;
        struct elf_image e;
        make(&k);
        for (long n = random() % 4; n >= 0; n--) {
            size_t at = (size_t)random() % (sizeof(Elf64_Ehdr) + sizeof(k.ph));
            if (random() & 1) at = NOTES + (size_t)random() % (k.note_end - NOTES);
            if (random() & 1)
                k.bytes[at] = (uint8_t)random();
            else
                memcpy(k.bytes + (at & ~7ul), &edges[(size_t)random() % ARRAY_SIZE(edges)], 8);
        }
        accepted += !parse(k.bytes, sizeof(k.bytes), &e);
    }
    assert_in_range(accepted, 100, 29900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_bent_headers),
        cmocka_unit_test(test_bent_notes), cmocka_unit_test(test_hypercall_page_of_tiny_kernel),
        cmocka_unit_test(test_cut),        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
