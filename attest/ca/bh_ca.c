/* SPDX-License-Identifier: MIT */
/*
 * bh-ca: registrar and CA for AKs, on a machine of its own. It certifies an AK only after the TPM of a known EK
 * has shown, by opening a credential, that the AK is its own. Ceremony: keys/README.md.
 */
#include "akca.h"
#include "akcrl.h"
#include "akrequest.h"
#include "credential.h"
#include "../tool/toolfile.h"
#include "../verify/findings.h"
#include "../verify/p256.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const toolfile_program = "bh-ca";

static const char usage_text[] =
    "usage: bh-ca ek REQUEST                       prints the EK's digest, for the inventory\n"
    "       bh-ca challenge REQUEST --inventory FILE --keep SECRET --out CHALLENGE\n"
    "       bh-ca issue REQUEST --inventory FILE --keep SECRET --answer ANSWER --key PEM --cert PEM --days N\n"
    "                   --profile production|development --out CERTIFICATE\n"
    "       bh-ca revoke --key PEM --cert PEM --days N --out LIST [CERTIFICATE...]\n"
    "  REQUEST, ANSWER and CERTIFICATE go to and come from bh-provision --request, --activate, --certificate.\n"
    "  The inventory lists EK digests in hex, one a line. SECRET is used up by issue.\n";

struct options {
    const char *verb, *inventory, *keep, *out, *answer, *key, *cert, *profile, *days;
    char **operands;
    int count;
};

static int usage(void)
{
    fputs(usage_text, stderr);
    return 2;
}

static int complain(const char *what, const char *why)
{
    toolfile_complain("%s: %s", what, why);
    return 1;
}

static int read_request(const char *path, struct bytes *file, struct akrequest *request)
{
    *file = toolfile_read(path, AKREQUEST_MAX);
    if (file->data == NULL)
        return -1;
    if (akrequest_read(*file, request) == 0)
        return 0;
    complain(path, "no request, or not for a restricted signing key on P-256");
    return -1;
}

static bool is_listed(const char *path, const uint8_t ek_hash[32])
{
    struct bytes file = toolfile_read(path, 1048576);
    char wanted[65], *line, *rest = (char *)(uintptr_t)file.data;
    bool found = false;

    findings_hex(ek_hash, 32, wanted);
    while (file.data != NULL && (line = strsep(&rest, "\r\n")) != NULL)
        found |= strcmp(line, wanted) == 0;
    toolfile_free(file);
    if (file.data != NULL && !found)
        complain(path, "this TPM's EK is not in the inventory");
    return found;
}

static int print_ek(const struct options *o)
{
    struct akrequest request;
    struct bytes file = {0};
    char hex[65];
    int rc = o->count == 1 ? read_request(o->operands[0], &file, &request) : 2;

    if (rc == 0) {
        findings_hex(request.ek_hash, 32, hex);
        puts(hex);
    }
    toolfile_free(file);
    return rc == 2 ? usage() : rc != 0;
}

/* What is kept between challenge and issue: SHA-256 of the request, then the secret. */
#define KEPT_SIZE (32u + AKREQUEST_SECRET)

static int make_challenge(const struct options *o, const struct akrequest *request, struct bytes file)
{
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    TPM2B_ENCRYPTED_SECRET seed = {0};
    TPM2B_ID_OBJECT blob = {0};
    uint8_t kept[KEPT_SIZE], out[AKREQUEST_MAX];
    size_t size = 0;

    p256_sha256(file.data, file.size, kept);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0 &&
        mbedtls_ctr_drbg_random(&random, kept + 32, AKREQUEST_SECRET) == 0 &&
        credential_make(&request->ek, &request->ak_name, kept + 32, AKREQUEST_SECRET, mbedtls_ctr_drbg_random, &random,
                        &blob, &seed) == 0)
        size = akrequest_write_challenge(&blob, &seed, out, sizeof(out));
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    if (size == 0)
        return complain(o->operands[0], "no challenge can be made for this EK: ECC P-256 alone is supported");
    return toolfile_write(o->keep, kept, sizeof(kept)) == 0 && toolfile_write(o->out, out, size) == 0 ? 0 : 1;
}

static int challenge(const struct options *o)
{
    struct akrequest request;
    struct bytes file = {0};
    int rc;

    if (o->count != 1 || o->inventory == NULL || o->keep == NULL || o->out == NULL)
        return usage();
    rc = read_request(o->operands[0], &file, &request) == 0 && is_listed(o->inventory, request.ek_hash)
             ? make_challenge(o, &request, file)
             : 1;
    toolfile_free(file);
    return rc;
}

/* --- Issuing --------------------------------------------------------------------------------- */

