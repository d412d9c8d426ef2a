/* SPDX-License-Identifier: MIT */
/*
 * Sealing by the hypervisor's keys, and files of which only the newest opens. A counted file opens while the TPM's
 * counter of this identity stands at the file's. To seal one:
 *
 *     OUT.new is written with counter + 1, the TPM counts, OUT.new becomes OUT
 *
 * under a lock on OUT.lock. At each moment one of OUT and OUT.new opens, and nothing that may have become the
 * valid one is removed; but where the counter moved further than by our one (another OUT of the same identity, an
 * answer that was lost), neither does until what is in memory is sealed once more for where it stands. Errors go to
 * stderr; each gives 0 or 1.
 */
#ifndef SEALCOUNT_H
#define SEALCOUNT_H

#include "sealfile.h"

#define SEALCOUNT_FILE_MAX (SEALFILE_HEAD + SEALFILE_NAME + SEALFILE_DATA_MAX + SEALFILE_TAG)

/* A new one for each file that is written: it is what makes one nonce serve all (sealfile.h). */
int sealcount_context(struct sealfile_head *head);
int sealcount_encrypt(const struct sealfile_head *head, const uint8_t *data, size_t size, uint8_t *out);
int sealcount_decrypt(const struct sealfile_head *head, const uint8_t *file, size_t size, uint8_t *data);
/* Is a file with this head, which is authentic, the newest? One that is not counted always is. */
int sealcount_check(const struct sealfile_head *head);

/* head's counter and context are filled in. */
int sealcount_seal(struct sealfile_head *head, const uint8_t *data, size_t size, const char *path);

#endif
