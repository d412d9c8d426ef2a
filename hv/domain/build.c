/* SPDX-License-Identifier: MIT */
/* The builder, in bounded steps: memory, kernel, ramdisk, tables, then the staged image is scrubbed. */
#include "hv.h"
#include "domain/build.h"
#include "domain/lifecycle.h"
#include "mm/paging.h"
#include "mm/frame.h"
#include "cpu/fpu.h"

#define COPY_STEP 65536ul

mfn_t build_mfn(const struct domain_build *b, uint64_t pfn)
{
    return (mfn_t)b->chunk_of[pfn / CHUNK_FRAMES] * CHUNK_FRAMES + pfn % CHUNK_FRAMES;
}

/* The vCPUs' secret state is on the last frames of the last chunk: the domain's own memory, never the guest's. */
static void place_states(struct domain *d)
{
    mfn_t first = build_mfn(d->build, d->mm.frames_max);

    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        d->vcpu[i]->state = own_frame(first + i * STATE_FRAMES);
    for (unsigned int i = 0; i < d->nr_vcpus * STATE_FRAMES; i++)
        frame_of(first + i)->flags = FF_STATE;
}

/* A chunk that has just come: the guest's next frame numbers below those that are given already. */
static void adopt_chunk(struct domain *d)
{
    struct domain_build *b = d->build;
    uint32_t n = b->nr_chunks - d->mm.chunks;

    b->chunk_of[n] = d->mm.first_chunk;
    for (uint64_t pfn = n * (uint64_t)CHUNK_FRAMES; pfn < MIN((n + 1ul) * CHUNK_FRAMES, d->mm.frames_max); pfn++) {
        frame_of(build_mfn(b, pfn))->flags = FF_ALLOC;
        set_m2p(build_mfn(b, pfn), pfn);
    }
}

static int step_memory(struct domain *d, const char **error)
{
    struct domain_build *b = d->build;

    if (!b->chunk_of) {
        b->nr_chunks = (uint32_t)((d->mm.frames_max + d->nr_vcpus * STATE_FRAMES) / CHUNK_FRAMES);
        b->chunk_of = heap_alloc(b->nr_chunks * sizeof(uint32_t));
    }
    if (!b->chunk_of || domain_add_chunk(d)) {
        *error = "not enough free memory";
        return -XEN_ENOMEM;
    }
    adopt_chunk(d);
    if (d->mm.chunks < b->nr_chunks) return -XEN_EAGAIN;
    d->mm.frames = d->mm.frames_max;
    place_states(d);
    return 0;
}

static bool kernel_reader(void *ctx, uint64_t offset, void *buf, size_t n)
{
    return image_read(ctx, offset, buf, n);
}

static int step_parse(struct domain *d, const char **error)
{
    struct domain_build *b = d->build;
    int rc = elf_parse(&b->elf, b->part[BH_PART_KERNEL].size, kernel_reader, &b->part[BH_PART_KERNEL], error);

    return rc ? rc : build_layout(d, error);
}

/* Copies up to COPY_STEP bytes of a part to the pfn-contiguous place. d's address space is loaded. */
static void copy_piece(struct domain_build *b, const struct image_part *p, uint64_t offset, uint64_t paddr, uint64_t n)
{
    while (n) {
        uint64_t in_page = paddr & ~PAGE_MASK;
        size_t step = MIN(n, PAGE_SIZE - in_page);
        image_read(p, offset, (char *)own_frame(build_mfn(b, paddr >> PAGE_SHIFT)) + in_page, step);
        offset += step;
        paddr += step;
        n -= step;
    }
}

static int step_kernel(struct domain *d)
{
    struct domain_build *b = d->build;

    if (b->segment == b->elf.segments) return 0;
    const struct elf_segment *s = &b->elf.segment[b->segment];
    uint64_t n = MIN(s->file_size - b->progress, COPY_STEP);
    copy_piece(b, &b->part[BH_PART_KERNEL], s->offset + b->progress, s->vaddr - b->elf.virt_base + b->progress, n);
    b->progress += n;
    if (b->progress == s->file_size) {
        b->segment++;
        b->progress = 0;
    }
    return -XEN_EAGAIN;
}

static int step_ramdisk(struct domain *d)
{
    struct domain_build *b = d->build;
    const struct image_part *p = &b->part[BH_PART_RAMDISK];
    uint64_t n = MIN(p->size - b->progress, COPY_STEP);

    copy_piece(b, p, b->progress, (b->at.ramdisk << PAGE_SHIFT) + b->progress, n);
    b->progress += n;
    return b->progress == p->size ? 0 : -XEN_EAGAIN;
}

static int run_phase(struct domain *d, const char **error)
{
    switch (d->build->phase) {
    case BUILD_MEMORY:
        return step_memory(d, error);
    case BUILD_PARSE:
        return step_parse(d, error);
    case BUILD_KERNEL:
        return step_kernel(d);
    case BUILD_RAMDISK:
        return step_ramdisk(d);
    case BUILD_TABLES:
        return build_tables(d);
    case BUILD_P2M_TABLES:
        return build_p2m_tables(d);
    case BUILD_P2M:
        return build_p2m(d);
    case BUILD_VALIDATE:
        return build_validate(d, error);
    case BUILD_FREE_STAGED:
        return image_free_step(d->build);
    default:
        return 0;
    }
}

int build_step(struct domain *d, const char **error)
{
    struct domain_build *b = d->build;
    maddr_t previous = aspace_enter(d);
    int rc = run_phase(d, error);

    aspace_leave(previous);
    if (rc) return rc;
    b->phase++;
    b->progress = 0;
    return b->phase == BUILD_DONE ? 0 : -XEN_EAGAIN;
}
