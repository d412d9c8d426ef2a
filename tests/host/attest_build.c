/* SPDX-License-Identifier: MIT */
#include "attest_build.h"
#include "../../attest/ca/akcrl.h"
#include "../../attest/format/platform_pack.h"
#include "../../attest/verify/p256.h"

#include <mbedtls/ecdsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>

#define must(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* --- Keys ----------------------------------------------------------------------------------- */

static void make_key(mbedtls_pk_context *pk, mbedtls_ctr_drbg_context *random, uint8_t xy[64])
{
    uint8_t encoded[65];
    size_t size;

    mbedtls_pk_init(pk);
    must(mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0);
    must(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*pk), mbedtls_ctr_drbg_random, random) == 0);
    must(mbedtls_ecp_point_write_binary(&mbedtls_pk_ec(*pk)->grp, &mbedtls_pk_ec(*pk)->Q, MBEDTLS_ECP_PF_UNCOMPRESSED,
                                        &size, encoded, sizeof(encoded)) == 0);
    if (xy != NULL) memcpy(xy, encoded + 1, 64);
}

static void sign(mbedtls_pk_context *pk, mbedtls_ctr_drbg_context *random, const void *data, size_t size,
                 uint8_t rs[64])
{
    uint8_t digest[32];
    mbedtls_mpi r, s;

    p256_sha256(data, size, digest);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    must(mbedtls_ecdsa_sign(&mbedtls_pk_ec(*pk)->grp, &r, &s, &mbedtls_pk_ec(*pk)->d, digest, 32,
                            mbedtls_ctr_drbg_random, random) == 0);
    must(mbedtls_mpi_write_binary(&r, rs, 32) == 0 && mbedtls_mpi_write_binary(&s, rs + 32, 32) == 0);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
}

