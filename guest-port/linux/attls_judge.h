/* SPDX-License-Identifier: MIT */
/* What a side of attested TLS may think of its peer's evidence: for struct attls_config's judge. */
#ifndef ATTLS_JUDGE_H
#define ATTLS_JUDGE_H

#include "attls.h"
#include "../../attest/verify/verify.h"

/* By reference values and a CA, wherever the peer runs: `judged` is a struct verify_wanted; its nonce and binding are
 * ignored, the channel's take their place. */
bool attls_judge_remote(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                        const uint8_t *evidence, size_t size, char why[ATTLS_ERROR]);

/* By the hypervisor that both run on: it says whether the report is its own, and `judged` what the peer has to be. No
 * reference values, no certificates, no TPM. */
struct attls_local {
    /* 0, or a negative errno. BH_REPORT_CHECK, but in tests. */
    int (*check)(const struct bh_report *report, const uint8_t signature[64]);
    const char *type;                         /* NULL: any */
    const uint8_t *launch[VERIFY_LAUNCH_MAX]; /* one of these */
    size_t launch_count;
    const uint8_t *signer; /* and of this signer, with this version at least, where not NULL */
    uint32_t least_guest_svn;
    bool any_launch, allow_debug; /* a report without BH_FLAG_MEASURED never is good */
};
bool attls_judge_local(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                       const uint8_t *evidence, size_t size, char why[ATTLS_ERROR]);

#endif
