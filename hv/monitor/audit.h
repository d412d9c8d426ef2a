/* SPDX-License-Identifier: MIT */
/*
 * The audit ring: what the reference monitor refused. Bounded: the oldest records go first, and a
 * reader sees that by the sequence numbers. A running hash over all records, gone ones too, is in
 * every attestation report, so a log that is handed over later can be told whole:
 *     hash(0) = 32 zeros, hash(n) = SHA-256(hash(n - 1) || record n)
 */
#ifndef BULKHEAD_AUDIT_H
#define BULKHEAD_AUDIT_H

#include <stdint.h>

#include <bulkhead.h>

#define AUDIT_RECORDS 1024u

/* Appends a copy of *r; its seq and time_ns are set here. Takes the audit lock (RANK_AUDIT). */
void audit_append(const struct bh_audit_record *r);

/* Copies records from number *seq on (or from the oldest still there), at most count, to out, which
 * is the hypervisor's own memory. *seq: number of the first one copied, or of the next to come when
 * there is none. *dropped: records that left the ring before anyone read them. Returns the number
 * copied. */
uint32_t audit_read(uint64_t *seq, struct bh_audit_record *out, uint32_t count, uint64_t *dropped);

/* The running hash over all records so far. */
void audit_hash(uint8_t out[32]);

/* BH_AUDIT_READ (audit_op.c), for whoever the policy lets read it: 0, -EFAULT, -EINVAL, -EPERM. */
long audit_read_op(uint64_t arg);

#endif
