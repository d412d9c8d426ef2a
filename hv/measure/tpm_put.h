/* SPDX-License-Identifier: MIT */
/* Writing a TPM command: big-endian fields, each function returns where the next one goes. */
#ifndef HV_TPM_PUT_H
#define HV_TPM_PUT_H

#include "measure/tpm_cmd.h"
#include "console.h"
#include "lib.h"
#include <tss2/tss2_tpm2_types.h>

static inline uint8_t *tpm_put16(uint8_t *p, uint16_t v)
{
    *p++ = v >> 8;
    *p++ = v;
    return p;
}

static inline uint8_t *tpm_put32(uint8_t *p, uint32_t v)
{
    return tpm_put16(tpm_put16(p, v >> 16), v);
}

/* With its size in front: a TPM2B. */
static inline uint8_t *tpm_put_sized(uint8_t *p, const void *data, uint16_t len)
{
    p = tpm_put16(p, len);
    if (len) memcpy(p, data, len);
    return p + len;
}

static inline uint8_t *tpm_put_begin(uint8_t *out, uint16_t tag, uint32_t code)
{
    return tpm_put32(tpm_put32(tpm_put16(out, tag), 0), code);
}

static inline size_t tpm_put_end(uint8_t *out, const uint8_t *end)
{
    size_t len = end - out;

    ASSERT(len <= TPM_CMD_MAX);
    tpm_put32(out + 2, len);
    return len;
}

/* The authorization area with one session of no nonce and no attributes: a password of 32 bytes (NULL: the empty one)
 * with TPM2_RS_PW, nothing with a policy session. */
static inline uint8_t *tpm_put_session(uint8_t *p, uint32_t session, const uint8_t secret[32])
{
    p = tpm_put32(p, secret ? 9 + 32 : 9);
    p = tpm_put16(tpm_put32(p, session), 0);
    *p++ = 0;
    return secret ? tpm_put_sized(p, secret, 32) : tpm_put16(p, 0);
}

#endif
