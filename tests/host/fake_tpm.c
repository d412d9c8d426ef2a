/* SPDX-License-Identifier: MIT */
#include "fake_tpm.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "measure/crypto.h"
#include "measure/tpm_bus.h"
#include "measure/tpm_cmd.h"

struct fake_tpm fake_tpm;

static enum { IDLE, READY, RECEPTION, EXECUTION, COMPLETION } state;
static int active; /* locality, -1 for none */
static uint8_t buffer[8192];
static size_t have, total, at; /* bytes of the command; of the response, read so far */
static bool cancelled;

void fake_tpm_reset(void)
{
    memset(&fake_tpm, 0, sizeof(fake_tpm));
    fake_tpm.burst = 64;
    for (int i = 17; i <= 22; i++)
        memset(fake_tpm.pcr[i], 0xff, 32);
    state = IDLE;
    active = -1;
}

static size_t answer(uint32_t rc, const void *data, size_t n)
{
    uint8_t head[10] = {0x80,
                        0x01,
                        0,
                        0,
                        (uint8_t)((10 + n) >> 8),
                        (uint8_t)(10 + n),
                        (uint8_t)(rc >> 24),
                        (uint8_t)(rc >> 16),
                        (uint8_t)(rc >> 8),
                        (uint8_t)rc};

    memcpy(buffer, head, 10);
    if (n) memcpy(buffer + 10, data, n);
    return 10 + n;
}

static size_t pcr_read(void)
{
    uint8_t out[4 + 4 + 2 + 1 + 3 + 4 + 2 + 32] = {0, 0, 0, 9};
    unsigned int pcr;

    for (pcr = 0; pcr < 23 && !(buffer[17 + pcr / 8] & 1 << pcr % 8); pcr++)
        ;
    memcpy(out + 4, buffer + 10, 10);
    out[17] = 1;
    out[19] = 32;
    memcpy(out + 20, fake_tpm.pcr[pcr], 32);
    return answer(0, out, sizeof(out));
}

static size_t pcr_extend(void)
{
    uint32_t pcr = tpm_cmd_u32(buffer + 10);
    uint8_t both[64], rest[9] = {0, 0, 0, 0, 0, 0, 1, 0, 0};

    if (have != 65 || pcr > 23) return answer(0x9a2, NULL, 0);
    if (pcr >= 17 && pcr <= 22 && active != 2) return answer(TPM2_RC_LOCALITY, NULL, 0);
    memcpy(both, fake_tpm.pcr[pcr], 32);
    memcpy(both + 32, buffer + 33, 32);
    sha256(both, 64, fake_tpm.pcr[pcr]);
    fake_tpm.extends++;
    have = answer(0, rest, sizeof(rest));
    buffer[1] = 2; /* with sessions */
    return have;
}

static size_t read_clock(void)
{
    uint8_t out[25] = {0};

    out[7] = (uint8_t)fake_tpm.commands; /* time goes on */
    out[15] = (uint8_t)fake_tpm.commands;
    out[19] = fake_tpm.resets;
    return answer(0, out, sizeof(out));
}

static size_t random_bytes(void)
{
    uint8_t out[2 + 20];
    unsigned int n = buffer[10] << 8 | buffer[11];

    n = n > 20 ? 20 : n; /* fewer than were asked for, as a TPM may */
    out[0] = 0;
    out[1] = (uint8_t)n;
    for (unsigned int i = 0; i < n; i++)
        out[2 + i] = (uint8_t)rand();
    return answer(0, out, 2 + n);
}

