/* SPDX-License-Identifier: MIT */
#include "bzimage.h"

#include <elf.h>
#include <errno.h>
#include <lzma.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* The set-up header (boot.rst, "The Real-Mode Kernel Header"). */
#define SETUP_SECTS    0x1f1
#define HEADER_MAGIC   0x202 /* "HdrS" */
#define HEADER_VERSION 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END     0x250
#define FIRST_VERSION  0x0208 /* payload_offset came with 2.08 */
#define SECTOR         512u
#define MIN_PAYLOAD    16u
/* A decoder may ask for this much: Linux packs with dictionaries of up to 128 MiB. */
#define DECODER_MAX (192ul << 20)

struct output {
    uint8_t *data;
    size_t size, capacity, limit;
};

struct unpacker {
    const char *name;
    uint8_t magic[6];
    size_t magic_size;
    int (*unpack)(const uint8_t *in, size_t size, struct output *out, struct bzimage_error *err);
};

__attribute__((format(printf, 3, 4))) static int fail(struct bzimage_error *err, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    return rc;
}

/* Makes room for more; the trailing size in the file is no more than a hint, so growth is by need. */
static int output_grow(struct output *out, struct bzimage_error *err)
{
    size_t capacity = out->capacity ? out->capacity + out->capacity / 2 : 4u << 20;
    uint8_t *data;

    if (out->size == out->limit)
        return fail(err, -EFBIG, "the unpacked kernel is larger than %zu MiB", out->limit >> 20);
    if (capacity > out->limit)
        capacity = out->limit;
    data = realloc(out->data, capacity);
    if (!data)
        return fail(err, -ENOMEM, "no memory for an unpacked kernel of %zu MiB", capacity >> 20);
    out->data = data;
    out->capacity = capacity;
    return 0;
}

static int unpack_xz(const uint8_t *in, size_t size, struct output *out, struct bzimage_error *err)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_ret ret;
    int rc = 0;

    if (lzma_stream_decoder(&s, DECODER_MAX, 0) != LZMA_OK)
        return fail(err, -ENOMEM, "no memory for the xz decoder");
    s.next_in = in;
    s.avail_in = size;
    do {
        if (out->size == out->capacity && (rc = output_grow(out, err)) < 0)
            break;
        s.next_out = out->data + out->size;
        s.avail_out = out->capacity - out->size;
        ret = lzma_code(&s, LZMA_FINISH);
        out->size = out->capacity - s.avail_out;
    } while (ret == LZMA_OK || (ret == LZMA_BUF_ERROR && s.avail_out == 0));
    if (rc == 0 && ret != LZMA_STREAM_END)
        rc = fail(err, -EINVAL, "the xz payload is damaged or cut short (lzma error %d)", ret);
    lzma_end(&s);
    return rc;
}

static int unpack_gzip(const uint8_t *in, size_t size, struct output *out, struct bzimage_error *err)
{
    z_stream s = {.next_in = (uint8_t *)in, .avail_in = (uInt)size}; /* zlib's interface is not const */
    int ret, rc = 0;

    if (inflateInit2(&s, 16 + MAX_WBITS) != Z_OK)
        return fail(err, -ENOMEM, "no memory for the gzip decoder");
    do {
        if (out->size == out->capacity && (rc = output_grow(out, err)) < 0)
            break;
        s.next_out = out->data + out->size;
        s.avail_out = (uInt)(out->capacity - out->size);
        ret = inflate(&s, Z_NO_FLUSH);
        out->size = out->capacity - s.avail_out;
    } while (ret == Z_OK && (s.avail_in || s.avail_out == 0));
    if (rc == 0 && ret != Z_STREAM_END)
        rc = fail(err, -EINVAL, "the gzip payload is damaged or cut short (zlib error %d)", ret);
    inflateEnd(&s);
    return rc;
}

static int zstd_frame(ZSTD_DCtx *ctx, const uint8_t *in, size_t size, struct output *out, struct bzimage_error *err)
{
    ZSTD_inBuffer src = {in, size, 0};
    size_t left = 1;

    while (left != 0) {
        ZSTD_outBuffer dst;
        size_t before = src.pos;
        int rc;

        if (out->size == out->capacity && (rc = output_grow(out, err)) < 0)
            return rc;
        dst = (ZSTD_outBuffer){out->data, out->capacity, out->size};
        left = ZSTD_decompressStream(ctx, &dst, &src);
        if (ZSTD_isError(left))
            return fail(err, -EINVAL, "the zstd payload is damaged: %s", ZSTD_getErrorName(left));
        if (left != 0 && dst.pos == out->size && src.pos == before)
            return fail(err, -EINVAL, "the zstd payload is cut short");
        out->size = dst.pos;
    }
    return 0;
}

