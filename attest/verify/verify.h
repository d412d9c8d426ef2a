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

#define VERIFY_WAIVE(code) (1ull << FINDING_##code)
/* What may be left out; the rest has to be made. */
#define VERIFY_WAIVABLE                                                                                                \
    (VERIFY_WAIVE(AK_REVOKED) | VERIFY_WAIVE(EK_UNKNOWN) | VERIFY_WAIVE(STALE_BOOT) | VERIFY_WAIVE(SIGNER) |           \
     VERIFY_WAIVE(GUEST_SVN) | VERIFY_WAIVE(IOMMU) | VERIFY_WAIVE(HV_SVN))

/* What the relying party wants. A pointer that is NULL or a list that is empty where something is wanted makes
 * the check NOT_MADE, so the verdict is a rejection; to waive a check is said by its flag or its bit. */
struct verify_wanted {
    struct bytes nonce;
    struct bytes binding; /* absent: evidence must not have one either */
    const struct refvalues *refs;
    mbedtls_x509_crt *trust;
    mbedtls_x509_crl *crl;
    mbedtls_x509_time now;
    enum akcert_profile profile;
    const uint8_t (*known_eks)[32]; /* NULL: no inventory */
    size_t known_ek_count;
    const char *type;                         /* of the label; NULL: none given */
    uint32_t compartment;                     /* can be checked only where the evidence carries the salt */
    bool any_compartment;                     /* of the label only the type counts */
    const uint8_t *launch[VERIFY_LAUNCH_MAX]; /* acceptable launch digests, 32 bytes each */
    size_t launch_count;
    const uint8_t *signer[VERIFY_LAUNCH_MAX]; /* acceptable signers: SHA-256 of X || Y */
    size_t signer_count;
    uint32_t least_guest_svn; /* by one of those signers, and never without: who else's number it were, nobody knows; 0:
                                 none given */
    const uint8_t
        *policy[VERIFY_LAUNCH_MAX]; /* policies that may be in force besides the reference's: SHA-256 of the file */
    size_t policy_count;
    uint32_t pcr_mask; /* bit n: PCR n must be pcr[n], besides what the reference values say; and quoted */
    uint8_t pcr[EVIDENCE_PCRS][32];
    uint32_t least_svn;        /* of the hypervisor; 0: none given */
    uint32_t last_reset_count; /* of the TPM, as last seen; 0: never seen */
    uint64_t waived; /* VERIFY_WAIVE() of checks in VERIFY_WAIVABLE that may be left out where nothing was given */
    bool any_label, any_launch; /* where none is given: a given one decides */
    bool allow_debug;
    bool late_launch;   /* there must be one, also where the reference values have none */
    bool require_iommu; /* also where IOMMU is waived */
};

/* Fills in findings; true when accepted. */
bool verify_evidence(struct bytes input, const struct verify_wanted *wanted, struct findings *findings);

#endif
