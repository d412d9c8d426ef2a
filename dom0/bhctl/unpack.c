/* SPDX-License-Identifier: MIT */
#include "unpack.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* A decoder may ask for this much: Linux packs with dictionaries of up to 128 MiB. */
#define DECODER_MAX     (192ul << 20)
#define ZSTD_WINDOW_LOG 27

/* What a step of a decoder came to. */
enum progress { MORE, END, BROKEN };

struct format {
    const char *name;
    uint8_t magic[6];
    size_t magic_size;
    bool (*open)(struct unpack *u);
    /* Unpacks into out[0..*size), sets *size to what it wrote. */
    enum progress (*step)(struct unpack *u, uint8_t *out, size_t *size);
    void (*close)(struct unpack *u);
};

struct unpack {
    const struct format *format;
    const uint8_t *data;
    size_t size;
    enum progress state;
    union {
        lzma_stream xz;
        z_stream gzip;
        struct {
            ZSTD_DCtx *ctx;
            size_t pos;
        } zstd;
    } u;
};

static bool xz_open(struct unpack *u)
{
    u->u.xz = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&u->u.xz, DECODER_MAX, 0) != LZMA_OK) return false;
    u->u.xz.next_in = u->data;
    u->u.xz.avail_in = u->size;
    return true;
}

static enum progress xz_step(struct unpack *u, uint8_t *out, size_t *size)
{
    lzma_stream *s = &u->u.xz;
    lzma_ret ret;

    s->next_out = out;
    s->avail_out = *size;
    ret = lzma_code(s, LZMA_FINISH);
    *size -= s->avail_out;
    return ret == LZMA_STREAM_END ? END : ret == LZMA_OK ? MORE : BROKEN;
}

static void xz_close(struct unpack *u)
{
    lzma_end(&u->u.xz);
}

static bool gzip_open(struct unpack *u)
{
    u->u.gzip = (z_stream){.next_in = (uint8_t *)u->data, .avail_in = (uInt)u->size}; /* zlib knows no const */
    return inflateInit2(&u->u.gzip, 16 + MAX_WBITS) == Z_OK;
}

static enum progress gzip_step(struct unpack *u, uint8_t *out, size_t *size)
{
    z_stream *s = &u->u.gzip;
    int ret;

    s->next_out = out;
    s->avail_out = (uInt)*size;
    ret = inflate(s, Z_NO_FLUSH);
    *size -= s->avail_out;
    return ret == Z_STREAM_END ? END : ret == Z_OK ? MORE : BROKEN;
}

static void gzip_close(struct unpack *u)
{
    inflateEnd(&u->u.gzip);
}

static bool zstd_open(struct unpack *u)
{
    u->u.zstd.pos = 0;
    u->u.zstd.ctx = ZSTD_createDCtx();
    return u->u.zstd.ctx && !ZSTD_isError(ZSTD_DCtx_setParameter(u->u.zstd.ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static enum progress zstd_step(struct unpack *u, uint8_t *out, size_t *size)
{
    ZSTD_inBuffer src = {u->data, u->size, u->u.zstd.pos};
    ZSTD_outBuffer dst = {out, *size, 0};
    size_t left = ZSTD_decompressStream(u->u.zstd.ctx, &dst, &src);

    *size = dst.pos;
    if (ZSTD_isError(left) || (left != 0 && dst.pos == 0 && src.pos == u->u.zstd.pos)) return BROKEN;
    u->u.zstd.pos = src.pos;
    return left == 0 ? END : MORE;
}

static void zstd_close(struct unpack *u)
{
    ZSTD_freeDCtx(u->u.zstd.ctx);
}

static const struct format formats[] = {
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, xz_open, xz_step, xz_close},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_open, zstd_step, zstd_close},
    {"gzip", {0x1f, 0x8b}, 2, gzip_open, gzip_step, gzip_close},
};

int unpack_open(const uint8_t *data, size_t size, struct unpack **out)
{
    const struct format *format = NULL;
    struct unpack *u;

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]) && !format; i++)
        if (memcmp(data, formats[i].magic, formats[i].magic_size) == 0) format = &formats[i];
    if (!format) return -EINVAL;
    u = calloc(1, sizeof(*u));
    if (!u) return -ENOMEM;
    *u = (struct unpack){.format = format, .data = data, .size = size, .state = MORE};
    if (!format->open(u)) {
        unpack_close(u);
        return -ENOMEM;
    }
    *out = u;
    return 0;
}

const char *unpack_name(const struct unpack *u)
{
    return u->format->name;
}

long unpack_next(struct unpack *u, uint8_t *to, size_t capacity)
{
    while (u->state == MORE) {
        size_t size = capacity;

        u->state = u->format->step(u, to, &size);
        if (size && u->state != BROKEN) return (long)size;
    }
    return u->state == END ? 0 : -EINVAL;
}

void unpack_close(struct unpack *u)
{
    if (!u) return;
    u->format->close(u);
    free(u);
}
