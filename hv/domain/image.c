/* SPDX-License-Identifier: MIT */
/* A domain's image before it is built: boot modules, or what dom0 sent, in chunks that already belong to the new domain
 * and that no domain can reach. Hashed as it comes: what is measured is what was copied. */
#include "domain/build.h"
#include "domain/lifecycle.h"
#include "mm/access.h"
#include "lib.h"

static mfn_t frame_at(const struct image_part *p, uint64_t offset)
{
    if (p->module) return (p->module + offset) >> PAGE_SHIFT;
    return (mfn_t)p->chunks[offset >> CHUNK_SHIFT] * CHUNK_FRAMES + (offset >> PAGE_SHIFT & (CHUNK_FRAMES - 1));
}

bool image_read(const struct image_part *p, uint64_t offset, void *buf, size_t n)
{
    char *out = buf;

    if (offset > p->size || n > p->size - offset) return false;
    while (n) {
        uint64_t in_page = (p->module + offset) & ~PAGE_MASK;
        size_t step = MIN(n, PAGE_SIZE - in_page);
        char *page = window_map(frame_at(p, offset));
        memcpy(out, page + in_page, step);
        window_unmap(page);
        out += step;
        offset += step;
        n -= step;
    }
    return true;
}

int image_append(struct domain *d, struct image_part *p, gva_t data, size_t n)
{
    if (!p->chunks) {
        p->chunks = heap_alloc(PART_CHUNKS_MAX * sizeof(uint32_t));
        if (!p->chunks) return -XEN_ENOMEM;
        for (unsigned int i = 0; i < PART_CHUNKS_MAX; i++)
            p->chunks[i] = CHUNK_NONE;
    }
    uint32_t *chunk = &p->chunks[p->loaded >> CHUNK_SHIFT];
    if (*chunk == CHUNK_NONE && (*chunk = chunk_take(d)) == CHUNK_NONE) return -XEN_ENOMEM;
    char *page = window_map(frame_at(p, p->loaded)), *at = page + (p->loaded & ~PAGE_MASK);
    int rc = copy_from_guest(at, data, n);
    if (!rc) {
        sha256_update(&p->hash, at, n);
        p->loaded += n;
    }
    window_unmap(page);
    return rc;
}

static void scrub_chunk(uint32_t chunk)
{
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++) {
        void *page = window_map((mfn_t)chunk * CHUNK_FRAMES + i);
        memset(page, 0, PAGE_SIZE);
        window_unmap(page);
    }
}

/* One staged chunk given back; false when there are none. */
static bool free_one(struct domain_build *b)
{
    for (unsigned int k = 0; k < 2; k++)
        for (unsigned int i = 0; b->part[k].chunks && i < PART_CHUNKS_MAX; i++)
            if (b->part[k].chunks[i] != CHUNK_NONE) {
                scrub_chunk(b->part[k].chunks[i]);
                chunk_release(b->part[k].chunks[i]);
                b->part[k].chunks[i] = CHUNK_NONE;
                return true;
            }
    return false;
}

int image_free_step(struct domain_build *b)
{
    if (free_one(b)) return -XEN_EAGAIN;
    for (unsigned int k = 0; k < 2; k++) {
        heap_free(b->part[k].chunks);
        b->part[k].chunks = NULL;
    }
    return 0;
}
