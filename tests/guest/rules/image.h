/* SPDX-License-Identifier: MIT */
/* A kernel of one page that loops: for the test kernel, which starts it, and for the host tool, which measures it. */
#ifndef RULES_IMAGE_H
#define RULES_IMAGE_H

#include <stdint.h>

struct rules_image {
    struct {
        uint8_t ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, phoff, shoff;
        uint32_t flags;
        uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    } ehdr;
    struct {
        uint32_t type, flags;
        uint64_t offset, vaddr, paddr, filesz, memsz, align;
    } phdr[2];
    struct {
        uint32_t namesz, descsz, type;
        char name[4];
        char desc[8];
    } note[3];
    uint8_t code[32];
};

static inline struct rules_image rules_image(void)
{
    return (struct rules_image){
        .ehdr = {.ident = "\x7f"
                          "ELF\x02\x01\x01",
                 .type = 2,
                 .machine = 62,
                 .version = 1,
                 .entry = 0x100000 + __builtin_offsetof(struct rules_image, code),
                 .phoff = __builtin_offsetof(struct rules_image, phdr),
                 .ehsize = 64,
                 .phentsize = 56,
                 .phnum = 2},
        .phdr = {{.type = 1,
                  .flags = 5,
                  .vaddr = 0x100000,
                  .paddr = 0x100000,
                  .filesz = sizeof(struct rules_image),
                  .memsz = 0x4000,
                  .align = 4096},
                 {.type = 4,
                  .flags = 4,
                  .offset = __builtin_offsetof(struct rules_image, note),
                  .vaddr = 0x100000 + __builtin_offsetof(struct rules_image, note),
                  .paddr = 0x100000 + __builtin_offsetof(struct rules_image, note),
                  .filesz = 72,
                  .memsz = 72,
                  .align = 4}},
        .note = {{4, 8, 6, "Xen", "testing"}, {4, 8, 5, "Xen", "xen-3.0"}, {4, 8, 8, "Xen", "generic"}},
        .code = {0xeb, 0xfe}};
}

#define RULES_MEMORY_KIB 16384u
#define RULES_VCPUS      1u
#define RULES_SVN        5u

#endif
