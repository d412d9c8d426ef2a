/* SPDX-License-Identifier: MIT */
/* Kernel files: each packing is made here, by the libraries that pack, and then damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "bzimage.h"

#define ELF_SIZE    (200u << 10)
#define SETUP_SECTS 3u
#define PAYLOAD_AT  ((SETUP_SECTS + 1) * 512 + 0x40)
#define BIG         (64ul << 20)

static uint8_t elf[ELF_SIZE];
static struct bzimage_error err;

static void make_elf(void)
{
    Elf64_Ehdr h = {.e_type = ET_EXEC, .e_machine = EM_X86_64};

    for (size_t i = 0; i < sizeof(elf); i++)
        elf[i] = (uint8_t)((i * 2654435761u) >> 13 & (i % 3 ? 0x0f : 0xff));
    memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    memcpy(elf, &h, sizeof(h));
}

typedef size_t (*packer)(const uint8_t *in, size_t size, uint8_t *out, size_t capacity);

/* As Linux packs: the x86 filter before LZMA2, a CRC32 behind. */
static size_t pack_xz(const uint8_t *in, size_t size, uint8_t *out, size_t capacity)
{
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_X86, NULL}, {LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t pos = 0;

    lzma_lzma_preset(&options, 6);
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, in, size, out, &pos, capacity),
                     LZMA_OK);
    return pos;
}

static size_t pack_zstd(const uint8_t *in, size_t size, uint8_t *out, size_t capacity)
{
    size_t n = ZSTD_compress(out, capacity, in, size, 3);

    assert_false(ZSTD_isError(n));
    return n;
}

static size_t pack_gzip(const uint8_t *in, size_t size, uint8_t *out, size_t capacity)
{
    z_stream s = {.next_in = (uint8_t *)in, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};

    assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    deflateEnd(&s);
    return capacity - s.avail_out;
}

static size_t pack_not(const uint8_t *in, size_t size, uint8_t *out, size_t capacity)
{
    assert_true(size <= capacity);
    memcpy(out, in, size);
    return size;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* A bzImage around a payload; after it come the unpacked size, as in Linux, and some slack. */
static uint8_t *make_bzimage(packer pack, const uint8_t *content, size_t content_size, size_t *size)
{
    size_t capacity = PAYLOAD_AT + 2 * content_size + 4096, n;
    uint8_t *file = calloc(1, capacity);

    n = pack(content, content_size, file + PAYLOAD_AT, capacity - PAYLOAD_AT - 128);
    put32(file + PAYLOAD_AT + n, (uint32_t)content_size);
    n += 4;
    file[0x1f1] = SETUP_SECTS;
    memcpy(file + 0x202, "HdrS", 4);
    file[0x206] = 0x0f;
    file[0x207] = 0x02;
    put32(file + 0x248, 0x40);
    put32(file + 0x24c, (uint32_t)n);
    *size = PAYLOAD_AT + n + 60;
    return realloc(file, *size);
}

static size_t piece = 4096; /* how much is read at a time */

/* Unpacks a copy that ends where the file ends. */
static int unpack(const uint8_t *file, size_t size, size_t limit, const uint8_t *want, size_t want_size)
{
    uint8_t *copy = malloc(size ? size : 1), *to = malloc(piece);
    struct bzimage *image = NULL;
    size_t total = 0, got = 0;
    long n;

    memcpy(copy, file, size);
    err.text[0] = '\0';
    n = bzimage_open(copy, size, limit, &image, &total, &err);
    if (n == 0) {
        while ((n = bzimage_read(image, to, piece, &err)) > 0) {
            if (want) {
                assert_true(got + (size_t)n <= want_size);
                assert_memory_equal(to, want + got, (size_t)n);
            }
            got += (size_t)n;
            assert_true(got <= total);
        }
        bzimage_close(image);
    }
    if (n == 0)
        assert_int_equal(got, total);
    else
        assert_true(err.text[0] != '\0');
    if (n == 0 && want) assert_int_equal(got, want_size);
    free(to);
    free(copy);
    return (int)n;
}

static void refused(const uint8_t *file, size_t size, int rc, const char *words)
{
    assert_int_equal(unpack(file, size, BIG, NULL, 0), rc);
    if (!strstr(err.text, words)) fail_msg("'%s' is not in '%s'", words, err.text);
}

static void test_plain_elf(void **state)
{
    uint8_t other[sizeof(elf)];

    (void)state;
    assert_int_equal(unpack(elf, sizeof(elf), BIG, elf, sizeof(elf)), 0);
    assert_int_equal(unpack(elf, sizeof(elf), sizeof(elf) - 1, NULL, 0), -EFBIG);
    memcpy(other, elf, sizeof(elf));
    other[EI_CLASS] = ELFCLASS32;
    refused(other, sizeof(other), -EINVAL, "not for 64-bit x86");
    memcpy(other, elf, sizeof(elf));
    other[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
    refused(other, sizeof(other), -EINVAL, "not an executable");
    refused(elf, sizeof(Elf64_Ehdr) - 1, -EINVAL, "neither a bzImage nor an ELF64");
    refused(elf, 0, -EINVAL, "neither");
}

static void each_packing(void (*check)(const uint8_t *file, size_t size))
{
    static const packer packers[] = {pack_xz, pack_zstd, pack_gzip};

    for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
        size_t size;
        uint8_t *file = make_bzimage(packers[i], elf, sizeof(elf), &size);

        check(file, size);
        free(file);
    }
}

static void check_good(const uint8_t *file, size_t size)
{
    static const size_t pieces[] = {1, 7, 63, 64, 65, 65536, 2 * ELF_SIZE};

    assert_int_equal(unpack(file, size, sizeof(elf), elf, sizeof(elf)), 0);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        piece = pieces[i];
        assert_int_equal(unpack(file, size, BIG, elf, sizeof(elf)), 0);
    }
    piece = 4096;
}

