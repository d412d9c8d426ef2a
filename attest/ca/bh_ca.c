/* SPDX-License-Identifier: MIT */
/*
 * bh-ca: registrar and CA for AKs, on a machine of its own. It certifies an AK only after the TPM of an enrolled EK
 * has shown, by opening a credential, that the AK is its own. Ceremony: keys/README.md.
 */
#include "akca.h"
#include "akcrl.h"
#include "akrequest.h"
#include "castate.h"
#include "credential.h"
#include "ekcert.h"
#include "ektemplate.h"
#include "../tool/toolfile.h"
#include "../verify/findings.h"
#include "../verify/p256.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const toolfile_program = "bh-ca";

static const char usage_text[] =
    "usage: bh-ca ek REQUEST                       prints the EK's digest, to be compared with the delivery papers\n"
    "       bh-ca enrol REQUEST --state DIR --profile production|development (--ek-roots PEM | --known HEX)\n"
    "                                              takes the EK in, by its maker's certificate or by its digest on "
    "paper\n"
    "       bh-ca forget HEX --state DIR           no AK of that EK is certified any more\n"
    "       bh-ca inventory --state DIR            the EKs, for bh-verify --known-eks\n"
    "       bh-ca challenge REQUEST --state DIR --out CHALLENGE\n"
    "       bh-ca issue REQUEST --state DIR --answer ANSWER --key PEM --cert PEM --days N --out CERTIFICATE\n"
    "       bh-ca revoke [CERTIFICATE...] --state DIR --key PEM --cert PEM --days N --out LIST\n"
    "  REQUEST, ANSWER and CERTIFICATE go to and come from bh-provision --request, --activate, --certificate.\n"
    "  The list is of all that were ever revoked. DIR is made when it is missing; see castate.h for what is in it.\n";

struct options {
    const char *verb, *state, *out, *answer, *key, *cert, *profile, *days, *ek_roots, *known;
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

/* A request, and what is kept of it: views into `file`. */
struct asked {
    struct bytes file;
    struct akrequest request;
    uint8_t digest[32];
};

static int read_request(const char *path, struct asked *asked)
{
    asked->file = toolfile_read(path, AKREQUEST_MAX);
    if (asked->file.data == NULL) return -1;
    p256_sha256(asked->file.data, asked->file.size, asked->digest);
    if (akrequest_read(asked->file, &asked->request) == 0) return 0;
    complain(path, "no request, or not for a restricted signing key on P-256");
    return -1;
}

static struct bytes ek_id(const struct asked *asked)
{
    return (struct bytes){asked->request.ek_hash, 32};
}

/* --- The inventory --------------------------------------------------------------------------------- */

static int print_ek(const struct options *o, const struct asked *asked)
{
    char hex[65];

    (void)o;
    findings_hex(asked->request.ek_hash, 32, hex);
    puts(hex);
    return 0;
}

static int judge_certificate(const struct options *o, const struct akrequest *request)
{
    struct bytes file = toolfile_read(o->ek_roots, 1048576);
    mbedtls_x509_crt roots;
    const char *why = "no root certificates in PEM";

    mbedtls_x509_crt_init(&roots);
    if (file.data != NULL && mbedtls_x509_crt_parse(&roots, file.data, file.size + 1) == 0) /* PEM counts its NUL */
        why = request->ek_certificate.data != NULL ? ekcert_judge(request->ek_certificate, &roots, &request->ek)
                                                   : "the request holds no certificate of the EK";
    mbedtls_x509_crt_free(&roots);
    toolfile_free(file);
    return why != NULL ? complain(why[0] == 'n' ? o->ek_roots : o->operands[0], why) : 0;
}

static int judge_papers(const struct options *o, const struct akrequest *request)
{
    uint8_t known[32];

    if (toolfile_hex(o->known, known, sizeof(known)) != 32) return complain(o->known, "not a digest");
    return memcmp(known, request->ek_hash, 32) == 0 ? 0 : complain(o->operands[0], "the EK is another one");
}

/* What ek/ or forgotten/ says of it. NONE, complained of where it says neither. */
static enum akcert_profile read_profile(const struct options *o, const char *kind, struct bytes id)
{
    enum akcert_profile profile = AKCERT_NONE;
    char path[CASTATE_PATH];
    struct bytes file;

