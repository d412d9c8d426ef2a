/* SPDX-License-Identifier: MIT */
/*
 * bh-provision: certifies this machine's AK, quotes the measured boot and hands the platform part of the
 * evidence to the hypervisor, where every domain reads it. Runs in dom0 and is trusted by nobody: whatever it
 * stores either verifies or does not. Idempotent; started again it starts over.
 */
#include "quoting.h"
#include "tpmkeys.h"
#include "../ca/akca.h"
#include "../ca/akrequest.h"
#include "../ca/credential.h"
#include "../format/platform_pack.h"
#include "../tcti/hvlink.h"
#include "../tool/toolfile.h"
#include "../verify/eventlog.h"
#include "../verify/p256.h"
#include "../verify/tpmquote.h"

#include <errno.h>
#include <getopt.h>
#include <mbedtls/pk.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

const char *const toolfile_program = "bh-provision";

#define ATTEMPTS 25 /* at a quote that agrees with the log: PCR 22 may move while we look */

struct options {
    bool rsa;
    const char *tcti, *ca_key, *ca_cert, *certificate, *request, *activate, *answer, *eventlog, *out;
};

struct service {
    struct options options;
    struct hvlink *hv; /* NULL when log and output are files */
    struct akca ca;    /* in development */
    struct tpmkeys keys;
    struct quoting quoting;
    struct evidence_platform platform;
    uint8_t log[BH_EVIDENCE_MAX], log_again[BH_EVIDENCE_MAX], packed[BH_EVIDENCE_MAX];
    uint8_t ak_public[512], certificate[4096];
};

static long read_file(const char *path, uint8_t *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) return -errno;
    size = fread(out, 1, capacity, file);
    fclose(file);
    return size == capacity ? -EMSGSIZE : (long)size;
}

static int fail(const char *what, long error)
{
    fprintf(stderr, "bh-provision: %s: %s\n", what, strerror((int)-error));
    return (int)error;
}

static long read_log(struct service *s, uint8_t *out)
{
    if (s->hv == NULL) return read_file(s->options.eventlog, out, BH_EVIDENCE_MAX);
    return hvlink_read_blob(s->hv, BH_EVENTLOG_READ, out, BH_EVIDENCE_MAX);
}

static int open_ca(struct service *s)
{
    static uint8_t key[8192], cert[8192]; /* PEM for mbedTLS counts its NUL */
    long key_size = read_file(s->options.ca_key, key, sizeof(key) - 1);
    long cert_size = read_file(s->options.ca_cert, cert, sizeof(cert) - 1);

    if (key_size < 0) return fail(s->options.ca_key, key_size);
    if (cert_size < 0) return fail(s->options.ca_cert, cert_size);
    if (akca_open(&s->ca, key, (size_t)key_size + 1, cert, (size_t)cert_size + 1) != 0)
        return fail("development CA's key and certificate do not belong together", -EINVAL);
    return 0;
}

/* --- The AK's certificate --------------------------------------------------------------------- */

static int marshal_ak(struct service *s)
{
    size_t size = 0;

    if (Tss2_MU_TPMT_PUBLIC_Marshal(&s->keys.ak_public.publicArea, s->ak_public, sizeof(s->ak_public), &size) !=
        TSS2_RC_SUCCESS)
        return fail("AK's public part", -EIO);
    s->platform.ak_public = (struct bytes){s->ak_public, size};
    return 0;
}

static int write_request(struct service *s, ESYS_CONTEXT *esys)
{
    uint8_t request[AKREQUEST_MAX], certificate[4096];
    long cert_size = tpmkeys_ek_certificate(esys, s->options.rsa, certificate, sizeof(certificate));
    size_t size;

    if (cert_size < 0) return fail("the EK's certificate", cert_size);
    if (cert_size == 0) printf("bh-provision: the TPM holds no certificate for this EK\n");
    size = akrequest_write(&s->keys.ek_public.publicArea, &s->keys.ak_public.publicArea,
                           (struct bytes){cert_size != 0 ? certificate : NULL, (size_t)cert_size}, request,
                           sizeof(request));
    if (size == 0) return fail(s->options.request, -EIO);
    return toolfile_write(s->options.request, request, size) == 0 ? 0 : -EIO;
}

