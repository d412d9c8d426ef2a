/* SPDX-License-Identifier: MIT */
/* Which TPM commands a domain may send at all, and which permission each needs. Pure. Nothing on the list changes a
 * PCR, the hierarchies, lockout or NV; persistent objects only within TPM_ALLOW_PERSISTENT. */
#ifndef HV_TPM_ALLOW_H
#define HV_TPM_ALLOW_H

#include <stddef.h>
#include <stdint.h>
#include "monitor/permissions.h"

/* Persistent handles (owner hierarchy) that domains may make and remove. */
#define TPM_ALLOW_PERSISTENT_FIRST 0x8101b000u
#define TPM_ALLOW_PERSISTENT_LAST  0x8101b00fu

/* By the first TPM_HEADER bytes. 0 and *perm; -EINVAL: not the head of a command of `len` bytes; -EPERM: not on the
 * list. */
int tpm_allow_head(const uint8_t *head, size_t len, enum bh_perm *perm);
/* The same of the whole; -EPERM also for a handle that it must not have. */
int tpm_allow(const uint8_t *cmd, size_t len, enum bh_perm *perm);

#endif
