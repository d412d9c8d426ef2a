/* SPDX-License-Identifier: MIT */
#include "attls_judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <mbedtls/sha256.h>

#include "attestwords.h"

static bool refuse(char why[ATTLS_ERROR], const char *text)
{
    snprintf(why, ATTLS_ERROR, "the peer's evidence: %s", text);
    return false;
}

/* The codes that failed, and the first one's words. */
static void explain(const struct findings *findings, char why[ATTLS_ERROR])
{
    const char *detail = NULL;
    size_t at = (size_t)snprintf(why, ATTLS_ERROR, "the peer's evidence is REJECTED:");

    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        enum findings_state state = findings_state_of(findings, (enum findings_code)code);

        if ((state == FINDINGS_FAIL || state == FINDINGS_NOT_MADE) && at < ATTLS_ERROR)
            at += (size_t)snprintf(why + at, ATTLS_ERROR - at, " %s", findings_name((enum findings_code)code));
    }
    for (size_t i = 0; i < findings->count && detail == NULL; i++)
        if (findings->item[i].state == FINDINGS_FAIL) detail = findings->item[i].detail;
    if (detail != NULL && at < ATTLS_ERROR) snprintf(why + at, ATTLS_ERROR - at, " (%s)", detail);
}

bool attls_judge_remote(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                        const uint8_t *evidence, size_t size, char why[ATTLS_ERROR])
{
    struct verify_wanted wanted = *(const struct verify_wanted *)judged;
    struct findings findings;

    wanted.nonce = (struct bytes){nonce, ATTLS_NONCE};
    wanted.binding = (struct bytes){binding, ATTLS_BINDING};
    if (verify_evidence((struct bytes){evidence, size}, &wanted, &findings)) return true;
    explain(&findings, why);
    return false;
}

static bool launch_is_wanted(const struct attls_local *l, const struct bh_report *r)
{
    for (size_t i = 0; i < l->launch_count; i++)
        if (memcmp(l->launch[i], r->launch_digest, 32) == 0) return true;
    return l->any_launch;
}

/* Zero stands for nobody, whoever asks for it. */
static bool signer_is_wanted(const struct attls_local *l, const struct bh_report *r)
{
    static const uint8_t nobody[32];

    return l->signer == NULL || (memcmp(l->signer, r->signer, 32) == 0 && memcmp(r->signer, nobody, 32) != 0 &&
                                 r->guest_svn >= l->least_guest_svn);
}

static bool judge_report(const struct attls_local *l, const struct bh_report *r, char why[ATTLS_ERROR])
{
    if (!(r->flags & BH_FLAG_MEASURED)) return refuse(why, "this boot is not measured, or no longer");
    if ((r->flags & BH_FLAG_DEBUG) && !l->allow_debug)
        return refuse(why, "of a debug build of the hypervisor (--allow-debug)");
    if (!launch_is_wanted(l, r)) return refuse(why, "another launch");
    if (l->type != NULL && strncmp(l->type, r->type, sizeof(r->type)) != 0) return refuse(why, "another label");
    if (!signer_is_wanted(l, r)) return refuse(why, "another signer, or too low a version");
    return true;
}

bool attls_judge_local(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                       const uint8_t *evidence, size_t size, char why[ATTLS_ERROR])
{
    const struct attls_local *l = judged;
    uint8_t data[64];
    struct evidence e;
    struct bh_report r;
    int rc;

    if (evidence_parse((struct bytes){evidence, size}, &e) != 0 || evidence_parse_report(e.report, &r) != 0 ||
        e.signature.size != 64)
        return refuse(why, "malformed");
    mbedtls_sha256_ret(nonce, ATTLS_NONCE, data, 0);
    mbedtls_sha256_ret(binding, ATTLS_BINDING, data + 32, 0);
    if (memcmp(r.report_data, data, 32) != 0) return refuse(why, "over another nonce");
    if (memcmp(r.report_data + 32, data + 32, 32) != 0) return refuse(why, "for another channel");
    rc = l->check(&r, e.signature.data);
    if (rc == -EBADMSG) return refuse(why, "not of this hypervisor in this boot");
    if (rc != 0) {
        snprintf(why, ATTLS_ERROR, "the peer's evidence cannot be checked: %s", attestwords(rc));
        return false;
    }
    return judge_report(l, &r, why);
}