static size_t run(void)
{
    uint32_t code = tpm_cmd_u32(buffer + 6);
    uint8_t cmd[4096];

    fake_tpm.commands++;
    fake_tpm.last_code = code;
    fake_tpm.last_locality = (unsigned int)active;
    if (cancelled) return answer(TPM2_RC_CANCELED, NULL, 0);
    if (fake_tpm.fault == FAULT_ERROR || (fake_tpm.fail_from && fake_tpm.commands >= fake_tpm.fail_from))
        return answer(TPM2_RC_FAILURE, NULL, 0);
    if (fake_tpm.retries) {
        fake_tpm.retries--;
        return answer(TPM2_RC_RETRY, NULL, 0);
    }
    if (fake_tpm.forward) {
        memcpy(cmd, buffer, have);
        return fake_tpm.more(cmd, have, buffer);
    }
    if (code == TPM2_CC_Startup) {
        uint32_t rc = fake_tpm.started ? TPM2_RC_INITIALIZE : 0;

        fake_tpm.started = true;
        return answer(rc, NULL, 0);
    }
    if (!fake_tpm.started) return answer(TPM2_RC_INITIALIZE, NULL, 0);
    switch (code) {
    case TPM2_CC_PCR_Read:
        return pcr_read();
    case TPM2_CC_PCR_Extend:
        return pcr_extend();
    case TPM2_CC_ReadClock:
        return read_clock();
    case TPM2_CC_GetRandom:
        return random_bytes();
    }
    if (!fake_tpm.more) return answer(TPM2_RC_COMMAND_CODE, NULL, 0);
    memcpy(cmd, buffer, have);
    return fake_tpm.more(cmd, have, buffer);
}

static void complete(void)
{
    size_t claimed;

    total = claimed = run();
    at = 0;
    state = COMPLETION;
    switch (fake_tpm.fault) {
    case FAULT_SIZE_SMALL:
        claimed = 9;
        break;
    case FAULT_SIZE_HUGE:
        claimed = total = 4097;
        break;
    case FAULT_SIZE_LESS:
        claimed--;
        break;
    case FAULT_SIZE_MORE:
        claimed++;
        break;
    case FAULT_BAD_TAG:
        buffer[0] = 0x55;
        break;
    default:
        break;
    }
    buffer[4] = (uint8_t)(claimed >> 8);
    buffer[5] = (uint8_t)claimed;
}

static bool absent(void)
{
    return fake_tpm.fault == FAULT_ABSENT || (fake_tpm.fault == FAULT_VANISHES && fake_tpm.commands);
}

static size_t wanted(void)
{
    size_t n = have < 6 ? 10 : tpm_cmd_u32(buffer + 2);

    if (fake_tpm.fault == FAULT_EXPECTS_LESS) n--;
    return fake_tpm.fault == FAULT_EXPECTS_MORE ? n + 1 : n;
}

static uint32_t status(void)
{
    unsigned int burst = fake_tpm.fault == FAULT_NO_BURST ? 0 : fake_tpm.burst;

    switch (state) {
    case IDLE:
        return 0x80;
    case READY:
        return fake_tpm.fault == FAULT_NEVER_READY ? 0x80 : 0xc0 | burst << 8;
    case RECEPTION:
        return (have < wanted() ? 0x88 : 0x80) | burst << 8;
    case EXECUTION:
        if (fake_tpm.fault != FAULT_HANGS && (fake_tpm.fault != FAULT_SLOW || cancelled)) complete();
        return 0x80;
    case COMPLETION:
        if (at == total) return 0x80;
        return 0x90 | (uint32_t)(total - at < fake_tpm.burst ? total - at : fake_tpm.burst) << 8;
    }
    return 0;
}

/* --- CRB ----------------------------------------------------------------------------------------------------- */

static uint32_t crb_start(void)
{
    if (state == EXECUTION && fake_tpm.fault != FAULT_HANGS && (fake_tpm.fault != FAULT_SLOW || cancelled)) complete();
    return state == EXECUTION;
}

