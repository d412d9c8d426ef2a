/* SPDX-License-Identifier: MIT */
/* The AK and its certificate, the quote, the PCR values that it is over. */
#include "verify_parts.h"
#include "p256.h"

#include <stdio.h>
#include <tss2/tss2_tpm2_types.h>

#define PCR_BIT(n)  (1u << (n))
#define PCRS_NEEDED (PCR_BIT(4) | PCR_BIT(8) | PCR_BIT(9) | PCR_BIT(17) | PCR_BIT(18) | PCR_BIT(21) | PCR_BIT(22))

static const char *profile_name(enum akcert_profile profile)
{
    static const char *const names[] = {"no profile", "production", "development"};

    return names[profile];
}

static const char *revocation_name(enum akcert_revocation revocation)
{
    static const char *const names[] = {"not listed", "revoked: a given list has it or one of its issuers",
                                        "no list of its issuer, or of an issuer of that, was given",
                                        "the list of an issuer is not of this time (thisUpdate, nextUpdate)",
                                        "a list is unusable: not signed by its issuer, or by one that may not"};

    return names[revocation];
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool ek_is_known(const struct verify_wanted *wanted, struct bytes hex)
{
    uint8_t hash[32];

    if (hex.data == NULL || hex.size != 64) return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(hex.data[2 * i]), low = hex_digit(hex.data[2 * i + 1]);

        if (high < 0 || low < 0) return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    for (size_t i = 0; i < wanted->known_ek_count; i++) {
        if (memcmp(wanted->known_eks[i], hash, 32) == 0) return true;
    }
    return false;
}

static void check_ek(struct verify_parts *p, struct bytes ek_hash)
{
    int length = (int)(ek_hash.size < 64 ? ek_hash.size : 64);
    bool known;

    if (p->wanted->known_eks == NULL) {
        verify_absent(p, FINDING_EK_UNKNOWN, "no inventory of EKs given");
        return;
    }
    known = ek_is_known(p->wanted, ek_hash);
    verify_judge(p, FINDING_EK_UNKNOWN, known, "EK %.*s is %sin the inventory", length,
                 ek_hash.data != NULL ? (const char *)ek_hash.data : "", known ? "" : "not ");
}

static void check_certificate(struct verify_parts *p)
{
    const struct verify_wanted *wanted = p->wanted;
    struct akcert_findings f;

    if (!p->has_cert || !p->has_ak || wanted->trust == NULL) {
        const char *why = wanted->trust == NULL ? "no CA certificate given" : "no certificate and key to look at";

        for (int code = FINDING_AK_CHAIN; code <= FINDING_EK_UNKNOWN; code++)
            verify_not_made(p, (enum findings_code)code, why);
        return;
    }
    akcert_examine(&p->cert, wanted->trust, wanted->crl, &wanted->now, p->ak.xy, &f);
    verify_judge(p, FINDING_AK_CHAIN, f.leads_to_trust && f.is_for_ak && f.is_for_key,
                 "certificate %s a given CA, is %sfor an AK, is %sfor this key",
                 f.leads_to_trust ? "leads to" : "does not lead to", f.is_for_ak ? "" : "not ",
                 f.is_for_key ? "" : "not ");
    verify_judge(p, FINDING_AK_PROFILE, wanted->profile != AKCERT_NONE && f.profile == wanted->profile,
                 "certificate has %s, wanted %s", profile_name(f.profile), profile_name(wanted->profile));
    verify_judge(p, FINDING_AK_EXPIRED, f.in_time, "%s valid at %04d-%02d-%02d %02d:%02d UTC",
                 f.in_time ? "every certificate on the way is" : "a certificate on the way is NOT", wanted->now.year,
                 wanted->now.mon, wanted->now.day, wanted->now.hour, wanted->now.min);
    if (wanted->crl == NULL)
        verify_absent(p, FINDING_AK_REVOKED, "no revocation list given");
    else
        verify_judge(p, FINDING_AK_REVOKED, f.revocation == AKCERT_NOT_LISTED, "%s", revocation_name(f.revocation));
    check_ek(p, f.ek_hash);
}

/* The certificate vouches for the point alone. What binds the attributes is that the TPM names the signer in the
 * quote by a digest of its whole public area. */
static void check_ak(struct verify_parts *p)
{
    bool named;

    if (!p->has_ak || !p->has_quote) {
        verify_not_made(p, FINDING_AK_ATTRS, "no AK or quote to look at");
        return;
    }
    named = memcmp(p->ak.qualified, p->quote.signer, sizeof(p->quote.signer)) == 0;
    verify_judge(p, FINDING_AK_ATTRS, p->ak.is_ak && named,
                 "%s restricted signing key of its TPM for ECDSA P-256 SHA-256, %s the quote's signer",
                 p->ak.is_ak ? "a" : "not a", named ? "and" : "not");
}

static void check_quote_signature(struct verify_parts *p)
{
    uint8_t digest[32];
    bool good;

    if (!p->has_ak || !p->has_quote_sig) {
        verify_not_made(p, FINDING_QUOTE_SIG, "no key or signature to look at");
        return;
    }
    p256_sha256(p->platform.quote.data, p->platform.quote.size, digest);
    good = p256_verify(p->ak.xy, digest, p->quote_rs);
    verify_judge(p, FINDING_QUOTE_SIG, good, "the quote's %zu bytes %s signed (ECDSA P-256) by the AK",
                 p->platform.quote.size, good ? "are" : "are NOT");
}

static void check_pcr_select(struct verify_parts *p)
{
    uint32_t quoted = p->quote.pcr_mask;

    verify_judge(p, FINDING_PCR_SELECT,
                 p->quote.sha256_only && (quoted & PCRS_NEEDED) == PCRS_NEEDED && quoted == p->platform.pcr_mask,
                 "quoted %06x, given %06x, needed %06x (bit n: PCR n)", quoted, p->platform.pcr_mask, PCRS_NEEDED);
}

static void check_pcr_digest(struct verify_parts *p)
{
    char text[65], computed[65];
    uint8_t digest[32];
    bool good;

    if (!p->quote.sha256_only) {
        verify_not_made(p, FINDING_PCR_DIGEST, "the quote is not over the SHA-256 bank alone");
        return;
    }
    /* Over the PCRs that were quoted: one that is missing in the values counts as zeros, and PCR_SELECT fails. */
    tpmquote_digest(p->platform.pcr, p->quote.pcr_mask, digest);
    good = memcmp(digest, p->quote.pcr_digest, 32) == 0;
    findings_hex(p->quote.pcr_digest, 32, text);
    findings_hex(digest, 32, computed);
    verify_judge(p, FINDING_PCR_DIGEST, good, "quoted %s%s%s", text, good ? "" : ", the values give ",
                 good ? "" : computed);
}

static void check_quote(struct verify_parts *p)
{
    if (!p->has_quote) {
        for (int code = FINDING_QUOTE_MAGIC; code <= FINDING_PCR_DIGEST; code++)
            verify_not_made(p, (enum findings_code)code, "no quote to look at");
        return;
    }
    verify_judge(p, FINDING_QUOTE_MAGIC, p->quote.magic == TPM2_GENERATED_VALUE, "%08x, a TPM's is %08x",
                 p->quote.magic, TPM2_GENERATED_VALUE);
    verify_judge(p, FINDING_QUOTE_TYPE, p->quote.type == TPM2_ST_ATTEST_QUOTE, "%04x, a quote's is %04x", p->quote.type,
                 TPM2_ST_ATTEST_QUOTE);
    if (p->quote.type != TPM2_ST_ATTEST_QUOTE) {
        verify_not_made(p, FINDING_PCR_SELECT, "not a quote");
        verify_not_made(p, FINDING_PCR_DIGEST, "not a quote");
        return;
    }
    check_pcr_select(p);
    check_pcr_digest(p);
}

void verify_platform(struct verify_parts *parts)
{
    check_certificate(parts);
    check_ak(parts);
    check_quote_signature(parts);
    check_quote(parts);
}
