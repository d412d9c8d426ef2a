/* SPDX-License-Identifier: MIT */
/*
 * bh-provision: certifies this machine's AK, quotes the measured boot and hands the platform part of the
 * evidence to the hypervisor, where every domain reads it. Runs in dom0 and is trusted by nobody: whatever it
 * stores either verifies or does not. Idempotent; started again it starts over.
 */
#include "credential.h"
#include "devca.h"
#include "quoting.h"
#include "tpmkeys.h"
#include "../format/platform_pack.h"
#include "../tcti/hvlink.h"
#include "../verify/eventlog.h"
#include "../verify/p256.h"
#include "../verify/tpmquote.h"

#include <errno.h>
#include <getopt.h>
#include <mbedtls/pk.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#define ATTEMPTS 25 /* at a quote that agrees with the log: PCR 22 may move while we look */

struct options {
    const char *tcti, *ca_key, *ca_cert, *eventlog, *out;
};

struct service {
    struct options options;
    struct hvlink *hv; /* NULL when log and output are files */
    struct devca ca;
    struct tpmkeys keys;
    struct quoting quoting;
    struct evidence_platform platform;
    uint8_t log[BH_EVIDENCE_MAX], log_again[BH_EVIDENCE_MAX], packed[BH_EVIDENCE_MAX];
    uint8_t ak_public[512], certificate[2048];
};

static long read_file(const char *path, uint8_t *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        return -errno;
    size = fread(out, 1, capacity, file);
    fclose(file);
    return size == capacity ? -EMSGSIZE : (long)size;
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    size_t written;

    if (file == NULL)
        return -errno;
    written = fwrite(data, 1, size, file);
    return fclose(file) == 0 && written == size ? 0 : -EIO;
}

static int fail(const char *what, long error)
{
    fprintf(stderr, "bh-provision: %s: %s\n", what, strerror((int)-error));
    return (int)error;
}

static long read_log(struct service *s, uint8_t *out)
{
    if (s->hv == NULL)
        return read_file(s->options.eventlog, out, BH_EVIDENCE_MAX);
    return hvlink_read_blob(s->hv, BH_EVENTLOG_READ, out, BH_EVIDENCE_MAX);
}

static int open_ca(struct service *s)
{
    static uint8_t key[8192], cert[8192]; /* PEM for mbedTLS counts its NUL */
    long key_size = read_file(s->options.ca_key, key, sizeof(key) - 1);
    long cert_size = read_file(s->options.ca_cert, cert, sizeof(cert) - 1);

    if (key_size < 0)
        return fail(s->options.ca_key, key_size);
    if (cert_size < 0)
        return fail(s->options.ca_cert, cert_size);
    if (devca_open(&s->ca, key, (size_t)key_size + 1, cert, (size_t)cert_size + 1) != 0)
        return fail("development CA's key and certificate do not belong together", -EINVAL);
    return 0;
}

/* The CA's half: a secret that only a TPM with this EK and this AK can open. */
static int challenge(struct service *s, ESYS_CONTEXT *esys)
{
    TPM2B_ENCRYPTED_SECRET seed = {0};
    TPM2B_ID_OBJECT blob = {0};
    TPM2B_DIGEST answer = {0};
    uint8_t secret[32];

    if (mbedtls_ctr_drbg_random(&s->ca.random, secret, sizeof(secret)) != 0 ||
        credential_make(&s->keys.ek_public.publicArea, &s->keys.ak_name, secret, sizeof(secret),
                        mbedtls_ctr_drbg_random, &s->ca.random, &blob, &seed) != 0)
        return fail("credential for the EK", -EIO);
    if (tpmkeys_activate(esys, &s->keys, &blob, &seed, &answer) != 0)
        return -EIO;
    if (answer.size != sizeof(secret) || memcmp(answer.buffer, secret, sizeof(secret)) != 0)
        return fail("the TPM did not open the credential", -EACCES);
    return 0;
}