static void write_ca_cert(mbedtls_pk_context *key, mbedtls_ctr_drbg_context *random, uint8_t *pem, size_t capacity)
{
    static const char name[] = "CN=Test CA,O=Bulkhead";
    mbedtls_x509write_cert write;
    mbedtls_mpi serial;

    mbedtls_x509write_crt_init(&write);
    mbedtls_mpi_init(&serial);
    must(mbedtls_mpi_lset(&serial, 1) == 0 && mbedtls_x509write_crt_set_serial(&write, &serial) == 0);
    mbedtls_x509write_crt_set_version(&write, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&write, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&write, key);
    mbedtls_x509write_crt_set_issuer_key(&write, key);
    must(mbedtls_x509write_crt_set_subject_name(&write, name) == 0 &&
         mbedtls_x509write_crt_set_issuer_name(&write, name) == 0 &&
         mbedtls_x509write_crt_set_validity(&write, "20200101000000", "20491231235959") == 0 &&
         mbedtls_x509write_crt_set_basic_constraints(&write, 1, -1) == 0 &&
         mbedtls_x509write_crt_set_key_usage(&write, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
         mbedtls_x509write_crt_pem(&write, pem, capacity, mbedtls_ctr_drbg_random, random) == 0);
    mbedtls_mpi_free(&serial);
    mbedtls_x509write_crt_free(&write);
}

static void open_ca(struct akca *ca, mbedtls_ctr_drbg_context *random, uint8_t key_pem[1024], uint8_t cert_pem[2048])
{
    mbedtls_pk_context key;

    make_key(&key, random, NULL);
    must(mbedtls_pk_write_key_pem(&key, key_pem, 1024) == 0);
    write_ca_cert(&key, random, cert_pem, 2048);
    must(akca_open(ca, key_pem, strlen((char *)key_pem) + 1, cert_pem, strlen((char *)cert_pem) + 1) == 0);
    mbedtls_pk_free(&key);
}

void attest_build_open(struct attest_build *b)
{
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;

    memset(b, 0, sizeof(*b));
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    must(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0);
    open_ca(&b->other_ca, &random, b->ca_key_pem, b->ca_cert_pem);
    open_ca(&b->ca, &random, b->ca_key_pem, b->ca_cert_pem); /* the PEM that stays is this one's */
    make_key(&b->ak, &random, b->ak_xy);
    make_key(&b->hv, &random, b->hv_xy);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    mbedtls_x509_crl_init(&b->nobody);
    attest_build_crl(b, false, &b->nobody);
}

void attest_build_close(struct attest_build *b)
{
    mbedtls_pk_free(&b->ak);
    mbedtls_pk_free(&b->hv);
    akca_close(&b->ca);
    akca_close(&b->other_ca);
    mbedtls_x509_crl_free(&b->nobody);
}

/* --- Steps ---------------------------------------------------------------------------------- */

static void make_inputs(struct attest_build *b)
{
    b->issuer = &b->ca;
    b->ak_to = NULL;
    b->ak_cert = (struct bytes){0};
    b->issuer_count = 0;
    b->late_unreferenced = b->late_unsaid = false;
    b->more_refs = NULL;
    b->reset_count = 7;
    b->log_size = 0;
    b->start22 = 0xff;
    b->binding_size = 0;
    memset(b->ek_hash, 0xe4, sizeof(b->ek_hash));
    memset(b->policy_digest, 0x70, sizeof(b->policy_digest));
    memset(b->other_policy, 0x71, sizeof(b->other_policy));
    memset(b->signer, 0x51, sizeof(b->signer));
    memset(b->nonce, 0x4e, sizeof(b->nonce));
    p256_sha256(b->hv_xy, 64, b->boot_id);
    b->ak_public = (TPMT_PUBLIC){
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
        .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                 .scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                                 .curveID = TPM2_ECC_NIST_P256,
                                 .kdf.scheme = TPM2_ALG_NULL},
        .unique.ecc = {.x.size = 32, .y.size = 32},
    };
    memcpy(b->ak_public.unique.ecc.x.buffer, b->ak_xy, 32);
    memcpy(b->ak_public.unique.ecc.y.buffer, b->ak_xy + 32, 32);
    b->dom0 = (struct bh_launch){.magic = "BHLNCH1", .kernel = {1}, .ramdisk = {2}, .cmdline = {3}};
    b->tenant = b->dom0;
    b->tenant.kernel[0] = 9;
    b->tenant.memory_kib = 163840;
    b->tenant.vcpus = 2;
    p256_sha256(&b->tenant, sizeof(b->tenant), b->tenant_digest);
}

static void put_le32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

void attest_build_event(struct attest_build *b, uint32_t pcr, uint32_t type, const uint8_t digest[32], const void *data,
                        size_t size)
{
    uint8_t *out = b->log + b->log_size;

    must(b->log_size + 44 + size <= sizeof(b->log));
    put_le32(out, pcr);
    put_le32(out + 4, type);
    if (digest != NULL)
        memcpy(out + 8, digest, 32);
    else
        p256_sha256(data, size, out + 8);
    put_le32(out + 40, (uint32_t)size);
    memcpy(out + 44, data, size);
    b->log_size += 44 + size;
}

static void make_late_log(struct attest_build *b)
{
    uint8_t digest[32];

    for (uint8_t i = 0; i < 3; i++) {
        memset(digest, 0xd0 + i, sizeof(digest));
        attest_build_event(b, 17 + (i & 1u), BH_EV_DRTM, digest, "\1\5\0\0", 4);
    }
}

static void make_log(struct attest_build *b)
{
    if (b->late) make_late_log(b);
    attest_build_event(b, 21, BH_EV_HV_KEY, NULL, b->hv_xy, 64);
    attest_build_event(b, 21, BH_EV_HV_CONFIG, NULL, "dom0_mem=512M", 13);
    attest_build_event(b, 21, BH_EV_POLICY, b->policy_digest, "\3\0\0\0", 4);
    attest_build_event(b, 21, BH_EV_LAUNCH, NULL, &b->dom0, sizeof(b->dom0));
    attest_build_event(b, 22, BH_EV_RUNTIME, NULL, "tenant created", 14);
}

