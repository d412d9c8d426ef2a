/* SPDX-License-Identifier: MIT */
/* The TPM commands that the hypervisor sends itself, and their responses (TPM 2.0 Library, Part 3). Pure: no I/O.
 * A response comes from outside: nothing of it is believed before it is checked. */
#ifndef HV_TPM_CMD_H
#define HV_TPM_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_CMD_MAX         160  /* longest of the commands below and of seal_cmd.h */
#define TPM_BUFFER_MAX      4096 /* longest command or response at all */
#define TPM_HEADER          10   /* u16 tag, u32 size, u32 command or response code, big-endian */
#define TPM_EXTEND_RESPONSE 19   /* header, size of no parameters, one session's part */
#define TPM_RANDOM_MAX      32   /* every TPM gives the length of its largest digest at once */
#define TPM_COUNTS          24   /* read like a register: how often the TPM was reset and restarted, then zeros */

static inline uint32_t tpm_cmd_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Each writes a command to out[TPM_CMD_MAX] and returns its size. */
size_t tpm_cmd_startup(uint8_t *out);
size_t tpm_cmd_get_random(uint8_t *out, uint16_t bytes);
size_t tpm_cmd_pcr_read(uint8_t *out, unsigned int pcr); /* SHA-256 bank; pcr < 24, or TPM_COUNTS */
/* Of the SHA-256 bank alone: the others, where there are any, keep their initial value, which nobody quotes. */
size_t tpm_cmd_pcr_extend(uint8_t *out, unsigned int pcr, const uint8_t digest[32]);

/* The response code, or -EIO for what is no response at all. */
int64_t tpm_cmd_response(const uint8_t *rsp, size_t len);
/* Whether the code says that the TPM is not ready: the same command again. */
bool tpm_cmd_not_yet(int64_t code);
/* Bytes copied to out, at most `max`, or -EIO. */
int tpm_cmd_random_response(const uint8_t *rsp, size_t len, uint8_t *out, size_t max);
/* 0, or -EIO: also where the TPM has no SHA-256 bank, or not that PCR in it. */
int tpm_cmd_pcr_response(const uint8_t *rsp, size_t len, unsigned int pcr, uint8_t out[32]);

#endif