/* Equal in a time that does not tell where they differ. */
static bool same_secret(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

static bool answer_is_right(const struct options *o, struct bytes request_file)
{
    struct bytes kept = toolfile_read(o->keep, KEPT_SIZE), answer = toolfile_read(o->answer, AKREQUEST_SECRET);
    uint8_t digest[32];
    bool right = false;

    p256_sha256(request_file.data, request_file.size, digest);
    if (kept.data != NULL && answer.data != NULL) {
        right = kept.size == KEPT_SIZE && answer.size == AKREQUEST_SECRET && memcmp(kept.data, digest, 32) == 0 &&
                same_secret(kept.data + 32, answer.data, AKREQUEST_SECRET);
        if (!right)
            complain(o->answer, "not the answer to this request's challenge");
    }
    toolfile_free(kept);
    toolfile_free(answer);
    return right;
}

static int open_ca(const struct options *o, struct akca *ca)
{
    struct bytes key = toolfile_read(o->key, 65536), cert = toolfile_read(o->cert, 65536);
    int rc = -1;

    if (key.data != NULL && cert.data != NULL) {
        rc = akca_open(ca, key.data, key.size + 1, cert.data, cert.size + 1); /* PEM counts its NUL */
        if (rc != 0) {
            complain(o->key, "does not belong to the CA certificate");
            akca_close(ca);
        }
    }
    toolfile_free(key);
    toolfile_free(cert);
    return rc;
}

static mbedtls_x509_time utc(time_t seconds)
{
    struct tm t;

    gmtime_r(&seconds, &t);
    return (mbedtls_x509_time){t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec};
}

static bool read_days(const char *text, long *days)
{
    char *end;

    *days = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *days >= 1 && *days <= 3650;
}

static int write_certificate(const struct options *o, const struct akrequest *request, enum akcert_profile profile,
                             long days)
{
    const mbedtls_x509_time from = utc(time(NULL) - 3600), to = utc(time(NULL) + days * 86400);
    const struct akca_subject subject = {request->ak_xy, request->ek_hash, profile, &from, &to};
    uint8_t out[4096];
    struct akca ca;
    int size;

    if (open_ca(o, &ca) != 0)
        return 1;
    size = akca_issue(&ca, &subject, out, sizeof(out));
    akca_close(&ca);
    if (size < 0)
        return complain(o->out, "the certificate cannot be made");
    if (toolfile_write(o->out, out, (size_t)size) != 0)
        return 1;
    unlink(o->keep);
    return 0;
}

static int issue(const struct options *o)
{
    enum akcert_profile profile = AKCERT_NONE;
    struct akrequest request;
    struct bytes file = {0};
    long days;
    int rc;

    if (o->profile != NULL)
        profile = strcmp(o->profile, "production") == 0    ? AKCERT_PRODUCTION
                  : strcmp(o->profile, "development") == 0 ? AKCERT_DEVELOPMENT
                                                           : AKCERT_NONE;
    if (o->count != 1 || o->inventory == NULL || o->keep == NULL || o->out == NULL || o->answer == NULL ||
        o->key == NULL || o->cert == NULL || profile == AKCERT_NONE || o->days == NULL || !read_days(o->days, &days))
        return usage();
    rc = read_request(o->operands[0], &file, &request) == 0 && is_listed(o->inventory, request.ek_hash) &&
                 answer_is_right(o, file)
             ? write_certificate(o, &request, profile, days)
             : 1;
    toolfile_free(file);
    return rc;
}

/* --- Revoking -------------------------------------------------------------------------------- */

static int write_list(const struct options *o, const struct bytes *certs, long days)
{
    const mbedtls_x509_time from = utc(time(NULL)), to = utc(time(NULL) + days * 86400);
    static uint8_t out[131072];
    struct akca ca;
    int size;

    if (open_ca(o, &ca) != 0)
        return 1;
    size = akcrl_write(&ca, certs, (size_t)o->count, &from, &to, out, sizeof(out));
    akca_close(&ca);
    if (size < 0)
        return complain(o->out, "a certificate is not one of this CA, or the list is too long");
    return toolfile_write(o->out, out, (size_t)size) == 0 ? 0 : 1;
}

static int write_revocations(const struct options *o)
{
    static struct bytes certs[AKCRL_MAX];
    long days;
    int rc = 0;

    if (o->key == NULL || o->cert == NULL || o->out == NULL || o->days == NULL || !read_days(o->days, &days) ||
        o->count > (int)AKCRL_MAX)
        return usage();
    for (int i = 0; i < o->count; i++) {
        certs[i] = toolfile_read(o->operands[i], 65536);
        rc |= certs[i].data == NULL;
    }
    if (rc == 0)
        rc = write_list(o, certs, days);
    for (int i = 0; i < o->count; i++)
        toolfile_free(certs[i]);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"inventory", 1, NULL, 'i'}, {"keep", 1, NULL, 'k'}, {"out", 1, NULL, 'o'},
                                          {"answer", 1, NULL, 'a'},    {"key", 1, NULL, 'K'},  {"cert", 1, NULL, 'C'},
                                          {"profile", 1, NULL, 'p'},   {"days", 1, NULL, 'd'}, {NULL, 0, NULL, 0}};
    static const struct {
        const char *name;
        int (*run)(const struct options *o);
    } verbs[] = {{"ek", print_ek}, {"challenge", challenge}, {"issue", issue}, {"revoke", write_revocations}};
    struct options o = {0};
    int option;

    umask(077); /* a secret is among what is written */
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char **slot = option == 'i'   ? &o.inventory
                            : option == 'k' ? &o.keep
                            : option == 'o' ? &o.out
                            : option == 'a' ? &o.answer
                            : option == 'K' ? &o.key
                            : option == 'C' ? &o.cert
                            : option == 'p' ? &o.profile
                            : option == 'd' ? &o.days
                                            : NULL;

        if (slot == NULL)
            return usage();
        *slot = optarg;
    }
    if (optind == argc)
        return usage();
    o.verb = argv[optind++];
    o.operands = argv + optind;
    o.count = argc - optind;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(o.verb, verbs[i].name) == 0)
            return verbs[i].run(&o);
    }
    return usage();
}