static void make_pcrs(struct attest_build *b)
{
    static const int pinned[] = {4, 8, 9};
    struct evidence_platform *p = &b->platform;
    struct bytes log = {b->log, b->log_size};

    *p = (struct evidence_platform){.pcr_mask = 0x6643ff, .log = log, .hv_key = {b->hv_xy, 64}};
    for (int i = 0; i < 24; i++)
        memset(p->pcr[i], i, 32);
    memset(p->pcr[17], b->late ? 0 : 0xff, 64); /* and 18 */
    memset(p->pcr[21], b->late ? 0 : 0xff, 32);
    memset(p->pcr[22], b->late ? 0 : b->start22, 32);
    eventlog_replay(log, 17, p->pcr[17]);
    eventlog_replay(log, 18, p->pcr[18]);
    memcpy(b->drtm_ref, p->pcr[17], 64);
    eventlog_replay(log, 21, p->pcr[21]);
    eventlog_replay(log, 22, p->pcr[22]);
    for (int i = 0; i < 3; i++)
        memcpy(b->pcr_ref[i], p->pcr[pinned[i]], 32);
}

static void make_attest(struct attest_build *b)
{
    TPMS_QUOTE_INFO *quote = &b->attest.attested.quote;
    size_t size = 0;

    b->attest = (TPMS_ATTEST){.magic = TPM2_GENERATED_VALUE,
                              .type = TPM2_ST_ATTEST_QUOTE,
                              .extraData.size = 32,
                              .clockInfo = {.resetCount = b->reset_count, .safe = TPM2_YES}};
    memcpy(b->attest.extraData.buffer, b->boot_id, 32);
    must(Tss2_MU_TPMT_PUBLIC_Marshal(&b->ak_public, b->ak_bytes, sizeof(b->ak_bytes), &size) == 0);
    b->platform.ak_public = (struct bytes){b->ak_bytes, size};
    b->attest.qualifiedSigner.size = 34;
    tpmquote_qualified_name(b->platform.ak_public, b->attest.qualifiedSigner.name);
    quote->pcrSelect.count = 1;
    quote->pcrSelect.pcrSelections[0] = (TPMS_PCR_SELECTION){.hash = TPM2_ALG_SHA256, .sizeofSelect = 3};
    for (int i = 0; i < 3; i++)
        quote->pcrSelect.pcrSelections[0].pcrSelect[i] = (BYTE)(b->platform.pcr_mask >> (8 * i));
    quote->pcrDigest.size = 32;
    tpmquote_digest(b->platform.pcr, b->platform.pcr_mask, quote->pcrDigest.buffer);
}

static void make_quote(struct attest_build *b)
{
    TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_ECDSA};
    TPMS_SIGNATURE_ECC *ecdsa = &signature.signature.ecdsa;
    uint8_t rs[64];
    size_t size = 0;

    must(Tss2_MU_TPMS_ATTEST_Marshal(&b->attest, b->attest_bytes, sizeof(b->attest_bytes), &size) == 0);
    b->platform.quote = (struct bytes){b->attest_bytes, size};
    sign(&b->ak, &b->ca.random, b->attest_bytes, size, rs);
    ecdsa->hash = TPM2_ALG_SHA256;
    ecdsa->signatureR.size = ecdsa->signatureS.size = 32;
    memcpy(ecdsa->signatureR.buffer, rs, 32);
    memcpy(ecdsa->signatureS.buffer, rs + 32, 32);
    size = 0;
    must(Tss2_MU_TPMT_SIGNATURE_Marshal(&signature, b->signature_bytes, sizeof(b->signature_bytes), &size) == 0);
    b->platform.quote_signature = (struct bytes){b->signature_bytes, size};
}

static void make_platform(struct attest_build *b)
{
    struct akca_subject subject = {
        .xy = b->ak_xy, .ek_hash = b->ek_hash, .profile = AKCERT_DEVELOPMENT, .to = b->ak_to};

    b->platform.chain[0] = b->ak_cert;
    if (b->ak_cert.data == NULL) {
        int size = akca_issue(b->issuer, &subject, b->cert, sizeof(b->cert));

        must(size > 0);
        b->platform.chain[0] = (struct bytes){b->cert, (size_t)size};
    }
    memcpy(b->platform.chain + 1, b->issuers, b->issuer_count * sizeof(b->issuers[0]));
    b->platform.chain_count = 1 + b->issuer_count;
    b->packed_size = platform_pack(&b->platform, b->packed, sizeof(b->packed));
    must(b->packed_size != 0);
}

