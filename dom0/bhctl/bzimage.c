/* SPDX-License-Identifier: MIT */
#include "bzimage.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unpack.h"

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

#define HEAD sizeof(Elf64_Ehdr)

struct bzimage {
    struct unpack *unpack; /* NULL: `plain` is the kernel */
    const uint8_t *plain;
    uint8_t head[HEAD]; /* looked at before anybody reads */
    size_t total, given;
};

__attribute__((format(printf, 3, 4))) static int fail(struct bzimage_error *err, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    return rc;
}

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

static int check_total(size_t total, size_t limit, struct bzimage_error *err)
{
    if (total < HEAD) return fail(err, -EINVAL, "an unpacked kernel of %zu bytes is none", total);
    if (total > limit) return fail(err, -EFBIG, "the unpacked kernel has %zu bytes, and %zu are allowed", total, limit);
    return 0;
}

/* No more than names the wrong file kindly: the hypervisor checks the ELF itself. */
static int check_head(const uint8_t head[HEAD], struct bzimage_error *err)
{
    Elf64_Ehdr ehdr;

    memcpy(&ehdr, head, sizeof(ehdr));
    if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0) return fail(err, -EINVAL, "what the bzImage holds is no ELF64");
    if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_machine != EM_X86_64)
        return fail(err, -EINVAL, "an ELF, but not for 64-bit x86");
    if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN) return fail(err, -EINVAL, "an ELF, but not an executable");
    return 0;
}

/* Unpacks into `to` exactly `want` bytes. */
static int produce(struct bzimage *image, uint8_t *to, size_t want, struct bzimage_error *err)
{
    while (want) {
        long n = unpack_next(image->unpack, to, want);

        if (n <= 0)
            return fail(err, -EINVAL,
                        n ? "the %s payload is damaged or cut short"
                          : "the %s payload ends before the size that the file gives",
                        unpack_name(image->unpack));
        to += n;
        want -= (size_t)n;
    }
    return 0;
}

/* After the last byte the packer must be at its end too. */
static int check_end(struct bzimage *image, struct bzimage_error *err)
{
    uint8_t more;
    long n = unpack_next(image->unpack, &more, 1);

    if (n == 0) return 0;
    return fail(err, -EINVAL,
                n < 0 ? "the %s payload is damaged or cut short"
                      : "the %s payload goes on after the size that the file gives",
                unpack_name(image->unpack));
}

static int open_packed(struct bzimage *image, const uint8_t *file, size_t size, size_t limit, struct bzimage_error *err)
{
    const uint8_t *payload = NULL;
    size_t length = 0;
    int rc;

    if (size < HEADER_END || memcmp(file + HEADER_MAGIC, "HdrS", 4) != 0)
        return fail(err, -EINVAL, "neither a bzImage nor an ELF64");
    rc = find_payload(file, size, &payload, &length, err);
    if (rc < 0) return rc;
    rc = unpack_open(payload, length, &image->unpack);
    if (rc == -ENOMEM) return fail(err, rc, "no memory for the decoder");
    if (rc < 0)
        return fail(err, rc, "the payload is packed in no known way (starts %02x %02x %02x %02x): xz, zstd or gzip",
                    payload[0], payload[1], payload[2], payload[3]);
    image->total = le32(payload + length - 4);
    rc = check_total(image->total, limit, err);
    return rc < 0 ? rc : produce(image, image->head, HEAD, err);
}

static int open_plain(struct bzimage *image, const uint8_t *file, size_t size, size_t limit, struct bzimage_error *err)
{
    image->plain = file;
    image->total = size;
    memcpy(image->head, file, HEAD);
    return check_total(size, limit, err);
}

int bzimage_open(const uint8_t *file, size_t size, size_t limit, struct bzimage **out, size_t *total,
                 struct bzimage_error *err)
{
    struct bzimage *image = calloc(1, sizeof(*image));
    int rc;

    if (!image) return fail(err, -ENOMEM, "out of memory");
    if (size >= HEAD && memcmp(file, ELFMAG, SELFMAG) == 0)
        rc = open_plain(image, file, size, limit, err);
    else
        rc = open_packed(image, file, size, limit, err);
    if (rc == 0) rc = check_head(image->head, err);
    if (rc < 0) {
        bzimage_close(image);
        return rc;
    }
    *total = image->total;
    *out = image;
    return 0;
}

long bzimage_read(struct bzimage *image, void *to, size_t capacity, struct bzimage_error *err)
{
    size_t left = image->total - image->given, head = 0;
    size_t n = capacity < left ? capacity : left;
    int rc = 0;

    if (image->plain) {
        memcpy(to, image->plain + image->given, n);
    } else {
        if (image->given < HEAD) {
            head = n < HEAD - image->given ? n : HEAD - image->given;
            memcpy(to, image->head + image->given, head);
        }
        rc = produce(image, (uint8_t *)to + head, n - head, err);
        if (rc == 0 && n == left && n > 0) rc = check_end(image, err);
    }
    if (rc < 0) return rc;
    image->given += n;
    return (long)n;
}

void bzimage_close(struct bzimage *image)
{
    if (!image) return;
    unpack_close(image->unpack);
    free(image);
}
