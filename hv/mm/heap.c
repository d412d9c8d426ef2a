/* SPDX-License-Identifier: MIT */
/* The hypervisor's heap: pages of the pool by a bitmap, aligned to their number rounded up to a power of two; small
 * objects by size class, never returned to the page level. Holds no tenant secrets: it is always mapped. */
#include "hv.h"
#include "mm/heap.h"
#include "mm/layout.h"
#include "mm/frame.h"

#define HEAP_PAGES_MAX (256ul << 8) /* 256 MiB */

static struct spinlock heap_lock = SPINLOCK(RANK_HEAP);
static uint64_t used_map[HEAP_PAGES_MAX / 64];
static maddr_t heap_start;
static size_t heap_pages, heap_used;
static size_t hint;

struct free_object {
    struct free_object *next;
};
static struct free_object *classes[8]; /* 32, 64, ... 2048 with an 8-byte header each */
struct object_header {
    uint64_t class;
};

void heap_init(maddr_t start, size_t pages)
{
    heap_start = start;
    heap_pages = MIN(pages, HEAP_PAGES_MAX);
}

static bool range_free(size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (test_bit((unsigned int)(at + i), used_map)) return false;
    return true;
}

static void *take(size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        used_map[(at + i) / 64] |= 1ul << ((at + i) % 64);
    heap_used += n;
    hint = at + n;
    return (void *)(HEAP_BASE + heap_start + at * PAGE_SIZE);
}

void *heap_alloc_pages(size_t n)
{
    size_t align = 1;
    void *p = NULL;

    while (align < n)
        align <<= 1;
    spin_lock(&heap_lock);
    for (int pass = 0; pass < 2 && !p; pass++) {
        size_t first = ROUND_UP((heap_start >> PAGE_SHIFT) + (pass ? 0 : hint), align) - (heap_start >> PAGE_SHIFT);
        for (size_t at = first; at + n <= heap_pages; at += align)
            if (range_free(at, n)) {
                p = take(at, n);
                break;
            }
    }
    spin_unlock(&heap_lock);
    if (p) memset(p, 0, n * PAGE_SIZE);
    return p;
}

void heap_free_pages(void *p, size_t n)
{
    if (!p) return;
    size_t at = ((uint64_t)p - HEAP_BASE - heap_start) >> PAGE_SHIFT;
    ASSERT(at + n <= heap_pages && !((uint64_t)p & ~PAGE_MASK));
    spin_lock(&heap_lock);
    for (size_t i = at; i < at + n; i++) {
        ASSERT(used_map[i / 64] & (1ul << (i % 64)));
        used_map[i / 64] &= ~(1ul << (i % 64));
    }
    heap_used -= n;
    hint = MIN(hint, at);
    spin_unlock(&heap_lock);
}

mfn_t heap_mfn(const void *p)
{
    return ((uint64_t)p - HEAP_BASE) >> PAGE_SHIFT;
}

static bool refill(unsigned int class)
{
    size_t size = 32ul << class;
    char *page;

    spin_unlock(&heap_lock);
    page = heap_alloc_pages(1);
    spin_lock(&heap_lock);
    if (!page) return false;
    for (size_t at = 0; at + size <= PAGE_SIZE; at += size) {
        struct free_object *o = (struct free_object *)(page + at);
        o->next = classes[class];
        classes[class] = o;
    }
    return true;
}

/* The header's word before each object: its class, or 256 + pages for large ones (which start 16 bytes into them). */
void *heap_alloc(size_t size)
{
    unsigned int class = 0;
    struct free_object *o;

    while (class < 7 && (32ul << class) < size + 16)
        class ++;
    if (class == 7) {
        size_t pages = (size + 16 + PAGE_SIZE - 1) / PAGE_SIZE;
        uint64_t *p = heap_alloc_pages(pages);
        if (!p) return NULL;
        p[1] = 256 + pages;
        return p + 2;
    }
    spin_lock(&heap_lock);
    if (!classes[class] && !refill(class)) {
        spin_unlock(&heap_lock);
        return NULL;
    }
    o = classes[class];
    classes[class] = o->next;
    spin_unlock(&heap_lock);
    memset(o, 0, 32ul << class);
    ((uint64_t *)o)[1] = class;
    return (uint64_t *)o + 2;
}

void heap_free(void *p)
{
    if (!p) return;
    uint64_t *base = (uint64_t *)p - 2;
    uint64_t class = base[1];
    if (class >= 256) {
        heap_free_pages(base, class - 256);
        return;
    }
    ASSERT(class < 7);
    spin_lock(&heap_lock);
    ((struct free_object *)base)->next = classes[class];
    classes[class] = (struct free_object *)base;
    spin_unlock(&heap_lock);
}

size_t heap_free_count(void)
{
    return heap_pages - heap_used;
}
