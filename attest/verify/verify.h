/* SPDX-License-Identifier: MIT */
/*
 * The verifier: evidence against what a relying party wants. No I/O, no globals, no clock: everything that counts
 * comes in. It makes every check that it can and reports each; see FORMAT.md section 4.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include "akcert.h"
#include "evidence.h"
#include "findings.h"
#include "refvalues.h"

#define VERIFY_LAUNCH_MAX 16u

/* What the relying party wants. A pointer that is NULL or a list that is empty where something is wanted makes
 * the check NOT_MADE, so the verdict is a rejection; to waive a check is said by its flag. */
struct verify_wanted {
    struct bytes nonce;
    struct bytes binding; /* absent: evidence must not have one either */
    const struct refvalues *refs;
    mbedtls_x509_crt *trust;
    mbedtls_x509_crl *crl; /* NULL waives AK_REVOKED */
    mbedtls_x509_time now;
    enum akcert_profile profile;
    const uint8_t (*known_eks)[32]; /* NULL waives EK_UNKNOWN */
    size_t known_ek_count;
    const char *type;                         /* of the label; NULL: none given */
    uint32_t compartment;                     /* can be checked only where the evidence carries the salt */
    bool any_compartment;                     /* of the label only the type counts */
    const uint8_t *launch[VERIFY_LAUNCH_MAX]; /* acceptable launch digests, 32 bytes each */
    size_t launch_count;
    uint32_t least_svn;
    uint32_t last_reset_count; /* of the TPM, as last seen; 0: never seen, waives STALE_BOOT */
    bool any_label, any_launch, allow_debug, require_iommu, late_launch;
};

/* Fills in findings; true when accepted. */
bool verify_evidence(struct bytes input, const struct verify_wanted *wanted, struct findings *findings);

#endif
