/* SPDX-License-Identifier: MIT */
/* libFuzzer: a kernel file. What is accepted lies within the file and within its own span. */
#include <stdlib.h>
#include <string.h>
#include "domain/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void require(bool good)
{
    if (!good) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, size};
    struct elf_image e;
    const char *error = NULL;

    if (elf_parse(&e, size, reader, &b, &error)) {
        require(error != NULL);
        return 0;
    }
    require(e.segments && e.segments <= ELF_SEGMENTS_MAX && e.vstart >= e.virt_base && e.vend > e.vstart);
    require(e.vend - e.virt_base <= 1ul << 30 && e.entry >= e.vstart && e.entry < e.vend);
    for (unsigned int i = 0; i < e.segments; i++) {
        const struct elf_segment *s = &e.segment[i];
        require(s->offset <= size && s->file_size <= size - s->offset && s->file_size <= s->mem_size);
        require(s->vaddr >= e.vstart && s->vaddr <= e.vend && s->mem_size <= e.vend - s->vaddr);
    }
    if (e.hypercall_page != ELF_UNSET)
        require(!(e.hypercall_page & ~PAGE_MASK) && e.hypercall_page >= e.vstart && e.hypercall_page < e.vend &&
                e.vend - e.hypercall_page >= PAGE_SIZE);
    return 0;
}