static int answer_challenge(struct service *s, ESYS_CONTEXT *esys)
{
    TPM2B_ENCRYPTED_SECRET seed = {0};
    TPM2B_ID_OBJECT blob = {0};
    TPM2B_DIGEST answer = {0};
    uint8_t challenge[AKREQUEST_MAX];
    long size = read_file(s->options.activate, challenge, sizeof(challenge));

    if (size < 0) return fail(s->options.activate, size);
    if (akrequest_read_challenge((struct bytes){challenge, (size_t)size}, &blob, &seed) != 0)
        return fail(s->options.activate, -EBADMSG);
    if (tpmkeys_activate(esys, &s->keys, &blob, &seed, &answer) != 0) return -EIO;
    return toolfile_write(s->options.answer, answer.buffer, answer.size) == 0 ? 0 : -EIO;
}

/* The development CA's half: a secret that only a TPM with this EK and this AK can open. */
static int challenge_here(struct service *s, ESYS_CONTEXT *esys, const struct akrequest *request)
{
    TPM2B_ENCRYPTED_SECRET seed = {0};
    TPM2B_ID_OBJECT blob = {0};
    TPM2B_DIGEST answer = {0};
    uint8_t secret[AKREQUEST_SECRET];

    if (mbedtls_ctr_drbg_random(&s->ca.random, secret, sizeof(secret)) != 0 ||
        credential_make(&request->ek, &request->ak_name, secret, sizeof(secret), mbedtls_ctr_drbg_random, &s->ca.random,
                        &blob, &seed) != 0)
        return fail("credential for the EK", -EIO);
    if (tpmkeys_activate(esys, &s->keys, &blob, &seed, &answer) != 0) return -EIO;
    if (answer.size != sizeof(secret) || memcmp(answer.buffer, secret, sizeof(secret)) != 0)
        return fail("the TPM did not open the credential", -EACCES);
    return 0;
}

static int certify_here(struct service *s, ESYS_CONTEXT *esys)
{
    struct akca_subject subject = {.profile = AKCERT_DEVELOPMENT};
    struct akrequest request;
    uint8_t encoded[AKREQUEST_MAX];
    size_t size = akrequest_write(&s->keys.ek_public.publicArea, &s->keys.ak_public.publicArea, (struct bytes){0},
                                  encoded, sizeof(encoded));
    int rc = akrequest_read((struct bytes){encoded, size}, &request);

    if (rc != 0) return fail("EK and AK", rc);
    rc = challenge_here(s, esys, &request);
    if (rc != 0) return rc;
    subject.xy = request.ak_xy;
    subject.ek_hash = request.ek_hash;
    rc = akca_issue(&s->ca, &subject, s->certificate, sizeof(s->certificate));
    if (rc < 0) return fail("AK certificate", rc);
    s->platform.chain[0] = (struct bytes){s->certificate, (size_t)rc};
    return 0;
}

/* One whole certificate, for this very AK; what else it says is for those who verify. */
static bool is_for_ak(const struct service *s, size_t size)
{
    const TPMS_ECC_POINT *point = &s->keys.ak_public.publicArea.unique.ecc;
    uint8_t encoded[65];
    mbedtls_x509_crt crt;
    size_t encoded_size;
    bool good;

    mbedtls_x509_crt_init(&crt);
    good = mbedtls_x509_crt_parse_der(&crt, s->certificate, size) == 0 && crt.raw.len == size &&
           mbedtls_pk_get_type(&crt.pk) == MBEDTLS_PK_ECKEY &&
           mbedtls_pk_ec(crt.pk)->grp.id == MBEDTLS_ECP_DP_SECP256R1 && point->x.size == 32 && point->y.size == 32 &&
           mbedtls_ecp_point_write_binary(&mbedtls_pk_ec(crt.pk)->grp, &mbedtls_pk_ec(crt.pk)->Q,
                                          MBEDTLS_ECP_PF_UNCOMPRESSED, &encoded_size, encoded, sizeof(encoded)) == 0 &&
           memcmp(encoded + 1, point->x.buffer, 32) == 0 && memcmp(encoded + 33, point->y.buffer, 32) == 0;
    mbedtls_x509_crt_free(&crt);
    return good;
}

