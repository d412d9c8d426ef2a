/* SPDX-License-Identifier: MIT */
/* libFuzzer: the first byte says which multiboot, the rest is all of memory, from address 4 KiB on. */
#include <stdlib.h>
#include <string.h>
#include "boot/bootinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT 4096u

static struct boot_info info;
static const uint8_t *memory;
static size_t memory_size;

static const void *reader(void *ctx, uint64_t phys, size_t len)
{
    (void)ctx;
    return phys < AT || phys - AT > memory_size || len > memory_size - (phys - AT) ? NULL : memory + (phys - AT);
}

static void require(bool good)
{
    if (!good) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *error = NULL;

    if (!size) return 0;
    memory = data + 1;
    memory_size = size - 1;
    if (multiboot_parse(&info, *data & 1 ? 0x36d76289 : 0x2badb002, AT, reader, NULL, &error)) {
        require(error != NULL);
        return 0;
    }
    require(info.modules <= BOOT_MODULES_MAX && info.rams <= BOOT_RAM_MAX);
    require(memchr(info.cmdline, 0, sizeof(info.cmdline)) != NULL);
    for (unsigned int i = 0; i < info.modules; i++)
        require(info.module[i].end >= info.module[i].start && memchr(info.module[i].cmdline, 0, BOOT_CMDLINE_MAX));
    for (unsigned int i = 0; i < info.rams; i++)
        require(info.ram[i].base + info.ram[i].size >= info.ram[i].base);
    return 0;
}
