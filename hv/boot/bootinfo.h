/* SPDX-License-Identifier: MIT */
/* What the boot loader said, checked and copied: the only form in which the rest of the hypervisor sees it. */
#ifndef HV_BOOTINFO_H
#define HV_BOOTINFO_H

#include "types.h"

#define BOOT_MODULES_MAX 8
#define BOOT_RAM_MAX     256
#define BOOT_CMDLINE_MAX 1024

struct boot_module {
    maddr_t start, end; /* end exclusive */
    char cmdline[BOOT_CMDLINE_MAX];
};
struct boot_ram {
    maddr_t base;
    uint64_t size;
    uint32_t type; /* E820: 1 RAM, 2 reserved, 3 ACPI data, 4 ACPI NVS, 5 bad */
};
struct boot_info {
    char cmdline[BOOT_CMDLINE_MAX];
    unsigned int modules;
    struct boot_module module[BOOT_MODULES_MAX];
    unsigned int rams;
    struct boot_ram ram[BOOT_RAM_MAX]; /* as given */
    uint8_t rsdp[36];                  /* copy of the ACPI root pointer, when the loader gave one */
    bool has_rsdp;
};
extern struct boot_info boot_info;

/* Reads len bytes of physical memory, or NULL where that is not possible. */
typedef const void *boot_reader(void *ctx, uint64_t phys, size_t len);

/* 0, or -EINVAL with a sentence in *error. magic: as in EAX at entry. Pure. */
int multiboot_parse(struct boot_info *out, uint32_t magic, uint64_t info, boot_reader *read, void *ctx,
                    const char **error);

/* Value of key=value in a command line (words separated by spaces), copied with NUL; -ENOENT, or -E2BIG. Pure. */
int cmdline_get(const char *cmdline, const char *key, char *value, size_t size);
/* "512M", "1G", "65536K", "1024" (MiB without suffix? no: bytes need a suffix) to bytes; -EINVAL. Pure. */
int cmdline_size(const char *text, uint64_t *bytes);
/* Decimal digits, at least one and nothing else; -EINVAL: it is no number, or more than max. Pure. */
int cmdline_number(const char *text, uint32_t max, uint32_t *out);

#endif