static int load_certificate(struct service *s)
{
    long size = read_file(s->options.certificate, s->certificate, sizeof(s->certificate));

    if (size < 0) return fail(s->options.certificate, size);
    if (!is_for_ak(s, (size_t)size)) {
        toolfile_complain("%s: not a certificate (DER) for this TPM's AK", s->options.certificate);
        return -EINVAL;
    }
    s->platform.chain[0] = (struct bytes){s->certificate, (size_t)size};
    return 0;
}

static int certify(struct service *s, ESYS_CONTEXT *esys)
{
    int rc = s->options.certificate != NULL ? load_certificate(s) : certify_here(s, esys);

    s->platform.chain_count = 1;
    return rc == 0 ? marshal_ak(s) : rc;
}

/* --- The quote ---------------------------------------------------------------------------------- */

/* The hypervisor logs an event of PCR 22 before the TPM is told of it. */
static bool log_is_extended(const struct service *s, uint32_t pcr)
{
    uint8_t from_zero[32], from_ff[32];

    memset(from_zero, 0x00, sizeof(from_zero));
    memset(from_ff, 0xff, sizeof(from_ff));
    eventlog_replay(s->platform.log, pcr, from_zero);
    eventlog_replay(s->platform.log, pcr, from_ff);
    return memcmp(from_zero, s->quoting.pcr[pcr], 32) == 0 || memcmp(from_ff, s->quoting.pcr[pcr], 32) == 0;
}

/* One try: the log before and after the quote must be the same. */
static int quote_log(struct service *s, ESYS_CONTEXT *esys)
{
    struct eventlog_record key;
    uint8_t boot_id[32];
    long size = read_log(s, s->log);
    int rc;

    if (size < 0) return fail("event log", size);
    s->platform.log = (struct bytes){s->log, (size_t)size};
    if (eventlog_parse(s->platform.log) != 0 || eventlog_only(s->platform.log, BH_EV_HV_KEY, &key) != 0 ||
        key.data.size != 64)
        return fail("event log has no hypervisor key: nothing is measured", -ENODEV);
    s->platform.hv_key = key.data;
    p256_sha256(key.data.data, key.data.size, boot_id);
    rc = quoting_make(esys, s->keys.ak, boot_id, &s->quoting);
    if (rc != 0) return rc;
    if (read_log(s, s->log_again) != size || memcmp(s->log, s->log_again, (size_t)size) != 0 ||
        !log_is_extended(s, 21) || !log_is_extended(s, 22))
        return -EAGAIN;
    return 0;
}

static int pack(struct service *s, ESYS_CONTEXT *esys)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    size_t size;
    int rc = -EAGAIN;

    for (int attempt = 0; rc == -EAGAIN && attempt < ATTEMPTS; attempt++) {
        if (attempt != 0) nanosleep(&pause, NULL);
        rc = quote_log(s, esys);
    }
    if (rc != 0) return rc == -EAGAIN ? fail("PCR 21 and 22 never agreed with the log", rc) : rc;
    s->platform.quote = (struct bytes){s->quoting.attest.attestationData, s->quoting.attest.size};
    s->platform.quote_signature = (struct bytes){s->quoting.signature, s->quoting.signature_size};
    s->platform.pcr_mask = s->quoting.pcr_mask;
    memcpy(s->platform.pcr, s->quoting.pcr, sizeof(s->platform.pcr));
    size = platform_pack(&s->platform, s->packed, sizeof(s->packed));
    if (size == 0) return fail("evidence is too large", -EMSGSIZE);
    if (s->options.out != NULL && toolfile_write(s->options.out, s->packed, size) != 0) return -EIO;
    if (s->options.out == NULL) rc = hvlink_write_blob(s->hv, BH_EVIDENCE_PUT, s->packed, size);
    if (rc != 0) return fail("storing the platform evidence", rc);
    printf("bh-provision: %zu bytes of platform evidence stored%s\n", size,
           s->options.certificate == NULL ? " (development CA)" : "");
    return 0;
}

static int serve(struct service *s, ESYS_CONTEXT *esys)
{
    int rc;

    if (s->options.request != NULL) return write_request(s, esys);
    if (s->options.activate != NULL) return answer_challenge(s, esys);
    rc = certify(s, esys);
    return rc == 0 ? pack(s, esys) : rc;
}

