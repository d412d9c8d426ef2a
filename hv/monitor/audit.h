/* SPDX-License-Identifier: MIT */
/*
 * The audit ring: what the reference monitor refused, and what the policy wants recorded although it is allowed.
 * Bounded: the oldest records go first, and a reader sees that by the sequence numbers. Each domain has a rate, its
 * label's, and a bucket of its own for refusals and another for allowed uses: so a noisy guest neither washes out
 * another's records, nor hides its own refusals among its allowed uses. A running hash over all records, gone ones too,
 * is in every attestation report, so a log that is handed over later can be told whole (bulkhead.h).
 */
#ifndef BULKHEAD_AUDIT_H
#define BULKHEAD_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead.h>

#include "hypercall/operations.h"

#define AUDIT_RECORDS      4096u
#define AUDIT_RATE_DEFAULT 20u  /* records a second, where the policy says nothing */
#define AUDIT_BURST        200u /* records at once, before the rate counts */

/* A token bucket, one for refusals and one for allowed uses in each domain. All zeros: full. Under the audit lock. */
struct audit_limit {
    uint64_t filled_ns;  /* when tokens were last added */
    uint32_t spent;      /* of AUDIT_BURST */
    uint32_t suppressed; /* kept out since the last record */
};

/* Appends a copy of *r where *limit has room at `rate` records a second; seq, time_ns and suppressed are set here.
 * False: suppressed and counted. Takes the audit lock (RANK_AUDIT). */
bool audit_append(const struct bh_audit_record *r, struct audit_limit *limit, uint32_t rate);

/* Copies records from number *seq on (or from the oldest still there), at most count, to out, which is the
 * hypervisor's own memory. *seq: number of the first one copied, or of the next to come when there is none.
 * Returns the number copied. */
uint32_t audit_read(uint64_t *seq, struct bh_audit_record *out, uint32_t count);

/* Fills in dropped, limited, newest and hash, all of one moment. */
void audit_state(struct bh_audit_read *op);

/* The running hash over the records 1 to *seq, the newest. */
void audit_hash_seq(uint8_t out[32], uint64_t *seq);

/* BH_AUDIT_READ (audit_op.c): 0, -EFAULT, -EINVAL. The dispatcher has asked the monitor. */
long audit_read_op(enum operation row, uint64_t arg);

#endif
