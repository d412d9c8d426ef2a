/* SPDX-License-Identifier: MIT */
/* One way of reading xz, zstd and gzip: told apart by their first bytes, unpacked piece by piece. Pure. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct unpack;

/* `data` must stay until unpack_close(); at least 6 bytes. What follows the packed stream is not looked at.
 * 0, -EINVAL where it is none of the three, -ENOMEM. */
int unpack_open(const uint8_t *data, size_t size, struct unpack **out);

const char *unpack_name(const struct unpack *u);

/* At least one byte and at most `capacity` (> 0); 0 at the stream's end; -EINVAL where it is damaged or cut short,
 * and ever after. */
long unpack_next(struct unpack *u, uint8_t *to, size_t capacity);

void unpack_close(struct unpack *u); /* NULL is fine */

#endif
