/* SPDX-License-Identifier: MIT */
/*
 * Kernel files as a stream: an ELF64 as it is, or a Linux bzImage, whose payload (found by the set-up header's
 * payload_offset and payload_length, Documentation/arch/x86/boot.rst) is an ELF64 packed with xz, zstd or
 * gzip, its unpacked size in the payload's last four bytes. Unpacked piece by piece, so that dom0 never holds
 * a whole kernel. Pure: no I/O; memory for the decoder only.
 */
#ifndef BZIMAGE_H
#define BZIMAGE_H

#include <stddef.h>
#include <stdint.h>

#define BZIMAGE_KERNEL_MAX (1024ul << 20) /* of an unpacked kernel: what the hypervisor takes */
#define BZIMAGE_ERROR_MAX  160u

struct bzimage;
struct bzimage_error {
    char text[BZIMAGE_ERROR_MAX];
};

/* `file` must stay until bzimage_close(). On success *total is the unpacked size, between an ELF header's size
 * and `limit`, and what begins is an ELF64 for x86-64. 0, or -EINVAL, -EFBIG, -ENOMEM with *err filled in. */
int bzimage_open(const uint8_t *file, size_t size, size_t limit, struct bzimage **out, size_t *total,
                 struct bzimage_error *err);

/* The next bytes, as many as fit; 0 at the end, where exactly `total` bytes have come; -EINVAL with *err filled
 * in where the file is damaged. */
long bzimage_read(struct bzimage *image, void *to, size_t capacity, struct bzimage_error *err);

void bzimage_close(struct bzimage *image); /* NULL is fine */

#endif
