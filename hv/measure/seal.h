/* SPDX-License-Identifier: MIT */
/* Sealing: keys and counters that only this measured chain can have. The root is a secret of 32 bytes that the TPM
 * works out from its owner seed where PCR 0, 2, 4, 7, 8 and 9 (17 and 18 too after a late launch) are as they were when
 * its key was made; it is stored nowhere, and lies in the vault. measure_lock is held around every function. */
#ifndef HV_SEAL_H
#define HV_SEAL_H

#include "types.h"
#include "bulkhead.h"

struct domain;

/* At start: asks the TPM for the root. On a failure sealing is off, which the console says, and nothing else changes.
 */
void seal_start(bool late_launch);
bool seal_available(void);
/* out = HMAC-SHA256(root, data). */
void seal_derive(const void *data, size_t len, uint8_t out[32]);

/* What a key or counter is bound to; no padding: all of it is hashed. */
struct seal_binding {
    uint8_t magic[8];
    uint32_t flags;
    uint32_t min_svn;
    uint8_t identity[32]; /* launch digest or signer */
    char type[BH_TYPE_MAX];
    uint32_t compartment;
    uint32_t reserved;
    uint8_t context[32];
};
/* 0, -EINVAL for flags that are none, -EACCES: no signer. Everything but context and min_svn is filled in. */
int seal_bind(struct seal_binding *b, const char magic[8], uint32_t flags, const struct domain *d);

/* Counters: seal_counter.c. */
void seal_counter_start(void);
/* For the pump in tpm.c: the next command for out[TPM_BUFFER_MAX], 0 for none; then its answer, or a negative errno. */
size_t seal_counter_next(uint8_t *out);
void seal_counter_answered(uint8_t *rsp, int rc);
void seal_counter_forget(const struct domain *d); /* it is gone */

#endif
