/* SPDX-License-Identifier: MIT */
/*
 * Kernel files: an ELF64 as it is, or a Linux bzImage, whose payload (found by the set-up header's
 * payload_offset and payload_length, Documentation/arch/x86/boot.rst) is an ELF64 packed with xz,
 * zstd or gzip. Pure: no I/O; memory for the result only.
 */
#ifndef BZIMAGE_H
#define BZIMAGE_H

#include <stddef.h>
#include <stdint.h>

#define BZIMAGE_KERNEL_MAX (1024ul << 20) /* of an unpacked kernel: what the hypervisor takes */
#define BZIMAGE_ERROR_MAX  160u

struct bzimage_error {
    char text[BZIMAGE_ERROR_MAX];
};

/* Gives the ELF in `file`. *elf points into `file` where nothing was packed (then *owned is NULL),
 * else it is *owned, which the caller frees with free(). At most `limit` bytes are produced.
 * 0, or -EINVAL, -EFBIG, -ENOMEM with *err filled in. */
int bzimage_unpack(const uint8_t *file, size_t size, size_t limit, const uint8_t **elf, size_t *elf_size,
                   uint8_t **owned, struct bzimage_error *err);

#endif