    if (castate_path(path, o->state, kind, id, "") != 0) return AKCERT_NONE;
    file = toolfile_read(path, 64);
    if (bytes_has_prefix(file, "production "))
        profile = AKCERT_PRODUCTION;
    else if (bytes_has_prefix(file, "development "))
        profile = AKCERT_DEVELOPMENT;
    else
        complain(path, "says neither production nor development");
    toolfile_free(file);
    return profile;
}

/* The profile is the EK's for good: an EK that swtpm's CA vouched for never gets a production certificate. */
static int keeps_profile(const struct options *o, const char *kind, struct bytes id)
{
    const char *wanted = o->profile;
    enum akcert_profile profile;

    if (!castate_has(o->state, kind, id, "")) return 0;
    profile = read_profile(o, kind, id);
    if (profile == AKCERT_NONE) return -1;
    if (strcmp(wanted, "production") == 0 ? profile == AKCERT_PRODUCTION : profile == AKCERT_DEVELOPMENT) return 0;
    complain(o->operands[0], profile == AKCERT_DEVELOPMENT
                                 ? "this EK was enrolled for development, which is for good: no production"
                                 : "this EK was enrolled for production, which is for good");
    return -1;
}

static int refuse_template(const struct options *o)
{
    return complain(o->operands[0], "the EK is not by template L-1 or L-2 of the EK Credential Profile");
}

static int enrol(const struct options *o, const struct asked *asked)
{
    char path[CASTATE_PATH], text[64];

    if (o->profile == NULL || (strcmp(o->profile, "production") != 0 && strcmp(o->profile, "development") != 0) ||
        (o->ek_roots == NULL) == (o->known == NULL))
        return usage();
    if (!ektemplate_is(&asked->request.ek)) return refuse_template(o);
    if ((o->ek_roots != NULL ? judge_certificate(o, &asked->request) : judge_papers(o, &asked->request)) != 0) return 1;
    if (keeps_profile(o, "ek", ek_id(asked)) != 0 || keeps_profile(o, "forgotten", ek_id(asked)) != 0) return 1;
    if (castate_has(o->state, "ek", ek_id(asked), ""))
        return complain(o->operands[0], "this EK is in the inventory already; forget it first");
    snprintf(text, sizeof(text), "%s %s\n", o->profile, o->ek_roots != NULL ? "certificate" : "papers");
    return castate_path(path, o->state, "ek", ek_id(asked), "") != 0 || toolfile_write(path, text, strlen(text)) != 0;
}

static int forget(const struct options *o)
{
    char path[CASTATE_PATH], forgotten[CASTATE_PATH];
    uint8_t id[32];

    if (o->count != 1 || toolfile_hex(o->operands[0], id, sizeof(id)) != 32) return usage();
    if (castate_path(path, o->state, "ek", (struct bytes){id, 32}, "") != 0 ||
        castate_path(forgotten, o->state, "forgotten", (struct bytes){id, 32}, "") != 0)
        return 1;
    if (rename(path, forgotten) == 0) return toolfile_sync_folder(forgotten) | toolfile_sync_folder(path);
    return complain(o->operands[0], errno == ENOENT ? "not in the inventory" : strerror(errno));
}

static int print_name(const char *name, void *context)
{
    (void)context;
    puts(name);
    return 0;
}

static int print_inventory(const struct options *o)
{
    return o->count != 0 ? usage() : castate_each(o->state, "ek", print_name, NULL) != 0;
}

/* NONE, complained of, for an EK that is not in the inventory, or should never have come there. */
static enum akcert_profile enrolled_profile(const struct options *o, const struct asked *asked)
{
    if (!castate_has(o->state, "ek", ek_id(asked), "")) {
        complain(o->operands[0], "this TPM's EK is not in the inventory");
        return AKCERT_NONE;
    }
    if (!ektemplate_is(&asked->request.ek)) {
        refuse_template(o);
        return AKCERT_NONE;
    }
    return read_profile(o, "ek", ek_id(asked));
}

/* --- Challenges ------------------------------------------------------------------------------------- */

static size_t make_challenge(const struct akrequest *request, uint8_t secret[AKREQUEST_SECRET], uint8_t *out,
                             size_t capacity)
{
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    TPM2B_ENCRYPTED_SECRET seed = {0};
    TPM2B_ID_OBJECT blob = {0};
    size_t size = 0;

    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0 &&
        mbedtls_ctr_drbg_random(&random, secret, AKREQUEST_SECRET) == 0 &&
        credential_make(&request->ek, &request->ak_name, secret, AKREQUEST_SECRET, mbedtls_ctr_drbg_random, &random,
                        &blob, &seed) == 0)
        size = akrequest_write_challenge(&blob, &seed, out, capacity);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    return size;
}