static void check_bomb(const uint8_t *file, size_t size)
{
    assert_int_equal(unpack(file, size, sizeof(elf) - 1, NULL, 0), -EFBIG);
    assert_non_null(strstr(err.text, "204800 bytes, and 204799 are allowed"));
}

static void check_truncated(const uint8_t *file, size_t size)
{
    for (size_t n = 0; n < size - 60; n += n < 0x300 ? 7 : 997)
        assert_int_equal(unpack(file, n, BIG, NULL, 0), -EINVAL);
    refused(file, size / 2, -EINVAL, "cut short?");
}

/* The header says so, and the payload ends early all the same. */
static void check_short_payload(const uint8_t *file, size_t size)
{
    uint8_t *copy = malloc(size);

    memcpy(copy, file, size);
    put32(copy + 0x24c, 1000);
    put32(copy + PAYLOAD_AT + 996, ELF_SIZE);
    refused(copy, size, -EINVAL, "cut short");
    free(copy);
}

/* gzip and xz carry a checksum, so a changed byte is seen; with zstd it may pass, but harms nobody. */
static void check_damaged(const uint8_t *file, size_t size)
{
    uint8_t *copy = malloc(size);

    for (size_t at = PAYLOAD_AT; at < size - 64; at += 1499) {
        memcpy(copy, file, size);
        copy[at] ^= 0x20;
        if (unpack(copy, size, BIG, NULL, 0) == 0) assert_true(file[PAYLOAD_AT] == 0x28 || file[PAYLOAD_AT] == 0x1f);
    }
    free(copy);
}

/* The size at the payload's end is believed by nobody. */
static void check_wrong_size(const uint8_t *file, size_t size)
{
    uint8_t *copy = malloc(size);

    memcpy(copy, file, size);
    put32(copy + size - 64, ELF_SIZE + 1);
    refused(copy, size, -EINVAL, "ends before the size");
    put32(copy + size - 64, ELF_SIZE - 1);
    refused(copy, size, -EINVAL, "goes on after the size");
    put32(copy + size - 64, 63);
    refused(copy, size, -EINVAL, "is none");
    put32(copy + size - 64, 0xffffffff);
    refused(copy, size, -EFBIG, "4294967295 bytes");
    free(copy);
}

static void test_wrong_size(void **state)
{
    (void)state;
    each_packing(check_wrong_size);
}

static void test_good(void **state)
{
    (void)state;
    each_packing(check_good);
}

static void test_bomb(void **state)
{
    (void)state;
    each_packing(check_bomb);
}

static void test_truncated(void **state)
{
    (void)state;
    each_packing(check_truncated);
    each_packing(check_short_payload);
}

static void test_damaged(void **state)
{
    (void)state;
    each_packing(check_damaged);
}

static void test_header(void **state)
{
    size_t size;
    uint8_t *file = make_bzimage(pack_gzip, elf, sizeof(elf), &size);

    (void)state;
    file[0x206] = 0x07;
    refused(file, size, -EINVAL, "2.07 is too old");
    file[0x206] = 0x0f;
    put32(file + 0x248, 0xffffffff);
    refused(file, size, -EINVAL, "does not lie within");
    put32(file + 0x248, 0x40);
    put32(file + 0x24c, 0xffffffff);
    refused(file, size, -EINVAL, "does not lie within");
    put32(file + 0x24c, 15);
    refused(file, size, -EINVAL, "does not lie within");
    put32(file + 0x24c, 16);
    put32(file + PAYLOAD_AT + 12, ELF_SIZE);
    refused(file, size, -EINVAL, "cut short");
    file[0x1f1] = SETUP_SECTS + 1;
    refused(file, size, -EINVAL, "packed in no known way");
    file[0x1f1] = 255;
    refused(file, size, -EINVAL, "does not lie within");
    file[0x202] = 'X';
    refused(file, size, -EINVAL, "neither a bzImage nor an ELF64");
    free(file);
}

/* boot.rst: setup_sects 0 means 4. */
static void test_zero_setup_sects(void **state)
{
    size_t size, moved = 512;
    uint8_t *file = make_bzimage(pack_zstd, elf, sizeof(elf), &size), *copy = calloc(1, size + moved);

    (void)state;
    memcpy(copy, file, PAYLOAD_AT);
    memcpy(copy + PAYLOAD_AT + moved, file + PAYLOAD_AT, size - PAYLOAD_AT);
    copy[0x1f1] = 0;
    assert_int_equal(unpack(copy, size + moved, BIG, elf, sizeof(elf)), 0);
    free(copy);
    free(file);
}

static void test_content(void **state)
{
    static const uint8_t text[100] = "no kernel";
    size_t size;
    uint8_t *file = make_bzimage(pack_gzip, text, sizeof(text), &size);

    (void)state;
    refused(file, size, -EINVAL, "holds is no ELF64");
    free(file);
    file = make_bzimage(pack_not, elf, sizeof(elf), &size);
    refused(file, size, -EINVAL, "starts 7f 45 4c 46");
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_elf), cmocka_unit_test(test_good),      cmocka_unit_test(test_wrong_size),
        cmocka_unit_test(test_bomb),      cmocka_unit_test(test_truncated), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_header),    cmocka_unit_test(test_content),   cmocka_unit_test(test_zero_setup_sects),
    };

    make_elf();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
