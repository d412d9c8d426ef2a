/* SPDX-License-Identifier: MIT */
#include "drtm.h"
#include "../verify/p256.h"

#include <errno.h>
#include <stdlib.h>

#define IMAGE_MAX    (256u << 20)
#define EXTEND_VLP   1u
#define HASH_SHA256  0x0bu
#define HASH_OF_FILE 1u

static uint32_t get(struct bytes b, size_t at, unsigned int size)
{
    uint32_t v = 0;

    for (unsigned int i = 0; i < size && at + i < b.size; i++)
        v |= (uint32_t)b.data[at + i] << (8 * i);
    return v;
}

/* The ELF's segments at their places; its size in *size. NULL where it is none. */
static uint8_t *load(struct bytes elf, size_t *size)
{
    uint32_t at = get(elf, 28, 4), step = get(elf, 42, 2), n = get(elf, 44, 2);
    uint64_t low = ~0ull, high = 0;
    uint8_t *image;

    if (elf.size < 52 || memcmp(elf.data, "\177ELF\1\1", 6) != 0 || step < 32 || (uint64_t)at + step * n > elf.size)
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        size_t p = at + i * step;
        uint64_t start = get(elf, p + 12, 4), file = get(elf, p + 16, 4), memory = get(elf, p + 20, 4);

        if (get(elf, p, 4) != 1) continue;
        if (file > memory || get(elf, p + 4, 4) + file > elf.size) return NULL;
        low = start < low ? start : low;
        high = start + memory > high ? start + memory : high;
    }
    if (low >= high || high - low > IMAGE_MAX) return NULL;
    image = calloc(1, high - low);
    for (uint32_t i = 0; image != NULL && i < n; i++) {
        size_t p = at + i * step;

        if (get(elf, p, 4) == 1)
            memcpy(image + (get(elf, p + 12, 4) - low), elf.data + get(elf, p + 4, 4), get(elf, p + 16, 4));
    }
    *size = high - low;
    return image;
}

/* Header: uuid[16], u32 length, version, entry point, first page, start, end, capabilities, command line start, end. */
static int measure(struct bytes image, uint8_t *writable, const char *cmdline, uint8_t digest[32])
{
    static const uint8_t uuid[16] = {0x5a, 0xac, 0x82, 0x90, 0x6f, 0x47, 0xa7, 0x74,
                                     0x0f, 0x5c, 0x55, 0xa2, 0xcb, 0x51, 0xb6, 0x42};
    const uint8_t *found = memmem(image.data, image.size, uuid, sizeof(uuid));
    size_t h = found != NULL ? (size_t)(found - image.data) : 0, n = strlen(cmdline);
    uint32_t start = get(image, h + 32, 4), end = get(image, h + 36, 4);
    uint32_t line = get(image, h + 44, 4), line_end = get(image, h + 48, 4);

    if (found == NULL || image.size - h < 52 || start >= end || end > image.size || line > line_end ||
        line_end > image.size || n >= line_end - line)
        return -EBADMSG;
    memset(writable + line, 0, line_end - line);
    memcpy(writable + line, cmdline, n);
    p256_sha256(image.data + start, end - start, digest);
    return 0;
}

int drtm_mle_digest(struct bytes elf, const char *cmdline, uint8_t digest[32])
{
    size_t size = 0;
    uint8_t *image = load(elf, &size);
    int rc = image != NULL ? measure((struct bytes){image, size}, image, cmdline, digest) : -EBADMSG;

    free(image);
    return rc;
}

void drtm_module_digest(struct bytes cmdline, const uint8_t file[32], uint8_t digest[32])
{
    uint8_t both[64];

    p256_sha256(cmdline.data, cmdline.size, both);
    memcpy(both + 32, file, 32);
    p256_sha256(both, sizeof(both), digest);
}

/* u8 version 2, type, algorithm; u32 control, reserved; u8 entries; each u8 module, PCR, type; u32 reserved; u8 hashes
 */
int drtm_vlp_parse(struct bytes file, struct drtm_vlp *vlp)
{
    size_t at = 12;

    if (file.size < at || file.data[0] != 2 || file.data[2] != HASH_SHA256 || file.data[11] > DRTM_MODULES_MAX)
        return -EBADMSG;
    vlp->control = get(file, 3, 4);
    vlp->count = file.data[11];
    for (size_t i = 0; i < vlp->count; i++, at += 40) {
        if (file.size - at < 40 || file.data[at + 2] != HASH_OF_FILE || file.data[at + 7] != 1) return -EBADMSG;
        vlp->entry[i].module = file.data[at];
        vlp->entry[i].pcr = file.data[at + 1];
        vlp->entry[i].digest = file.data + at + 8;
    }
    return at == file.size ? 0 : -EBADMSG;
}

void drtm_vlp_digest(struct bytes file, const struct drtm_vlp *vlp, uint8_t digest[32])
{
    uint8_t both[36] = {0};

    for (int i = 0; i < 4; i++)
        both[i] = (uint8_t)(vlp->control >> (8 * i));
    if (vlp->control & EXTEND_VLP) p256_sha256(file.data, file.size, both + 4);
    p256_sha256(both, sizeof(both), digest);
}
