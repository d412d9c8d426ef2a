/* SPDX-License-Identifier: MIT */
/*
 * Writes the evidence file of FORMAT.md section 1. Depends on nothing but memcpy, so that a static
 * guest program or a kernel on the PV runtime can link it.
 */
#ifndef EVIDENCE_PACK_H
#define EVIDENCE_PACK_H

#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_PROFILE          "tag:bulkhead.invalid,2026:evidence-2"
#define EVIDENCE_PLATFORM_PROFILE "tag:bulkhead.invalid,2026:platform-1"
#define EVIDENCE_NONCE_MIN        8u
#define EVIDENCE_NONCE_MAX        64u
#define EVIDENCE_BINDING_MAX      4096u
#define EVIDENCE_MAX              131072u
#define EVIDENCE_BARE_MAX         16384u /* without the event log */

/* Claim keys, as -1 - key: CBOR writes a negative integer so. */
#define EVIDENCE_KEY_NONCE     10u
#define EVIDENCE_KEY_DBGSTAT   263u
#define EVIDENCE_KEY_PROFILE   265u
#define EVIDENCE_KEY_BOOTSEED  268u
#define EVIDENCE_NEG_PLATFORM  70000u
#define EVIDENCE_NEG_REPORT    70001u
#define EVIDENCE_NEG_SIGNATURE 70002u
#define EVIDENCE_NEG_BINDING   70003u
#define EVIDENCE_NEG_SALT      70004u
#define EVIDENCE_NEG_QUOTE     70009u
#define EVIDENCE_NEG_QUOTE_SIG 70010u
#define EVIDENCE_NEG_AK_PUBLIC 70011u
#define EVIDENCE_NEG_AK_CHAIN  70012u
#define EVIDENCE_NEG_PCRS      70013u
#define EVIDENCE_NEG_LOG       70014u
#define EVIDENCE_NEG_HV_KEY    70015u

/* RFC 9711 section 4.2.9: enabled, or disabled since boot. */
#define EVIDENCE_DEBUG_ENABLED  0u
#define EVIDENCE_DEBUG_DISABLED 2u

struct evidence_parts {
    const uint8_t *nonce;
    size_t nonce_size;       /* EVIDENCE_NONCE_MIN..EVIDENCE_NONCE_MAX */
    const uint8_t *platform; /* as BH_EVIDENCE_GET gave it */
    size_t platform_size;
    const void *report;       /* struct bh_report, aligned as one */
    const uint8_t *signature; /* 64 bytes */
    const uint8_t *binding;   /* NULL where there is none */
    size_t binding_size;
    const uint8_t *salt; /* 32 bytes, that the receiver may see the compartment; or NULL */
};

/* Returns the size written; with out == NULL, the size needed; 0 when a part's size is out of range or
 * capacity is too small (nothing useful is in out then). */
size_t evidence_pack(const struct evidence_parts *parts, uint8_t *out, size_t capacity);

#endif
