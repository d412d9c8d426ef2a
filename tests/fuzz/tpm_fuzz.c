/* SPDX-License-Identifier: MIT */
/* The TPM's side as the fuzzer: its responses to the parsers, its registers to the driver (each read takes the input's
 * next byte), and a domain's command to the allow-list. Nothing may be read or written out of bounds, nothing may run
 * on for ever, and no command that touches a PCR or a hierarchy may pass. */
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>
#include "console.h"
#include "lib.h"
#include "measure/tpm_allow.h"
#include "measure/tpm_bus.h"
#include "measure/tpm_cmd.h"
#include "measure/tpm_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t left;

void panic(const char *fmt, ...)
{
    (void)fmt;
    abort();
}

static uint8_t next(void)
{
    if (!left) return 0x80;
    left--;
    return *input++;
}

uint8_t tpm_bus_read8(unsigned int locality, unsigned int reg)
{
    (void)locality;
    return reg == 0 ? 0xa1 : next();
}

uint32_t tpm_bus_read32(unsigned int locality, unsigned int reg)
{
    (void)locality, (void)reg;
    uint32_t low = next();

    return low | (uint32_t)next() << 8 | (low & 1 ? 0x1000 : 0);
}

void tpm_bus_write8(unsigned int locality, unsigned int reg, uint8_t v)
{
    (void)locality, (void)reg, (void)v;
}

void tpm_bus_write32(unsigned int locality, unsigned int reg, uint32_t v)
{
    (void)locality, (void)reg, (void)v;
}

static void responses(const uint8_t *rsp, size_t len)
{
    uint8_t out[TPM_RANDOM_MAX];
    int n = tpm_cmd_random_response(rsp, len, out, sizeof(out));

    if (n > (int)sizeof(out) || (n >= 0 && tpm_cmd_response(rsp, len) != 0)) abort();
    for (unsigned int pcr = 0; pcr < 24; pcr++)
        tpm_cmd_pcr_response(rsp, len, pcr, out);
}

static void driver(const struct tpm_interface *tpm, const uint8_t *data, size_t size)
{
    static uint8_t buffer[TPM_BUFFER_MAX];
    struct tpm_link l;
    int rc = -XEN_EAGAIN;

    input = data;
    left = size;
    tpm->probe();
    tpm->has_locality(2);
    tpm_link_start(&l, 2, buffer, TPM_HEADER + next());
    /* each step takes from the input, or finds it empty; an empty one makes no progress */
    for (size_t i = 0; i < size + 64 && rc == -XEN_EAGAIN; i++)
        rc = tpm->step(&l);
    if (rc > 0 && ((size_t)rc > sizeof(buffer) || tpm_cmd_u32(buffer + 2) != (uint32_t)rc || l.state != LINK_IDLE))
        abort();
    if (rc == 0 || (rc < 0 && rc != -XEN_EAGAIN && rc != -XEN_EIO)) abort();
    tpm->cancel(&l);
}

static void allow(const uint8_t *cmd, size_t len)
{
    enum bh_perm perm;

    if (tpm_allow(cmd, len, &perm)) return;
    switch (tpm_cmd_u32(cmd + 6)) {
    case TPM2_CC_PCR_Extend:
    case TPM2_CC_PCR_Event:
    case TPM2_CC_PCR_Reset:
    case TPM2_CC_PCR_Allocate:
    case TPM2_CC_Clear:
    case TPM2_CC_HierarchyControl:
    case TPM2_CC_HierarchyChangeAuth:
    case TPM2_CC_NV_Write:
    case TPM2_CC_NV_DefineSpace:
    case TPM2_CC_Startup:
    case TPM2_CC_Shutdown:
        abort();
    }
    if (perm < PERM_tpm_read || perm > PERM_tpm_activate) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    switch (data[0] % 4) {
    case 0:
        responses(data + 1, size - 1);
        break;
    case 1:
        driver(&tpm_tis, data + 1, size - 1);
        break;
    case 2:
        driver(&tpm_crb, data + 1, size - 1);
        break;
    default:
        allow(data + 1, size - 1);
    }
    return 0;
}