static void hide_compartment(struct attest_build *b, uint8_t compartment)
{
    uint8_t input[44] = "BHCOMP1";

    memset(b->salt, 0x5a, sizeof(b->salt));
    memcpy(input + 8, b->salt, 32);
    input[40] = compartment;
    p256_sha256(input, sizeof(input), b->report.compartment_hash);
}

static void make_report(struct attest_build *b)
{
    struct bh_report *r = &b->report;

    *r = (struct bh_report){.magic = "BHREPT2",
                            .version = 2,
                            .flags = BH_FLAG_MEASURED | BH_FLAG_IOMMU | (b->late ? BH_FLAG_LATE_LAUNCH : 0),
                            .guest_svn = 6,
                            .domid = 5,
                            .svn = 2,
                            .epoch = 4,
                            .counter = 1,
                            .launch = b->tenant,
                            .type = "tenant_t",
                            .policy_version = 3,
                            .hv_version = "4.17-bulkhead"};
    hide_compartment(b, 7);
    memcpy(r->signer, b->signer, 32);
    memcpy(r->boot_id, b->boot_id, 32);
    memcpy(r->launch_digest, b->tenant_digest, 32);
    memcpy(r->policy_digest, b->policy_digest, 32);
    p256_sha256(b->nonce, sizeof(b->nonce), r->report_data);
    if (b->binding_size != 0) p256_sha256(b->binding, b->binding_size, r->report_data + 32);
}

void attest_build_sign_report(struct attest_build *b)
{
    sign(&b->hv, &b->ca.random, &b->report, sizeof(b->report), b->report_signature);
}

static void make_done(struct attest_build *b)
{
    struct evidence_parts parts = {.nonce = b->nonce,
                                   .nonce_size = sizeof(b->nonce),
                                   .platform = b->packed,
                                   .platform_size = b->packed_size,
                                   .report = &b->report,
                                   .signature = b->report_signature,
                                   .binding = b->binding_size != 0 ? b->binding : NULL,
                                   .binding_size = b->binding_size,
                                   .salt = b->salt};

    b->evidence_size = evidence_pack(&parts, b->evidence, sizeof(b->evidence));
    must(b->evidence_size != 0);
}

static void make_refs(struct attest_build *b)
{
    static const char *const names[] = {"pcr4", "pcr8", "pcr9"};
    static struct refwrite w;
    uint8_t digest[32];
    size_t size;

    refwrite_open(&w);
    refwrite_environment(&w, "boot/other");
    for (int i = 0; i < 3; i++) {
        memset(digest, 0xaa, sizeof(digest));
        refwrite_measurement(&w, names[i], digest, (struct bytes){0}, NULL);
    }
    refwrite_environment(&w, "boot/test");
    for (int i = 0; i < 3; i++)
        refwrite_measurement(&w, names[i], b->pcr_ref[i], (struct bytes){0}, NULL);
    for (int i = 0; b->late && !b->late_unreferenced && i < 2; i++)
        refwrite_measurement(&w, i ? "pcr18" : "pcr17", b->drtm_ref[i], (struct bytes){0}, NULL);
    refwrite_environment(&w, "hypervisor");
    p256_sha256("dom0_mem=512M", 13, digest);
    refwrite_measurement(&w, "config", digest, (struct bytes){(const uint8_t *)"dom0_mem=512M", 13}, NULL);
    refwrite_measurement(&w, "policy", b->policy_digest, (struct bytes){(const uint8_t *)"\3\0\0\0", 4}, NULL);
    p256_sha256(&b->dom0, sizeof(b->dom0), digest);
    refwrite_measurement(&w, "launch/dom0", digest, (struct bytes){0}, NULL);
    if (b->more_refs != NULL) b->more_refs(b, &w);
    size = refwrite_close(&w, "test", b->refs_file, sizeof(b->refs_file));
    b->refs_size = size;
    b->refs_rc = refvalues_parse((struct bytes){b->refs_file, size}, &b->refs);
    must(size != 0 && (b->refs_rc == 0 || b->more_refs != NULL));
}