static int certify(struct service *s, ESYS_CONTEXT *esys)
{
    uint8_t ek[512], ek_hash[32];
    struct tpmquote_key parsed;
    size_t ak_size = 0, ek_size = 0;
    int size;

    if (Tss2_MU_TPMT_PUBLIC_Marshal(&s->keys.ak_public.publicArea, s->ak_public, sizeof(s->ak_public), &ak_size) !=
            TSS2_RC_SUCCESS ||
        Tss2_MU_TPMT_PUBLIC_Marshal(&s->keys.ek_public.publicArea, ek, sizeof(ek), &ek_size) != TSS2_RC_SUCCESS)
        return fail("public parts", -EIO);
    s->platform.ak_public = (struct bytes){s->ak_public, ak_size};
    if (tpmquote_parse_key(s->platform.ak_public, &parsed) != 0 || !parsed.is_ak)
        return fail("AK has wrong attributes", -EINVAL);
    if (challenge(s, esys) != 0)
        return -EIO;
    p256_sha256(ek, ek_size, ek_hash);
    size = devca_issue(&s->ca, parsed.xy, ek_hash, s->certificate, sizeof(s->certificate));
    if (size < 0)
        return fail("AK certificate", size);
    s->platform.chain[0] = (struct bytes){s->certificate, (size_t)size};
    s->platform.chain_count = 1;
    return 0;
}

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

    if (size < 0)
        return fail("event log", size);
    s->platform.log = (struct bytes){s->log, (size_t)size};
    if (eventlog_parse(s->platform.log) != 0 || eventlog_only(s->platform.log, BH_EV_HV_KEY, &key) != 0 ||
        key.data.size != 64)
        return fail("event log has no hypervisor key: nothing is measured", -ENODEV);
    s->platform.hv_key = key.data;
    p256_sha256(key.data.data, key.data.size, boot_id);
    rc = quoting_make(esys, s->keys.ak, boot_id, &s->quoting);
    if (rc != 0)
        return rc;
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
        if (attempt != 0)
            nanosleep(&pause, NULL);
        rc = quote_log(s, esys);
    }
    if (rc != 0)
        return rc == -EAGAIN ? fail("PCR 21 and 22 never agreed with the log", rc) : rc;
    s->platform.quote = (struct bytes){s->quoting.attest.attestationData, s->quoting.attest.size};
    s->platform.quote_signature = (struct bytes){s->quoting.signature, s->quoting.signature_size};
    s->platform.pcr_mask = s->quoting.pcr_mask;
    memcpy(s->platform.pcr, s->quoting.pcr, sizeof(s->platform.pcr));
    size = platform_pack(&s->platform, s->packed, sizeof(s->packed));
    if (size == 0)
        return fail("evidence is too large", -EMSGSIZE);
    if (s->options.out != NULL)
        rc = write_file(s->options.out, s->packed, size);
    else
        rc = hvlink_write_blob(s->hv, BH_EVIDENCE_PUT, s->packed, size);
    if (rc != 0)
        return fail("storing the platform evidence", rc);
    printf("bh-provision: %zu bytes of platform evidence stored (development CA)\n", size);
    return 0;
}

static int provision(struct service *s)
{
    TSS2_TCTI_CONTEXT *tcti = NULL;
    ESYS_CONTEXT *esys = NULL;
    int rc = tpmkeys_check(s->options.tcti, Tss2_TctiLdr_Initialize(s->options.tcti, &tcti));

    if (rc != 0)
        return rc;
    rc = tpmkeys_check("ESYS", Esys_Initialize(&esys, tcti, NULL));
    if (rc == 0) {
        rc = tpmkeys_open(esys, &s->keys);
        if (rc == 0)
            rc = certify(s, esys);
        tpmkeys_close(esys, &s->keys);
        if (rc == 0)
            rc = pack(s, esys);
        Esys_Finalize(&esys);
    }
    Tss2_TctiLdr_Finalize(&tcti);
    return rc;
}

static int usage(void)
{
    fputs("usage: bh-provision --ca-key PEM --ca-cert PEM [--tcti NAME[:CONF]] [--eventlog FILE --out FILE]\n"
          "  Quotes the measured boot and stores the platform evidence in the hypervisor.\n"
          "  --ca-key, --ca-cert  the development CA\n"
          "  --tcti               another way to a TPM than the hypervisor (tpm2-tss names), e.g. swtpm:port=2321\n"
          "  --eventlog, --out    files instead of the hypervisor's event log and evidence store\n",
          stderr);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"tcti", required_argument, NULL, 't'},    {"ca-key", required_argument, NULL, 'k'},
        {"ca-cert", required_argument, NULL, 'c'}, {"eventlog", required_argument, NULL, 'l'},
        {"out", required_argument, NULL, 'o'},     {NULL, 0, NULL, 0}};
    int option;

    *options = (struct options){.tcti = "bulkhead"};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 't':
            options->tcti = optarg;
            break;
        case 'k':
            options->ca_key = optarg;
            break;
        case 'c':
            options->ca_cert = optarg;
            break;
        case 'l':
            options->eventlog = optarg;
            break;
        case 'o':
            options->out = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == argc && options->ca_key != NULL && options->ca_cert != NULL &&
           (options->eventlog == NULL) == (options->out == NULL);
}

int main(int argc, char **argv)
{
    static struct service service;
    int rc;

    if (!read_options(argc, argv, &service.options))
        return usage();
    setenv("TSS2_LOG", "all+NONE", 0); /* what fails is said here; a missing AK is no failure */
    if (service.options.out == NULL) {
        service.hv = hvlink_open();
        if (service.hv == NULL)
            return fail("no way to the hypervisor", -errno) != 0;
    }
    rc = open_ca(&service);
    if (rc == 0) {
        rc = provision(&service);
        devca_close(&service.ca);
    }
    if (service.hv != NULL)
        hvlink_close(service.hv);
    return rc == 0 ? 0 : 1;
}
