/* SPDX-License-Identifier: MIT */
/* PCR values and a quote that agree with each other and with the event log. */
#ifndef QUOTING_H
#define QUOTING_H

#include "../verify/evidence.h"
#include "tpmkeys.h"

/* PCR 0-9, 14, 17, 18, 21, 22 (FORMAT.md) */
#define QUOTING_PCRS 0x6643ffu

struct quoting {
    uint32_t pcr_mask;
    uint8_t pcr[EVIDENCE_PCRS][32];
    TPM2B_ATTEST attest;
    uint8_t signature[256]; /* TPMT_SIGNATURE */
    size_t signature_size;
};

/* qualifying: SHA-256 of the hypervisor's key. 0, -EIO, or -EAGAIN when a PCR changed in between. */
int quoting_make(ESYS_CONTEXT *esys, ESYS_TR ak, const uint8_t qualifying[32], struct quoting *out);

#endif
