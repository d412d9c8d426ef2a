/* SPDX-License-Identifier: MIT */
/* A guest kernel as ELF64 (System V ABI, ELF chapter 4-5) with the PV ABI's notes (xen/elfnote.h). Pure: works on a
 * header area in memory and a reader for the rest. */
#ifndef HV_ELF_H
#define HV_ELF_H

#include "types.h"

#define ELF_SEGMENTS_MAX 16

/* Copies n bytes at offset of the file; false: outside of it. */
typedef bool elf_reader(void *ctx, uint64_t offset, void *buf, size_t n);

struct elf_segment {
    uint64_t offset, file_size, mem_size;
    uint64_t vaddr; /* as loaded: physical address - ELF_PADDR_OFFSET + VIRT_BASE */
};
struct elf_image {
    unsigned int segments;
    struct elf_segment segment[ELF_SEGMENTS_MAX];
    uint64_t virt_base;      /* note VIRT_BASE, else 0 */
    uint64_t entry;          /* note ENTRY, else the header's */
    uint64_t vstart, vend;   /* of all segments */
    uint64_t hypercall_page; /* note HYPERCALL_PAGE, or UNSET */
    uint64_t init_p2m;       /* note INIT_P2M, or UNSET */
    bool mod_start_pfn;      /* note MOD_START_PFN: the ramdisk need not be mapped */
};
#define ELF_UNSET (~0ul)

/* A guest's addresses: the lower half, or above the hypervisor's range; never across the top. */
bool elf_guest_range(uint64_t va, uint64_t bytes);

/* 0, or -EINVAL/-ENOEXEC with a sentence in *error. */
int elf_parse(struct elf_image *out, uint64_t file_size, elf_reader *read, void *ctx, const char **error);

#endif