static int provision(struct service *s)
{
    TSS2_TCTI_CONTEXT *tcti = NULL;
    ESYS_CONTEXT *esys = NULL;
    int rc = tpmkeys_check(s->options.tcti, Tss2_TctiLdr_Initialize(s->options.tcti, &tcti));

    if (rc != 0) return rc;
    rc = tpmkeys_check("ESYS", Esys_Initialize(&esys, tcti, NULL));
    if (rc == 0) {
        tpmkeys_sweep(esys);
        rc = tpmkeys_open(esys, s->options.rsa, &s->keys);
        if (rc == 0) rc = serve(s, esys);
        tpmkeys_close(esys, &s->keys);
        Esys_Finalize(&esys);
    }
    Tss2_TctiLdr_Finalize(&tcti);
    return rc;
}

static int usage(void)
{
    fputs("usage: bh-provision --ca-key PEM --ca-cert PEM [...]           certifies the AK by the development CA,\n"
          "       bh-provision --certificate DER [...]                    or has bh-ca's certificate, then quotes the\n"
          "                                                               boot and stores the platform evidence\n"
          "       bh-provision --request FILE [--tcti ...]                what bh-ca challenge wants\n"
          "       bh-provision --activate FILE --answer FILE [--tcti ...] answers its challenge\n"
          "  --rsa                          the EK by RSA (template L-1) instead of P-256 (L-2): whichever has a "
          "certificate\n"
          "  --tcti NAME[:CONF]             another way to the TPM than the hypervisor (tpm2-tss names)\n"
          "  --eventlog FILE --out FILE     instead of the hypervisor's event log and evidence store\n",
          stderr);
    return 2;
}

static const char **slot_of(struct options *o, int option)
{
    switch (option) {
    case 't':
        return &o->tcti;
    case 'k':
        return &o->ca_key;
    case 'c':
        return &o->ca_cert;
    case 'C':
        return &o->certificate;
    case 'r':
        return &o->request;
    case 'a':
        return &o->activate;
    case 'A':
        return &o->answer;
    case 'l':
        return &o->eventlog;
    case 'o':
        return &o->out;
    default:
        return NULL;
    }
}

/* Exactly one of the four things to do, and what belongs to it. */
static bool are_complete(const struct options *o)
{
    bool dev = o->ca_key != NULL && o->ca_cert != NULL;
    int things = dev + (o->certificate != NULL) + (o->request != NULL) + (o->activate != NULL);

    return things == 1 && (o->ca_key != NULL) == (o->ca_cert != NULL) && (o->activate != NULL) == (o->answer != NULL) &&
           (o->eventlog != NULL) == (o->out != NULL);
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"tcti", 1, NULL, 't'},    {"ca-key", 1, NULL, 'k'},   {"ca-cert", 1, NULL, 'c'}, {"certificate", 1, NULL, 'C'},
        {"request", 1, NULL, 'r'}, {"activate", 1, NULL, 'a'}, {"answer", 1, NULL, 'A'},  {"eventlog", 1, NULL, 'l'},
        {"out", 1, NULL, 'o'},     {"rsa", 0, NULL, 'R'},      {NULL, 0, NULL, 0}};
    int option;

    *options = (struct options){.tcti = "bulkhead"};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char **slot = slot_of(options, option);

        options->rsa |= option == 'R';
        if (option == 'R') continue;
        if (slot == NULL) return false;
        *slot = optarg;
    }
    return optind == argc && are_complete(options);
}

static bool stores_in_hypervisor(const struct options *o)
{
    return o->out == NULL && o->request == NULL && o->activate == NULL;
}

int main(int argc, char **argv)
{
    static struct service service;
    struct options *options = &service.options;
    int rc = 0;

    if (!read_options(argc, argv, options)) return usage();
    umask(077);                        /* an answer is a secret until it is used */
    setenv("TSS2_LOG", "all+NONE", 0); /* what fails is said here; a missing AK is no failure */
    if (stores_in_hypervisor(options)) {
        service.hv = hvlink_open();
        if (service.hv == NULL) return fail("no way to the hypervisor", -errno) != 0;
    }
    if (options->ca_key != NULL) rc = open_ca(&service);
    if (rc == 0) rc = provision(&service);
    if (options->ca_key != NULL) akca_close(&service.ca);
    if (service.hv != NULL) hvlink_close(service.hv);
    return rc == 0 ? 0 : 1;
}