static int challenge(const struct options *o, const struct asked *asked)
{
    uint8_t secret[AKREQUEST_SECRET], out[AKREQUEST_MAX];
    char path[CASTATE_PATH];
    size_t size;

    if (o->out == NULL) return usage();
    if (enrolled_profile(o, asked) == AKCERT_NONE) return 1;
    size = make_challenge(&asked->request, secret, out, sizeof(out));
    if (size == 0)
        return complain(o->operands[0], "no challenge can be made for this EK: RSA 2048 and ECC P-256 are supported");
    return castate_path(path, o->state, "pending", (struct bytes){asked->digest, 32}, "") != 0 ||
           toolfile_write(path, secret, sizeof(secret)) != 0 || toolfile_write(o->out, out, size) != 0;
}

/* --- Issuing ---------------------------------------------------------------------------------------- */

/* Equal in a time that does not tell where they differ. */
static bool same_secret(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

static bool answer_is_right(const struct options *o, const char *pending)
{
    struct bytes kept = {0}, answer = {0};
    bool right;

    if (access(pending, F_OK) != 0) {
        complain(o->operands[0], "no challenge is open for this request");
        return false;
    }
    kept = toolfile_read(pending, AKREQUEST_SECRET);
    answer = toolfile_read(o->answer, AKREQUEST_SECRET);
    right = kept.size == AKREQUEST_SECRET && answer.size == AKREQUEST_SECRET &&
            same_secret(kept.data, answer.data, AKREQUEST_SECRET);
    if (!right) complain(o->answer, "not the answer to this request's challenge");
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

/* DIR/kind/SHA-256 of the certificate, and suffix */
static int keep_certificate(const char *dir, const char *kind, struct bytes der, const char *suffix)
{
    char path[CASTATE_PATH];
    uint8_t id[32];

    p256_sha256(der.data, der.size, id);
    return castate_path(path, dir, kind, (struct bytes){id, 32}, suffix) != 0 ||
           toolfile_write(path, der.data, der.size) != 0;
}

/* Recorded before it is given out: what nobody knows of cannot be revoked. */
static int write_certificate(const struct options *o, const struct akrequest *request, enum akcert_profile profile,
                             long days)
{
    const mbedtls_x509_time from = utc(time(NULL) - 3600), to = utc(time(NULL) + days * 86400);
    const struct akca_subject subject = {request->ak_xy, request->ek_hash, profile, &from, &to};
    uint8_t out[4096];
    struct akca ca;
    int size;

    if (open_ca(o, &ca) != 0) return 1;
    size = akca_issue(&ca, &subject, out, sizeof(out));
    akca_close(&ca);
    if (size == -EINVAL)
        return complain(o->cert, "the CA's name cannot be written again as it is there: plain ASCII, each part a "
                                 "UTF8String (bh-key ca makes such)");
    if (size < 0) return complain(o->out, "the certificate cannot be made");
    return keep_certificate(o->state, "issued", (struct bytes){out, (size_t)size}, ".der") != 0 ||
           toolfile_write(o->out, out, (size_t)size) != 0;
}

static int issue(const struct options *o, const struct asked *asked)
{
    enum akcert_profile profile;
    char pending[CASTATE_PATH];
    long days;

    if (o->out == NULL || o->answer == NULL || o->key == NULL || o->cert == NULL || o->days == NULL ||
        !read_days(o->days, &days))
        return usage();
    profile = enrolled_profile(o, asked);
    if (profile == AKCERT_NONE ||
        castate_path(pending, o->state, "pending", (struct bytes){asked->digest, 32}, "") != 0 ||
        !answer_is_right(o, pending) || write_certificate(o, &asked->request, profile, days) != 0)
        return 1;
    if (unlink(pending) == 0 && toolfile_sync_folder(pending) == 0) return 0;
    return complain(pending, strerror(errno)); /* its answer must not be good again */
}

/* --- Revoking --------------------------------------------------------------------------------------- */

struct revocations {
    const char *dir;
    struct akca ca;
    struct akcrl_entry entry[AKCRL_MAX];
    size_t count;
};

/* Judged one by one, so that the one which is none of this CA's is named. */
static int add_revoked(const char *path, mbedtls_x509_time when, struct revocations *list)
{
    struct bytes file;
    mbedtls_x509_crt crt;
    int rc;

    if (list->count == AKCRL_MAX) return complain(path, "the list is too long");
    file = toolfile_read(path, 65536);
    if (file.data == NULL) return 1;
    mbedtls_x509_crt_init(&crt);
    rc = akca_check(&list->ca, file, &crt);
    mbedtls_x509_crt_free(&crt);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = bytes_equal(file, list->entry[i].der.data, list->entry[i].der.size);
    if (rc == 0) {
        list->entry[list->count++] = (struct akcrl_entry){file, when};
        return 0;
    }
    toolfile_free(file);
    return rc < 0 ? complain(path, "not a certificate that this CA signed") : 0; /* 1: it is there already */
}

/* The time in its name; in one from before there was any, that of the file. */
static mbedtls_x509_time revoked_since(const char *name, const char *path)
{
    mbedtls_x509_time t = {0};
    struct stat st = {0};

    if (strlen(name) == 64 + 15 + 4 &&
        sscanf(name + 64, "-%4d%2d%2d%2d%2d%2d.der", &t.year, &t.mon, &t.day, &t.hour, &t.min, &t.sec) == 6)
        return t;
    stat(path, &st);
    return utc(st.st_mtime);
}

static int add_former(const char *name, void *context)
{
    struct revocations *list = context;
    char path[CASTATE_PATH];

    snprintf(path, sizeof(path), "%s/revoked/%s", list->dir, name);
    return add_revoked(path, revoked_since(name, path), list);
}

/* The list is made before anything is written down: a certificate that is none of this CA changes nothing. */
static int write_list(const struct options *o, struct revocations *list, size_t former, mbedtls_x509_time from,
                      long days)
{
    const mbedtls_x509_time to = utc(time(NULL) + days * 86400);
    struct akcrl_list made = {.entry = list->entry, .count = list->count, .from = &from, .to = &to};
    static uint8_t out[131072];
    char since[32];
    int size, rc = 0;

    if (castate_next_number(o->state, &made.number) != 0) return 1;
    size = akcrl_write(&list->ca, &made, out, sizeof(out));
    if (size < 0) return complain(o->out, "the list is too long");
    snprintf(since, sizeof(since), "-%04u%02u%02u%02u%02u%02u.der", (unsigned int)from.year % 10000,
             (unsigned int)from.mon % 100, (unsigned int)from.day % 100, (unsigned int)from.hour % 100,
             (unsigned int)from.min % 100, (unsigned int)from.sec % 100);
    for (size_t i = former; rc == 0 && i < list->count; i++)
        rc = keep_certificate(o->state, "revoked", list->entry[i].der, since);
    return rc != 0 || toolfile_write(o->out, out, (size_t)size) != 0;
}

static int revoke_some(const struct options *o)
{
    static struct revocations list;
    const mbedtls_x509_time now = utc(time(NULL));
    size_t former;
    long days;
    int rc;

    if (o->key == NULL || o->cert == NULL || o->out == NULL || o->days == NULL || !read_days(o->days, &days))
        return usage();
    if (open_ca(o, &list.ca) != 0) return 1;
    list.dir = o->state;
    rc = castate_each(o->state, "revoked", add_former, &list);
    former = list.count;
    for (int i = 0; rc == 0 && i < o->count; i++)
        rc = add_revoked(o->operands[i], now, &list);
    if (rc == 0) rc = write_list(o, &list, former, now, days);
    for (size_t i = 0; i < list.count; i++)
        toolfile_free(list.entry[i].der);
    akca_close(&list.ca);
    return rc != 0;
}

/* --- Command line ------------------------------------------------------------------------------------ */

static const char **slot_of(struct options *o, int option)
{
    switch (option) {
    case 's':
        return &o->state;
    case 'o':
        return &o->out;
    case 'a':
        return &o->answer;
    case 'K':
        return &o->key;
    case 'C':
        return &o->cert;
    case 'p':
        return &o->profile;
    case 'd':
        return &o->days;
    case 'r':
        return &o->ek_roots;
    case 'k':
        return &o->known;
    default:
        return NULL;
    }
}

static int run_on_request(const struct options *o, int (*run)(const struct options *o, const struct asked *asked))
{
    struct asked asked = {0};
    int rc;

    if (o->count != 1) return usage();
    rc = read_request(o->operands[0], &asked) == 0 ? run(o, &asked) : 1;
    toolfile_free(asked.file);
    return rc;
}

static int run(const struct options *o)
{
    static const struct {
        const char *name;
        int (*plain)(const struct options *o);
        int (*on_request)(const struct options *o, const struct asked *asked);
    } verbs[] = {{"ek", NULL, print_ek},         {"enrol", NULL, enrol},
                 {"forget", forget, NULL},       {"inventory", print_inventory, NULL},
                 {"challenge", NULL, challenge}, {"issue", NULL, issue},
                 {"revoke", revoke_some, NULL}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(o->verb, verbs[i].name) != 0) continue;
        if (verbs[i].on_request != print_ek && (o->state == NULL || castate_open(o->state) != 0))
            return o->state == NULL ? usage() : 1;
        return verbs[i].plain != NULL ? verbs[i].plain(o) : run_on_request(o, verbs[i].on_request);
    }
    return usage();
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"state", 1, NULL, 's'}, {"out", 1, NULL, 'o'},   {"answer", 1, NULL, 'a'},
                                          {"key", 1, NULL, 'K'},   {"cert", 1, NULL, 'C'},  {"profile", 1, NULL, 'p'},
                                          {"days", 1, NULL, 'd'},  {"known", 1, NULL, 'k'}, {"ek-roots", 1, NULL, 'r'},
                                          {NULL, 0, NULL, 0}};
    struct options o = {0};
    int option;

    umask(077); /* secrets are among what is written */
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char **slot = slot_of(&o, option);

        if (slot == NULL) return usage();
        *slot = optarg;
    }
    if (optind == argc) return usage();
    o.verb = argv[optind++];
    o.operands = argv + optind;
    o.count = argc - optind;
    return run(&o);
}
