/* SPDX-License-Identifier: MIT */
/* From an image to a domain that can run (D2): one builder for the boot domain and for tenants. */
#ifndef HV_BUILD_H
#define HV_BUILD_H

#include "domain/domain.h"
#include "measure/crypto.h"
#include "domain/elf.h"
#include "mm/chunk.h"

/* Where a part of the image lies: machine-contiguous (a boot module), or in chunks of the domain's own that the guest
 * will not keep. */
#define PART_CHUNKS_MAX 512u /* 1 GiB */
struct image_part {
    uint64_t size;
    maddr_t module;   /* first byte of a boot module, or 0 */
    uint32_t *chunks; /* staged: PART_CHUNKS_MAX chunk numbers, else NULL */
    uint64_t loaded;  /* bytes so far */
    struct sha256_state hash;
};
/* Where things go, in the domain's own frame numbers; virtual address of pfn p: virt_base + (p << 12) below mapped_end.
 */
struct build_layout {
    uint64_t virt_base;
    uint64_t kernel_end, ramdisk, p2m, p2m_frames,
        p2m_tables; /* pfns; p2m_frames: with the tables that map an INIT_P2M list */
    uint64_t start_info, console, store, tables, stack, mapped_end, end;
    uint64_t nr_tables;
};
enum build_phase {
    BUILD_MEMORY,
    BUILD_PARSE,
    BUILD_KERNEL,
    BUILD_RAMDISK,
    BUILD_TABLES,
    BUILD_P2M_TABLES,
    BUILD_P2M,
    BUILD_VALIDATE,
    BUILD_FREE_STAGED,
    BUILD_DONE
};
struct domain_build {
    struct image_part part[2]; /* BH_PART_KERNEL, BH_PART_RAMDISK */
    char cmdline[1024];
    uint64_t cmdline_size, cmdline_loaded;
    struct bh_signature signature; /* where signature_size is not 0 */
    uint64_t signature_size, signature_loaded;
    bool measured, admitted; /* nothing is loaded any more; the policy lets it start */
    enum build_phase phase;
    uint64_t progress;   /* within a phase: bytes or pages done */
    uint64_t next_table; /* pfn of the next free one while tables are filled */
    unsigned int segment;
    struct elf_image elf;
    struct build_layout at;
    uint32_t *chunk_of; /* chunk that holds pfns [512 n, 512 n + 512) */
    uint32_t nr_chunks;
};

/* Copies n bytes at offset of a part; false if that is not inside. */
bool image_read(const struct image_part *p, uint64_t offset, void *buf, size_t n);
/* Appends the caller's bytes to a staged part: read once, hashed where they lie then. n <= PAGE_SIZE and within one
 * page of the part. */
int image_append(struct domain *d, struct image_part *p, gva_t data, size_t n);

/* One bounded step. 0: done; -EAGAIN: call again; else d cannot be built, *error says why. */
int build_step(struct domain *d, const char **error);
mfn_t build_mfn(const struct domain_build *b, uint64_t pfn);
/* Where start_info, tables and the rest go; -ENOMEM or -EINVAL with a sentence. */
int build_layout(struct domain *d, const char **error);
/* One step each of filling in tables, those of an INIT_P2M list, that list; then all else, and the first vCPU. d's
 * address space is loaded. */
int build_tables(struct domain *d);
int build_p2m_tables(struct domain *d);
int build_p2m(struct domain *d);
int build_validate(struct domain *d, const char **error);
void build_measure(struct domain *d); /* d->launch, d->launch_digest */

#endif
