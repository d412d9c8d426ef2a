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
    static uint8_t chunk[5000];
    struct bzimage_error err;
    struct bzimage *image;
    size_t total, got = 0;
    long n;

    if (bzimage_open(data, size, LIMIT, &image, &total, &err) < 0) return;
    if (total > LIMIT) abort();
    while ((n = bzimage_read(image, chunk, sizeof(chunk), &err)) > 0)
        got += (size_t)n;
    if (got > total || (n == 0 && got != total)) abort();
    bzimage_close(image);
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
