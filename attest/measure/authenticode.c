/* SPDX-License-Identifier: MIT */
#include "authenticode.h"

#include <errno.h>
#include <mbedtls/sha256.h>

/* PE Format, "MS-DOS Stub", "COFF File Header", "Optional Header" (PE32+), "Section Table" */
#define DOS_PE_OFFSET        0x3cu
#define COFF_SECTIONS        6u /* counted from the signature */
#define COFF_OPTIONAL_SIZE   20u
#define OPTIONAL             24u
#define OPTIONAL_MAGIC_PE32P 0x20bu
#define OPTIONAL_HEADERS     60u
#define OPTIONAL_CHECKSUM    64u
#define OPTIONAL_DIRECTORIES 108u
#define DIRECTORY_SECURITY   (112u + 4u * 8u)
#define SECTION_SIZE         40u
#define SECTION_RAW_SIZE     16u
#define SECTION_RAW_OFFSET   20u
#define SECTIONS_MAX         96u

static uint32_t le(const uint8_t *p, unsigned int bytes)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

struct section {
    uint32_t offset, size;
};

struct layout {
    uint32_t pe;      /* of the signature */
    uint32_t headers; /* bytes of all headers */
    uint32_t security_size;
    struct section section[SECTIONS_MAX]; /* those with data, by offset */
    unsigned int sections;
};

static void insert(struct layout *l, struct section new)
{
    unsigned int at = l->sections++;

    for (; at > 0 && l->section[at - 1].offset > new.offset; at--)
        l->section[at] = l->section[at - 1];
    l->section[at] = new;
}

static int read_sections(struct bytes image, struct layout *l)
{
    unsigned int count = le(image.data + l->pe + COFF_SECTIONS, 2);
    size_t table = l->pe + OPTIONAL + le(image.data + l->pe + COFF_OPTIONAL_SIZE, 2);

    if (count > SECTIONS_MAX || table > image.size || image.size - table < count * SECTION_SIZE) return -EBADMSG;
    for (unsigned int i = 0; i < count; i++) {
        const uint8_t *header = image.data + table + i * SECTION_SIZE;
        struct section each = {le(header + SECTION_RAW_OFFSET, 4), le(header + SECTION_RAW_SIZE, 4)};

        if (each.size == 0) continue;
        if (each.offset > image.size || each.size > image.size - each.offset) return -EBADMSG;
        insert(l, each);
    }
    return 0;
}

static int read_layout(struct bytes image, struct layout *l)
{
    const uint8_t *optional;

    if (image.size < DOS_PE_OFFSET + 4 || memcmp(image.data, "MZ", 2) != 0) return -EBADMSG;
    l->pe = le(image.data + DOS_PE_OFFSET, 4);
    if (l->pe > image.size || image.size - l->pe < OPTIONAL + DIRECTORY_SECURITY + 8 ||
        memcmp(image.data + l->pe, "PE\0\0", 4) != 0)
        return -EBADMSG;
    optional = image.data + l->pe + OPTIONAL;
    l->headers = le(optional + OPTIONAL_HEADERS, 4);
    l->security_size = le(optional + DIRECTORY_SECURITY + 4, 4);
    if (le(optional, 2) != OPTIONAL_MAGIC_PE32P || le(optional + OPTIONAL_DIRECTORIES, 4) < 5 ||
        l->headers > image.size || l->headers < l->pe + OPTIONAL + DIRECTORY_SECURITY + 8)
        return -EBADMSG;
    return read_sections(image, l);
}

int authenticode_digest(struct bytes image, uint8_t digest[32])
{
    struct layout l = {0};
    mbedtls_sha256_context sha;
    size_t checksum, security, hashed;
    int rc = read_layout(image, &l);

    if (rc != 0) return rc;
    checksum = l.pe + OPTIONAL + OPTIONAL_CHECKSUM;
    security = l.pe + OPTIONAL + DIRECTORY_SECURITY;
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    mbedtls_sha256_update_ret(&sha, image.data, checksum);
    mbedtls_sha256_update_ret(&sha, image.data + checksum + 4, security - checksum - 4);
    mbedtls_sha256_update_ret(&sha, image.data + security + 8, l.headers - security - 8);
    hashed = l.headers;
    for (unsigned int i = 0; i < l.sections; i++) {
        mbedtls_sha256_update_ret(&sha, image.data + l.section[i].offset, l.section[i].size);
        hashed += l.section[i].size;
    }
    /* What lies behind the sections, without the certificates at the end. */
    if (hashed > image.size || l.security_size > image.size - hashed)
        rc = -EBADMSG;
    else
        mbedtls_sha256_update_ret(&sha, image.data + hashed, image.size - hashed - l.security_size);
    mbedtls_sha256_finish_ret(&sha, digest);
    mbedtls_sha256_free(&sha);
    return rc;
}