static int unpack_zstd(const uint8_t *in, size_t size, struct output *out, struct bzimage_error *err)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    int rc;

    if (!ctx || ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, 27))) {
        ZSTD_freeDCtx(ctx);
        return fail(err, -ENOMEM, "no memory for the zstd decoder");
    }
    rc = zstd_frame(ctx, in, size, out, err);
    ZSTD_freeDCtx(ctx);
    return rc;
}

static const struct unpacker unpackers[] = {
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
};

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Where the packed kernel lies in the file. */
static int find_payload(const uint8_t *file, size_t size, const uint8_t **payload, size_t *length,
                        struct bzimage_error *err)
{
    uint32_t version = file[HEADER_VERSION] | (uint32_t)file[HEADER_VERSION + 1] << 8;
    uint64_t sectors = file[SETUP_SECTS] ? file[SETUP_SECTS] : 4; /* 0 stands for 4 (boot.rst) */
    uint64_t offset = (sectors + 1) * SECTOR + le32(file + PAYLOAD_OFFSET);

    *length = le32(file + PAYLOAD_LENGTH);
    if (version < FIRST_VERSION)
        return fail(err, -EINVAL, "boot protocol %u.%02u is too old: 2.08 is the first that names its payload",
                    version >> 8, version & 0xff);
    if (offset > size || *length > size - offset || *length < MIN_PAYLOAD)
        return fail(err, -EINVAL,
                    "the payload (%zu bytes at %llu) does not lie within the file's %zu bytes: cut short?", *length,
                    (unsigned long long)offset, size);
    *payload = file + offset;
    return 0;
}

static bool is_elf(const uint8_t *p, size_t size)
{
    return size >= sizeof(Elf64_Ehdr) && memcmp(p, ELFMAG, SELFMAG) == 0;
}

/* No more than names the wrong file kindly: the hypervisor checks the ELF itself. */
static int check_elf(const uint8_t *p, struct bzimage_error *err)
{
    Elf64_Ehdr ehdr;

    memcpy(&ehdr, p, sizeof(ehdr));
    if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_machine != EM_X86_64)
        return fail(err, -EINVAL, "an ELF, but not for 64-bit x86");
    if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN)
        return fail(err, -EINVAL, "an ELF, but not an executable");
    return 0;
}

static int unpack_payload(const uint8_t *payload, size_t length, struct output *out, struct bzimage_error *err)
{
    for (size_t i = 0; i < sizeof(unpackers) / sizeof(unpackers[0]); i++) {
        const struct unpacker *u = &unpackers[i];

        if (memcmp(payload, u->magic, u->magic_size) == 0)
            return u->unpack(payload, length, out, err);
    }
    return fail(err, -EINVAL, "the payload is packed in no known way (starts %02x %02x %02x %02x): xz, zstd or gzip",
                payload[0], payload[1], payload[2], payload[3]);
}

int bzimage_unpack(const uint8_t *file, size_t size, size_t limit, const uint8_t **elf, size_t *elf_size,
                   uint8_t **owned, struct bzimage_error *err)
{
    struct output out = {.limit = limit};
    const uint8_t *payload = NULL;
    size_t length = 0;
    int rc;

    *owned = NULL;
    if (is_elf(file, size)) {
        if (size > limit)
            return fail(err, -EFBIG, "the kernel is larger than %zu MiB", limit >> 20);
        *elf = file;
        *elf_size = size;
        return check_elf(file, err);
    }
    if (size < HEADER_END || memcmp(file + HEADER_MAGIC, "HdrS", 4) != 0)
        return fail(err, -EINVAL, "neither a bzImage nor an ELF64");
    rc = find_payload(file, size, &payload, &length, err);
    if (rc == 0)
        rc = unpack_payload(payload, length, &out, err);
    if (rc == 0 && !is_elf(out.data, out.size))
        rc = fail(err, -EINVAL, "what the bzImage holds is no ELF64");
    if (rc == 0)
        rc = check_elf(out.data, err);
    if (rc < 0) {
        free(out.data);
        return rc;
    }
    *elf = *owned = out.data;
    *elf_size = out.size;
    return 0;
}
