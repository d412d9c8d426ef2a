/* SPDX-License-Identifier: MIT */
/* Measurement, the hypervisor's key, reports, and the TPM. */
#ifndef HV_MEASURE_H
#define HV_MEASURE_H

#include "types.h"
#include "hypercall/operations.h"

struct domain;
/* At start, in this order. All log to the console what they measured; without a TPM they say so once. A TPM that
 * hangs or answers garbage is given up within 30 s in all, and then nothing counts as measured. */
void measure_init(const char *cmdline); /* finds the TPM, makes the key; logs KEY and CONFIG events */
/* Whether anything is measured (after measure_init): there is a TPM and it works. Where not, the boot domain's image
 * need not be hashed: no report ever tells of it, and SHA-256 costs 64 instructions a byte (4 s under -icount for a
 * vmlinux). */
bool measure_active(void);
void measure_policy(const uint8_t digest[32], uint32_t version);
void measure_launch(const struct domain *d); /* boot domain: PCR 21; d->launch is filled in */
void measure_complete(void);                 /* from here on reports may be signed; PCR 21 is closed */
void measure_set_flags(uint32_t flags);      /* BH_FLAG_LATE_LAUNCH, BH_FLAG_IOMMU: before measure_complete */
uint32_t measure_flags(void);                /* BH_FLAG_* */
const uint8_t *measure_pubkey(void);         /* X || Y, from measure_init on; zeros when unmeasured */

/* An event while domains run, to PCR 22: the log has it at once, the TPM soon. Where the log is full or the TPM fails,
 * the boot counts as unmeasured from there on: reports are signed still, without BH_FLAG_MEASURED. */
void measure_runtime(const char *text);
/* A policy that is about to come into force (BH_EV_POLICY_LOAD). -ENOSPC: the log is full, -EBUSY: the TPM has too much
 * to do, -EIO: it has lost what was measured; then nothing was measured, and it must not come into force. Where the
 * boot never was measured: 0. */
int measure_policy_load(const uint8_t digest[32], uint32_t version);
bool measure_settled(void); /* does some of the TPM's work; no extend is on its way any more, or none will come */

/* Sub-commands of do_bulkhead_op, arg is the guest pointer; only measure_tpm_command() has to ask the monitor. */
long measure_report_op(enum operation op, uint64_t arg);
long measure_report_check(enum operation op, uint64_t arg);
long measure_extend(enum operation op, uint64_t arg);
long measure_seal_key(enum operation op, uint64_t arg);
long measure_seal_counter(enum operation op, uint64_t arg);
long measure_evidence_put(enum operation op, uint64_t arg);
long measure_evidence_get(enum operation op, uint64_t arg);
long measure_eventlog_read(enum operation op, uint64_t arg);
long measure_tpm_command(enum operation op, uint64_t arg);
void measure_domain_destroyed(struct domain *d); /* forget its operation in flight */

/* The vault: memory mapped only in a special address space, for keys and their arithmetic. vault_enter loads it on this
 * CPU (the current guest's frames are then not mapped), vault_leave goes back. No copies from or to guests in between.
 */
void *vault_enter(void); /* start of VAULT_SIZE bytes; zero at first */
void vault_leave(void);
#define VAULT_SIZE      (16 * 4096ul)
#define SEAL_VAULT_SIZE 4096ul /* of it, at its end: sealing's (seal_root.c) */

#endif
