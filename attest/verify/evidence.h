/* SPDX-License-Identifier: MIT */
/* The two CBOR containers of FORMAT.md sections 1 and 2, taken apart. Views into the input. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "bulkhead.h"
#include "bytes.h"

#define EVIDENCE_CHAIN_MAX 4u
#define EVIDENCE_PCRS      24u

struct evidence {
    struct bytes profile, nonce, platform, bootseed, report, signature, binding, salt; /* the last two may be absent */
    uint64_t dbgstat;
    bool has_dbgstat;
};

struct evidence_platform {
    struct bytes profile, quote, quote_signature, ak_public, log, hv_key;
    struct bytes chain[EVIDENCE_CHAIN_MAX];
    size_t chain_count;
    uint32_t pcr_mask; /* bit n: PCR n is there */
    uint8_t pcr[EVIDENCE_PCRS][32];
};

/* 0 or -EBADMSG. An unknown profile is well-formed: that is a check of its own. */
int evidence_parse(struct bytes input, struct evidence *out);
int evidence_parse_platform(struct bytes input, struct evidence_platform *out);

/* Copies the report: 0, or -EBADMSG when magic, version, a bit of its flags or one of its strings is not as it must be.
 */
int evidence_parse_report(struct bytes input, struct bh_report *out);

#endif