static void make_wanted(struct attest_build *b)
{
    make_refs(b);
    memcpy(b->known_ek[0], b->ek_hash, 32);
    b->wanted = (struct verify_wanted){.nonce = {b->nonce, sizeof(b->nonce)},
                                       .refs = &b->refs,
                                       .trust = &b->ca.cert,
                                       .now = {2026, 1, 2, 3, 4, 5},
                                       .profile = AKCERT_DEVELOPMENT,
                                       .known_eks = (const uint8_t(*)[32])b->known_ek,
                                       .known_ek_count = 1,
                                       .type = "tenant_t",
                                       .compartment = 7,
                                       .launch = {b->tenant_digest},
                                       .launch_count = 1,
                                       .signer = {b->signer},
                                       .signer_count = 1,
                                       .least_guest_svn = 6,
                                       .policy = {b->other_policy},
                                       .policy_count = 1,
                                       .crl = &b->nobody,
                                       .require_iommu = true,
                                       .late_launch = b->late && !b->late_unsaid,
                                       .least_svn = 2,
                                       .last_reset_count = 7};
    if (b->binding_size != 0) b->wanted.binding = (struct bytes){b->binding, b->binding_size};
}

bool attest_build_run(struct attest_build *b, enum attest_build_step step, attest_build_hook hook)
{
    static const attest_build_hook steps[] = {
        [ATTEST_BUILD_INPUTS] = make_inputs, [ATTEST_BUILD_LOG] = make_log,
        [ATTEST_BUILD_PCRS] = make_pcrs,     [ATTEST_BUILD_ATTEST] = make_attest,
        [ATTEST_BUILD_QUOTE] = make_quote,   [ATTEST_BUILD_PLATFORM] = make_platform,
        [ATTEST_BUILD_REPORT] = make_report, [ATTEST_BUILD_SIGNED] = attest_build_sign_report,
        [ATTEST_BUILD_DONE] = make_done,     [ATTEST_BUILD_WANTED] = make_wanted};

    for (int i = ATTEST_BUILD_INPUTS; i <= ATTEST_BUILD_WANTED; i++) {
        steps[i](b);
        if (hook != NULL && i == (int)step) hook(b);
    }
    return verify_evidence((struct bytes){b->evidence, b->evidence_size}, &b->wanted, &b->findings);
}

void attest_build_crl(struct attest_build *b, bool revoked, mbedtls_x509_crl *crl)
{
    const mbedtls_x509_time from = {2020, 1, 1, 0, 0, 0}, to = {2049, 12, 31, 0, 0, 0};
    uint8_t out[1024];
    const struct akcrl_entry entry = {b->platform.chain[0], from};
    const struct akcrl_list list = {.entry = &entry, .count = revoked, .number = 1, .from = &from, .to = &to};
    int size = akcrl_write(&b->ca, &list, out, sizeof(out));

    must(size > 0 && mbedtls_x509_crl_parse_der(crl, out, (size_t)size) == 0);
}

bool attest_build_only(const struct attest_build *b, enum findings_code code)
{
    bool only = findings_state_of(&b->findings, code) == FINDINGS_FAIL;

    for (int i = 0; i < FINDINGS_CODE_COUNT; i++) {
        enum findings_state state = findings_state_of(&b->findings, (enum findings_code)i);

        only &= i == (int)code || state == FINDINGS_PASS || state == FINDINGS_WAIVED ||
                (code == FINDING_PARSE && state == FINDINGS_NOT_MADE) ||
                (code == FINDING_QUOTE_TYPE && state == FINDINGS_NOT_MADE);
    }
    return only;
}
