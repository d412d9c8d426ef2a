/* SPDX-License-Identifier: MIT */
/*
 * A sealed file: AES-256-GCM under a key that the hypervisor gives to the right guest alone. All of the head is
 * authenticated, and its context, random for each file, makes each file's key another one: so one nonce serves all.
 *
 *     0   "BHSEALF1"
 *     8   u32 flags       BH_SEAL_*, u32 min_svn: as the key was asked for
 *     16  u64 counter     what the counter of that identity stands at while this file is the newest; 0: not counted
 *     24  context[32]
 *     56  the data, encrypted, then the tag of 16 bytes
 *
 * A file that is bound to a name begins with "BHSEALF2", and SHA-256 of the name stands between context and data.
 * Integers are little-endian. Pure: no calls, no files.
 */
#ifndef SEALFILE_H
#define SEALFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEALFILE_HEAD     56u
#define SEALFILE_NAME     32u
#define SEALFILE_TAG      16u
#define SEALFILE_DATA_MAX (16u << 20)

struct sealfile_head {
    uint32_t flags, min_svn;
    uint64_t counter;
    uint8_t context[32];
    bool named;
    uint8_t name[SEALFILE_NAME]; /* where named */
};

/* Bytes in the file besides the data. */
size_t sealfile_extra(const struct sealfile_head *head);
/* out[sealfile_extra(head) + size]. 0 or -EINVAL. */
int sealfile_write(const struct sealfile_head *head, const uint8_t key[32], const uint8_t *data, size_t size,
                   uint8_t *out);
/* What key to ask for. -EINVAL: no sealed file. */
int sealfile_read_head(const uint8_t *file, size_t size, struct sealfile_head *head);
/* data[size - sealfile_extra() of its head], for a file whose head could be read. 0; -EBADMSG: another key, or altered;
 * data is zeroed then. */
int sealfile_read(const uint8_t *file, size_t size, const uint8_t key[32], uint8_t *data);

#endif
