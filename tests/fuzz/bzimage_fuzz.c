/* SPDX-License-Identifier: MIT */
/* A kernel file: any bytes, the packers' headers among them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bzimage.h"

#define LIMIT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(const uint8_t *data, size_t size)
{
    struct bzimage_error err;
    const uint8_t *elf;
    uint8_t *owned;
    size_t elf_size;
    volatile uint8_t sum = 0;

    if (bzimage_unpack(data, size, LIMIT, &elf, &elf_size, &owned, &err) < 0)
        return;
    if (elf_size > LIMIT)
        abort();
    for (size_t i = 0; i < elf_size; i++)
        sum ^= elf[i];
    free(owned);
}

/* Once as a file, and once as the payload of a file whose header is right: so the decoders are reached at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t header[] = {'H', 'd', 'r', 'S', 0x0f, 0x02};
    uint8_t *file = calloc(1, 1024 + size);
    uint32_t length = (uint32_t)size;

    unpack(data, size);
    file[0x1f1] = 1;
    memcpy(file + 0x202, header, sizeof(header));
    memcpy(file + 0x24c, &length, sizeof(length));
    memcpy(file + 1024, data, size);
    unpack(file, 1024 + size);
    free(file);
    return 0;
}