static uint32_t crb_read32(unsigned int locality, unsigned int reg)
{
    uint32_t buffer_at = 0xfed40080 + locality * 0x1000 + (fake_tpm.fault == FAULT_BUFFER ? 0x1000 : 0);

    if (fake_tpm.one_locality && locality) return 0;
    switch (reg) {
    case 0x00:
        return 0x80 | (active >= 0 ? 2 | (uint32_t)active << 2 : 0);
    case 0x30:
        return 0x4011 | (fake_tpm.one_locality ? 0 : 0x100);
    case 0x40:
        return fake_tpm.fault == FAULT_NEVER_READY;
    case 0x44:
        return (fake_tpm.fault == FAULT_FATAL) | (state == IDLE ? 2 : 0);
    case 0x4c:
        return crb_start();
    case 0x58:
    case 0x64:
        return 0xf80;
    case 0x5c:
    case 0x68:
        return buffer_at;
    }
    return 0;
}

static void crb_write32(unsigned int locality, unsigned int reg, uint32_t v)
{
    if (reg == 0x08 && v == 1 && active < 0 && fake_tpm.fault != FAULT_NO_LOCALITY) active = (int)locality;
    if (active != (int)locality) return;
    if (reg == 0x08 && v == 2) active = -1;
    if (reg == 0x40 && v == 1) state = READY;
    if (reg == 0x40 && v == 2) state = IDLE;
    if (reg == 0x48) cancelled = v == 1;
    if (reg == 0x4c && v == 1 && state == READY) {
        have = tpm_cmd_u32(buffer + 2);
        state = EXECUTION;
    }
}

/* --- The bus ------------------------------------------------------------------------------------------------- */

void tpm_bus_init(void)
{
}

uint32_t tpm_bus_foreign(void)
{
    return fake_tpm.foreign;
}

uint8_t tpm_bus_read8(unsigned int locality, unsigned int reg)
{
    fake_tpm.accesses++;
    if (fake_tpm.fault == FAULT_RANDOM && reg != 0) return (uint8_t)rand();
    if (absent()) return 0xff;
    if (fake_tpm.crb) return reg >= 0x80 && active == (int)locality ? buffer[reg - 0x80] : 0xff;
    if (fake_tpm.one_locality && locality) return 0xff;
    if (reg == 0) return 0x81 | (active == (int)locality ? 0x20 : 0);
    if (reg != 0x24 || active != (int)locality || state != COMPLETION || at == total) return 0xff;
    return buffer[at++];
}

uint32_t tpm_bus_read32(unsigned int locality, unsigned int reg)
{
    fake_tpm.accesses++;
    if (fake_tpm.fault == FAULT_RANDOM && reg == 0x18) return (uint32_t)rand() | 0x80;
    if (absent()) return 0xffffffff;
    if (fake_tpm.crb)
        return fake_tpm.fault == FAULT_RANDOM && reg >= 0x40 ? (uint32_t)rand() & 1 : crb_read32(locality, reg);
    if (reg == 0xf00) return 0x00011014;
    if (reg == 0x18 && active == (int)locality) return status();
    return 0;
}

void tpm_bus_write8(unsigned int locality, unsigned int reg, uint8_t v)
{
    fake_tpm.accesses++;
    if (fake_tpm.crb) {
        if (reg >= 0x80 && active == (int)locality && state == READY) buffer[reg - 0x80] = v;
        return;
    }
    if (reg == 0 && v == 0x20 && active == (int)locality) {
        active = -1;
        state = IDLE;
    }
    if (reg == 0 && v == 0x02 && active < 0 && fake_tpm.fault != FAULT_NO_LOCALITY) active = (int)locality;
    if (reg != 0x24 || active != (int)locality) return;
    if (state == READY) have = 0, state = RECEPTION;
    if (state == RECEPTION && have < sizeof(buffer)) buffer[have++] = v;
}

void tpm_bus_write32(unsigned int locality, unsigned int reg, uint32_t v)
{
    fake_tpm.accesses++;
    if (fake_tpm.crb) {
        crb_write32(locality, reg, v);
        return;
    }
    if (reg != 0x18 || active != (int)locality) return;
    if (v == 0x40) state = READY;
    if (v == 0x20 && state == RECEPTION) {
        cancelled = false;
        state = EXECUTION;
    }
    if (v == 1u << 24 && state == EXECUTION) cancelled = true;
}
