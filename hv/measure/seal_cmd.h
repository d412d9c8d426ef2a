/* SPDX-License-Identifier: MIT */
/* The TPM commands of sealing: a root that only this measured chain can reach, and counters (TPM 2.0 Library, Part 3).
 * Pure: no I/O. */
#ifndef HV_SEAL_CMD_H
#define HV_SEAL_CMD_H

#include <stddef.h>
#include <stdint.h>
#include "measure/tpm_cmd.h"

/* What the root is bound to. PCR 17 and 18 only after a late launch. */
struct seal_policy {
    uint32_t pcrs;      /* bit n: PCR n, below 24 */
    uint8_t values[32]; /* SHA-256 over those PCRs' values, in their order */
};

/* The key's authPolicy: these PCRs, at TPM_LOCALITY_HV. */
void seal_cmd_policy(const struct seal_policy *p, uint8_t digest[32]);

/* Each writes a command to out[TPM_CMD_MAX] and returns its size. */

/* An HMAC-SHA256 key that the TPM derives from the owner seed and this template, policy included: nothing else makes
 * this key, and nothing but that policy lets it be used. */
size_t seal_cmd_primary(uint8_t *out, const uint8_t policy[32]);
size_t seal_cmd_session(uint8_t *out);
size_t seal_cmd_policy_locality(uint8_t *out, uint32_t session);
size_t seal_cmd_policy_pcr(uint8_t *out, uint32_t session, uint32_t pcrs);
size_t seal_cmd_hmac(uint8_t *out, uint32_t key, uint32_t session); /* ends the session */
size_t seal_cmd_flush(uint8_t *out, uint32_t handle);

/* Counters: NV indices of this range of the owner's, each with a password of its own. */
#define SEAL_COUNTERS 16u
#define SEAL_NV_FIRST 0x0180b400u
size_t seal_cmd_nv_public(uint8_t *out, unsigned int slot);
/* `id` goes where a policy would be; nothing satisfies it. */
size_t seal_cmd_nv_define(uint8_t *out, unsigned int slot, const uint8_t id[32], const uint8_t password[32]);
size_t seal_cmd_nv_increment(uint8_t *out, unsigned int slot, const uint8_t password[32]);
size_t seal_cmd_nv_read(uint8_t *out, unsigned int slot, const uint8_t password[32]);

/* What of a good response is wanted; -EIO where it is not as it must be. */
int seal_cmd_handle(const uint8_t *rsp, size_t len, uint32_t *handle);
int seal_cmd_hmac_response(const uint8_t *rsp, size_t len, uint8_t out[32]);
/* 1: one of our counters, id is whose; 0: something else lies there. */
int seal_cmd_nv_public_response(const uint8_t *rsp, size_t len, unsigned int slot, uint8_t id[32]);
int seal_cmd_nv_value(const uint8_t *rsp, size_t len, uint64_t *value);

#endif
