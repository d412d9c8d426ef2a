/* SPDX-License-Identifier: MIT */
/* A first-fit list of blocks, each headed by its size; neighbours that are free are joined when somebody looks. */
#include "measure/arena.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/platform_util.h"

struct block {
    uint32_t size; /* with this head; a multiple of 16 */
    uint32_t taken;
    uint64_t pad;
};
BUILD_ASSERT(sizeof(struct block) == 16);

struct arena {
    struct block *first;
    char *end;
    size_t taken;
    size_t peak;
};

#define ARENA_HEAD ROUND_UP(sizeof(struct arena), 16)

static struct arena *arena_now;

struct arena *arena_init(void *mem, size_t size)
{
    struct arena *a = mem;

    a->first = (struct block *)((char *)mem + ARENA_HEAD);
    a->end = (char *)mem + ROUND_DOWN(size, 16);
    a->taken = a->peak = 0;
    a->first->size = a->end - (char *)a->first;
    a->first->taken = 0;
    return a;
}

void arena_use(struct arena *a)
{
    ASSERT(!arena_now);
    arena_now = a;
}

void arena_done(void)
{
    arena_now = NULL;
}

size_t arena_peak(const struct arena *a)
{
    return a->peak;
}

static struct block *next_block(const struct arena *a, struct block *b)
{
    char *n = (char *)b + b->size;

    return n < a->end ? (struct block *)n : NULL;
}

static void join_following(const struct arena *a, struct block *b)
{
    struct block *n;

    while ((n = next_block(a, b)) && !n->taken)
        b->size += n->size;
}

static void split(struct block *b, uint32_t size)
{
    struct block *rest = (struct block *)((char *)b + size);

    if (b->size - size < 2 * sizeof(struct block)) return;
    rest->size = b->size - size;
    rest->taken = 0;
    b->size = size;
}

void *arena_calloc(size_t n, size_t size)
{
    struct arena *a = arena_now;
    struct block *b;
    size_t bytes;

    if (!a || __builtin_mul_overflow(n, size, &bytes) || bytes > (1ul << 20)) return NULL;
    bytes = ROUND_UP(bytes, 16) + sizeof(struct block);
    for (b = a->first; b; b = next_block(a, b)) {
        if (b->taken) continue;
        join_following(a, b);
        if (b->size < bytes) continue;
        split(b, bytes);
        b->taken = 1;
        a->taken += b->size;
        a->peak = MAX(a->peak, a->taken);
        return memset(b + 1, 0, b->size - sizeof(*b));
    }
    return NULL;
}

void arena_free(void *p)
{
    struct block *b;

    if (!p) return;
    b = (struct block *)p - 1;
    ASSERT(arena_now && (char *)b >= (char *)arena_now->first && (char *)p < arena_now->end && b->taken == 1);
    wipe(p, b->size - sizeof(*b));
    b->taken = 0;
    arena_now->taken -= b->size;
}

void mbedtls_platform_zeroize(void *buf, size_t len)
{
    wipe(buf, len);
}
