/* SPDX-License-Identifier: MIT */
/*
 * Makes evidence with keys in software, in steps; after each step a test may alter what is there, so that what
 * follows (digests, signatures) is made over the altered thing.
 */
#ifndef ATTEST_BUILD_H
#define ATTEST_BUILD_H

#include "../../attest/format/evidence_pack.h"
#include "../../attest/measure/refwrite.h"
#include "../../attest/ca/akca.h"
#include "../../attest/verify/eventlog.h"
#include "../../attest/verify/tpmquote.h"
#include "../../attest/verify/verify.h"

#include <mbedtls/x509_crl.h>
#include <tss2/tss2_tpm2_types.h>

enum attest_build_step {
    ATTEST_BUILD_INPUTS, /* keys, AK's attributes, reset count */
    ATTEST_BUILD_LOG,
    ATTEST_BUILD_PCRS,
    ATTEST_BUILD_ATTEST,   /* the TPMS_ATTEST, not yet marshalled */
    ATTEST_BUILD_QUOTE,    /* quote and its signature */
    ATTEST_BUILD_PLATFORM, /* platform part, packed */
    ATTEST_BUILD_REPORT,   /* the report, not yet signed */
    ATTEST_BUILD_SIGNED,   /* report's signature */
    ATTEST_BUILD_DONE,     /* the evidence, packed */
    ATTEST_BUILD_WANTED,   /* what the relying party wants */
};

struct attest_build;
typedef void (*attest_build_hook)(struct attest_build *b);

struct attest_build {
    struct akca ca, other_ca; /* of the same name */
    struct akca *issuer;
    const mbedtls_x509_time *ak_to; /* of the AK's certificate; NULL: the CA's own */
    struct bytes ak_cert;           /* in its place; absent: one by issuer */
    struct bytes issuers[3];        /* that follow the AK's in the chain */
    size_t issuer_count;
    uint8_t ca_key_pem[1024], ca_cert_pem[2048];
    mbedtls_pk_context ak, hv;
    uint8_t ak_xy[64], hv_xy[64], ek_hash[32], boot_id[32];
    TPMT_PUBLIC ak_public;
    uint32_t reset_count;
    uint8_t log[8192];
    size_t log_size;
    bool late; /* set by a test: with a late launch, in the log, PCR 17 and 18, the report, the references and what is
                  wanted */
    bool late_unreferenced, late_unsaid; /* with late: the references do not name it, the relying party does not */
    uint8_t drtm_ref[2][32];             /* PCR 17, 18 */
    uint8_t start22;                     /* each byte of PCR 22 before the log */
    struct evidence_platform platform;
    TPMS_ATTEST attest;
    uint8_t attest_bytes[1024], signature_bytes[256], ak_bytes[512], cert[2048], packed[BH_EVIDENCE_MAX];
    size_t packed_size;
    struct bh_report report;
    uint8_t report_signature[64], salt[32], nonce[32], evidence[EVIDENCE_MAX];
    size_t evidence_size;
    uint8_t binding[128];
    size_t binding_size;    /* 0: none */
    uint8_t pcr_ref[3][32]; /* PCR 4, 8, 9 */
    struct bh_launch dom0, tenant;
    uint8_t policy_digest[32], other_policy[32], signer[32], tenant_digest[32], known_ek[1][32], refs_file[16384];
    size_t refs_size;
    void (*more_refs)(struct attest_build *b, struct refwrite *w); /* appends to the reference file */
    int refs_rc;                                                   /* of refvalues_parse() */
    struct refvalues refs;
    mbedtls_x509_crl nobody; /* the CA's list, and nobody is on it */
    struct verify_wanted wanted;
    struct findings findings;
};

/* Keys and CAs: once. */
void attest_build_open(struct attest_build *b);
void attest_build_close(struct attest_build *b);

/* Everything else from the start, with hook after that step (NULL: none), then verifies. */
bool attest_build_run(struct attest_build *b, enum attest_build_step step, attest_build_hook hook);

void attest_build_sign_report(struct attest_build *b); /* as it stands now */
void attest_build_event(struct attest_build *b, uint32_t pcr, uint32_t type, const uint8_t digest[32], const void *data,
                        size_t size);
/* The CA's revocation list, with the AK's certificate or empty; now and nextUpdate lie far apart. */
void attest_build_crl(struct attest_build *b, bool revoked, mbedtls_x509_crl *crl);

/* Only that code failed, and no check was left out; but for what cannot be looked at without what PARSE and QUOTE_TYPE
 * are about. */
bool attest_build_only(const struct attest_build *b, enum findings_code code);

#endif
