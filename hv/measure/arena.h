/* SPDX-License-Identifier: MIT */
/* Memory for mbedTLS: an allocator inside one given block. Everything that it knows lies in the block, so the vault
 * can hold one. At most one arena is in use at a time, under the caller's lock; none is outside arena_use/arena_done.
 */
#ifndef HV_ARENA_H
#define HV_ARENA_H

#include <stddef.h>

struct arena; /* lies at the start of its block */

/* Makes an empty arena of `size` bytes at `mem` (16-byte aligned, at most 1 MiB). */
struct arena *arena_init(void *mem, size_t size);
void arena_use(struct arena *a);
void arena_done(void);
/* Most bytes that were taken at once, with the allocator's own. */
size_t arena_peak(const struct arena *a);

/* mbedTLS calls these (mbedtls_config.h). calloc gives NULL when there is no room; free wipes what it takes back. */
void *arena_calloc(size_t n, size_t size);
void arena_free(void *p);

#endif
