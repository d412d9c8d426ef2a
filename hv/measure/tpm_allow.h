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

/* 0 and *perm; -EINVAL: not one well-formed command; -EPERM: not on the list, or with a handle that it must not have.
 */
int tpm_allow(const uint8_t *cmd, size_t len, enum bh_perm *perm);

#endif
