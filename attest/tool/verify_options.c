/* SPDX-License-Identifier: MIT */
#include "verify_options.h"
#include "toolfile.h"
#include "../format/evidence_pack.h"
#include "../verify/p256.h"

#include <getopt.h>
#include <mbedtls/pk.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FILE_MAX_SIZE 1048576u

static const char usage_text[] =
    "usage: bh-verify EVIDENCE --ref FILE --ca PEM --nonce HEX --label TYPE[:COMPARTMENT] --launch NAME|HEX [options]\n"
    "       bh-verify explain --ref FILE [FILE...]   what each reference digest is made of: which file, which string; "
    "FILEs\n"
    "                                          (kernels, ramdisks, tenants' .cfg) are named where a digest is theirs\n"
    "       bh-verify show EVIDENCE [--json]   what evidence says, unverified\n"
    "  EVIDENCE is CBOR, or text with a PEM block BULKHEAD EVIDENCE in it.\n"
    "  --profile development|production       what the AK's certificate must be for (production, also where both are "
    "given)\n"
    "  --launch NAME|HEX                      a tenant of the reference set, or a digest; may be repeated\n"
    "  --any-label, --any-launch              do not check it; not beside --label, --launch\n"
    "  --binding FILE                         what report_data must bind besides the nonce\n"
    "  --ref-key PEM                          the reference file must be signed by it (FILE.sig)\n"
    "  --signer HEX|PEM, --min-guest-svn N    who must have signed the launch; may be repeated\n"
    "  --pcr N=HEX                            PCR N must be quoted and be that (firmware: 0-7, see README); may be "
    "repeated\n"
    "  --policy HEX|FILE                      a policy that may be in force besides the reference's; may be repeated\n"
    "  --crl PEM, --known-eks FILE            revoked AKs; EKs that may be (hex digests, one a line)\n"
    "  --min-svn N, --last-reset N            lowest security version; TPM's reset count as last seen\n"
    "  --time YYYY-MM-DD                      instead of now\n"
    "  --allow-debug, --require-iommu, --late-launch\n"
    "  --waive CODE[,CODE...]                 what was not given and need not be: AK_REVOKED, EK_UNKNOWN, STALE_BOOT, "
    "SIGNER,\n"
    "                                         GUEST_SVN, HV_SVN, IOMMU (--profile development waives them all)\n"
    "  --bench N                              verify N times and say how long one takes\n"
    "  --json                                 findings and verdict as JSON\n"
    "What is not said to be repeatable is given once.\n"
    "exit: 0 accepted, 1 rejected, 2 wrong usage or an empty reference set\n";

int verify_options_usage(void)
{
    fputs(usage_text, stderr);
    return 2;
}

static int bad(const char *option, const char *value)
{
    toolfile_complain("--%s: \"%s\" is not allowed", option, value);
    return -1;
}

static int read_label(struct verify_options *s, const char *value)
{
    size_t length = strcspn(value, ":");
    const char *number = value + length + 1;
    unsigned long compartment = 0;
    char *end;

    if (length == 0 || length >= sizeof(s->type)) return bad("label", value);
    s->wanted.any_compartment = value[length] == '\0';
    if (!s->wanted.any_compartment) {
        compartment = strtoul(number, &end, 10);
        if (number[0] < '0' || number[0] > '9' || *end != '\0' || compartment > BH_COMPARTMENT_MAX)
            return bad("label", value);
    }
    memset(s->type, 0, sizeof(s->type));
    memcpy(s->type, value, length);
    s->wanted.type = s->type;
    s->wanted.compartment = (uint32_t)compartment;
    return 0;
}

static int read_number(const char *option, const char *value, uint32_t *out)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || number > UINT32_MAX) return bad(option, value);
    *out = (uint32_t)number;
    return 0;
}

static int read_time(struct verify_options *s, const char *value)
{
    mbedtls_x509_time *now = &s->wanted.now;
    char more;

    *now = (mbedtls_x509_time){.hour = 12};
    if (sscanf(value, "%4d-%2d-%2d%c", &now->year, &now->mon, &now->day, &more) != 3 || now->mon < 1 || now->mon > 12 ||
        now->day < 1 || now->day > 31)
        return bad("time", value);
    return 0;
}

/* Of both the stricter counts, whichever comes last: a script's default can be tightened and not loosened. */
static int read_profile(struct verify_options *s, const char *value)
{
    if (strcmp(value, "development") == 0)
        s->wanted.profile = s->production ? AKCERT_PRODUCTION : AKCERT_DEVELOPMENT;
    else if (strcmp(value, "production") == 0)
        s->wanted.profile = AKCERT_PRODUCTION;
    else
        return bad("profile", value);
    s->production = s->wanted.profile == AKCERT_PRODUCTION;
    return 0;
}

static int read_nonce(struct verify_options *s, const char *value)
{
    long size = toolfile_hex(value, s->nonce, sizeof(s->nonce));

    if (size < (long)EVIDENCE_NONCE_MIN) return bad("nonce", value);
    s->wanted.nonce = (struct bytes){s->nonce, (size_t)size};
    return 0;
}

static int read_certificates(struct verify_options *s, const char *path)
{
    struct bytes file = toolfile_read(path, FILE_MAX_SIZE);
    int rc;

    if (file.data == NULL) return -1;
    rc = mbedtls_x509_crt_parse(&s->trust, file.data, file.size + 1); /* PEM counts its NUL */
    toolfile_free(file);
    if (rc != 0) return bad("ca", path);
    s->wanted.trust = &s->trust;
    return 0;
}

static int read_crl(struct verify_options *s, const char *path)
{
    struct bytes file = toolfile_read(path, FILE_MAX_SIZE);
    int rc;

    if (file.data == NULL) return -1;
    rc = mbedtls_x509_crl_parse_der(&s->crl, file.data, file.size);
    if (rc != 0) rc = mbedtls_x509_crl_parse(&s->crl, file.data, file.size + 1); /* PEM counts its NUL */
    toolfile_free(file);
    if (rc != 0) return bad("crl", path);
    s->wanted.crl = &s->crl;
    return 0;
}

static int read_known_eks(struct verify_options *s, const char *path)
{
    struct bytes file = toolfile_read(path, FILE_MAX_SIZE);
    char *line, *rest = (char *)(uintptr_t)file.data;
    int rc = 0;

    if (file.data == NULL) return -1;
    s->wanted.known_eks = (const uint8_t(*)[32])s->known_eks;
    while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
        if (line[0] == '\0' || line[0] == '#') continue;
        if (s->wanted.known_ek_count == VERIFY_OPTIONS_EKS ||
            toolfile_hex(line, s->known_eks[s->wanted.known_ek_count], 32) != 32)
            rc = bad("known-eks", line);
        else
            s->wanted.known_ek_count++;
    }
    toolfile_free(file);
    return rc;
}

static int read_public_key(const char *path, mbedtls_pk_context *key)
{
    struct bytes file = toolfile_read(path, FILE_MAX_SIZE);
    int rc;

    if (file.data == NULL) return -1;
    rc = mbedtls_pk_parse_public_key(key, file.data, file.size + 1); /* PEM counts its NUL */
    toolfile_free(file);
    if (rc == 0 && mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA)) return 0;
    toolfile_complain("%s: not a public key for ECDSA in PEM", path);
    return -1;
}

/* FILE.sig beside the reference file: ECDSA with SHA-256 in DER, as "openssl dgst -sha256 -verify" takes it. */
static int check_refs_signature(const struct verify_options *s)
{
    char path[4096];
    struct bytes signature = {0};
    mbedtls_pk_context key;
    uint8_t digest[32];
    int rc;

    mbedtls_pk_init(&key);
    rc = read_public_key(s->ref_key, &key);
    if (rc == 0) {
        snprintf(path, sizeof(path), "%s.sig", s->ref_path);
        signature = toolfile_read(path, 256);
        rc = signature.data == NULL ? -1 : 0;
    }
    if (rc == 0) {
        p256_sha256(s->ref_file.data, s->ref_file.size, digest);
        rc = mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, digest, 32, signature.data, signature.size);
        if (rc != 0) toolfile_complain("%s: not the signature of %s by %s", path, s->ref_path, s->ref_key);
    }
    toolfile_free(signature);
    mbedtls_pk_free(&key);
    return rc == 0 ? 0 : -1;
}

static int read_refs(struct verify_options *s)
{
    s->ref_file = toolfile_read(s->ref_path, FILE_MAX_SIZE);
    if (s->ref_file.data == NULL || (s->ref_key != NULL && check_refs_signature(s) != 0)) return -1;
    if (refvalues_parse(s->ref_file, &s->refs) != 0) {
        toolfile_complain("%s: not a reference file", s->ref_path);
        return -1;
    }
    s->wanted.refs = &s->refs;
    return 0;
}

/* Of a digest in hex, or of what `file` makes of the file of that name. */
static int read_digest(const char *option, const char *value, int (*file)(const char *path, uint8_t out[32]),
                       uint8_t (*list)[32], const uint8_t **wanted, size_t *count)
{
    if (*count == VERIFY_LAUNCH_MAX) return bad(option, value);
    if (toolfile_hex(value, list[*count], 32) != 32 && file(value, list[*count]) != 0) return -1;
    wanted[*count] = list[*count];
    ++*count;
    return 0;
}

static int digest_of_file(const char *path, uint8_t out[32])
{
    struct bytes file = toolfile_read(path, FILE_MAX_SIZE);

    if (file.data == NULL) return -1;
    p256_sha256(file.data, file.size, out);
    toolfile_free(file);
    return 0;
}

static int id_of_key(const char *path, uint8_t out[32])
{
    uint8_t encoded[65];
    mbedtls_pk_context key;
    size_t size;
    int rc;

    mbedtls_pk_init(&key);
    rc = read_public_key(path, &key);
    if (rc == 0)
        rc = mbedtls_ecp_point_write_binary(&mbedtls_pk_ec(key)->grp, &mbedtls_pk_ec(key)->Q,
                                            MBEDTLS_ECP_PF_UNCOMPRESSED, &size, encoded, sizeof(encoded));
    if (rc == 0) p256_sha256(encoded + 1, 64, out);
    mbedtls_pk_free(&key);
    return rc == 0 ? 0 : -1;
}

static int read_waivers(struct verify_options *s, char *list)
{
    char *name;

    while ((name = strsep(&list, ",")) != NULL) {
        int code = 0;

        while (code < FINDINGS_CODE_COUNT && strcmp(findings_name((enum findings_code)code), name) != 0)
            code++;
        if (code == FINDINGS_CODE_COUNT || (VERIFY_WAIVABLE & 1ull << code) == 0) return bad("waive", name);
        s->wanted.waived |= 1ull << code;
    }
    return 0;
}

static int read_pcr(struct verify_options *s, const char *value)
{
    char *end;
    unsigned long pcr = strtoul(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '=' || pcr >= EVIDENCE_PCRS ||
        (s->wanted.pcr_mask & 1u << pcr) != 0 || toolfile_hex(end + 1, s->wanted.pcr[pcr], 32) != 32)
        return bad("pcr", value);
    s->wanted.pcr_mask |= 1u << pcr;
    return 0;
}

static int read_binding(struct verify_options *s, const char *path)
{
    s->binding_file = toolfile_read(path, EVIDENCE_BINDING_MAX);
    if (s->binding_file.data == NULL) return -1;
    s->wanted.binding = s->binding_file;
    return 0;
}

enum option_code {
    OPTION_REF = 256,
    OPTION_CA,
    OPTION_NONCE,
    OPTION_LABEL,
    OPTION_LAUNCH,
    OPTION_PROFILE,
    OPTION_BINDING,
    OPTION_CRL,
    OPTION_KNOWN_EKS,
    OPTION_MIN_SVN,
    OPTION_LAST_RESET,
    OPTION_TIME,
    OPTION_ANY_LABEL,
    OPTION_ANY_LAUNCH,
    OPTION_ALLOW_DEBUG,
    OPTION_REQUIRE_IOMMU,
    OPTION_LATE_LAUNCH,
    OPTION_JSON,
    OPTION_BENCH,
    OPTION_REF_KEY,
    OPTION_SIGNER,
    OPTION_POLICY,
    OPTION_MIN_GUEST_SVN,
    OPTION_WAIVE,
    OPTION_PCR,
};

static const struct option known_options[] = {{"ref", 1, NULL, OPTION_REF},
                                              {"ca", 1, NULL, OPTION_CA},
                                              {"nonce", 1, NULL, OPTION_NONCE},
                                              {"label", 1, NULL, OPTION_LABEL},
                                              {"launch", 1, NULL, OPTION_LAUNCH},
                                              {"profile", 1, NULL, OPTION_PROFILE},
                                              {"binding", 1, NULL, OPTION_BINDING},
                                              {"crl", 1, NULL, OPTION_CRL},
                                              {"known-eks", 1, NULL, OPTION_KNOWN_EKS},
                                              {"min-svn", 1, NULL, OPTION_MIN_SVN},
                                              {"last-reset", 1, NULL, OPTION_LAST_RESET},
                                              {"time", 1, NULL, OPTION_TIME},
                                              {"any-label", 0, NULL, OPTION_ANY_LABEL},
                                              {"any-launch", 0, NULL, OPTION_ANY_LAUNCH},
                                              {"allow-debug", 0, NULL, OPTION_ALLOW_DEBUG},
                                              {"require-iommu", 0, NULL, OPTION_REQUIRE_IOMMU},
                                              {"late-launch", 0, NULL, OPTION_LATE_LAUNCH},
                                              {"json", 0, NULL, OPTION_JSON},
                                              {"bench", 1, NULL, OPTION_BENCH},
                                              {"ref-key", 1, NULL, OPTION_REF_KEY},
                                              {"signer", 1, NULL, OPTION_SIGNER},
                                              {"policy", 1, NULL, OPTION_POLICY},
                                              {"min-guest-svn", 1, NULL, OPTION_MIN_GUEST_SVN},
                                              {"waive", 1, NULL, OPTION_WAIVE},
                                              {"pcr", 1, NULL, OPTION_PCR},
                                              {NULL, 0, NULL, 0}};

static int take_flag(struct verify_options *s, int option)
{
    switch (option) {
    case OPTION_ANY_LABEL:
        s->wanted.any_label = true;
        return 0;
    case OPTION_ANY_LAUNCH:
        s->wanted.any_launch = true;
        return 0;
    case OPTION_ALLOW_DEBUG:
        s->wanted.allow_debug = true;
        return 0;
    case OPTION_REQUIRE_IOMMU:
        s->wanted.require_iommu = true;
        return 0;
    case OPTION_LATE_LAUNCH:
        s->wanted.late_launch = true;
        return 0;
    case OPTION_JSON:
        s->json = true;
        return 0;
    default:
        return -1;
    }
}

static int take_option(struct verify_options *s, int option, char *value)
{
    switch (option) {
    case OPTION_REF:
        s->ref_path = value;
        return 0;
    case OPTION_REF_KEY:
        s->ref_key = value;
        return 0;
    case OPTION_SIGNER:
        return read_digest("signer", value, id_of_key, s->signer, s->wanted.signer, &s->wanted.signer_count);
    case OPTION_POLICY:
        return read_digest("policy", value, digest_of_file, s->policy, s->wanted.policy, &s->wanted.policy_count);
    case OPTION_MIN_GUEST_SVN:
        return read_number("min-guest-svn", value, &s->wanted.least_guest_svn);
    case OPTION_WAIVE:
        return read_waivers(s, value);
    case OPTION_PCR:
        return read_pcr(s, value);
    case OPTION_CA:
        return read_certificates(s, value);
    case OPTION_NONCE:
        return read_nonce(s, value);
    case OPTION_LABEL:
        return read_label(s, value);
    case OPTION_LAUNCH:
        if (s->launch_arguments == VERIFY_LAUNCH_MAX) return bad("launch", value);
        s->launch_argument[s->launch_arguments++] = value;
        return 0;
    case OPTION_PROFILE:
        return read_profile(s, value);
    case OPTION_BINDING:
        return read_binding(s, value);
    case OPTION_CRL:
        return read_crl(s, value);
    case OPTION_KNOWN_EKS:
        return read_known_eks(s, value);
    case OPTION_MIN_SVN:
        return read_number("min-svn", value, &s->wanted.least_svn);
    case OPTION_LAST_RESET:
        return read_number("last-reset", value, &s->wanted.last_reset_count);
    case OPTION_TIME:
        return read_time(s, value);
    case OPTION_BENCH:
        return read_number("bench", value, &s->bench);
    default:
        return take_flag(s, option);
    }
}

static size_t option_row(int option)
{
    size_t row = 0;

    while (known_options[row].val != option)
        row++;
    return row;
}

/* Of an option that says one thing, the second would silently win. */
static int take_once(struct verify_options *s, int option, char *value)
{
    static const uint64_t repeatable = 1ull << (OPTION_LAUNCH - OPTION_REF) | 1ull << (OPTION_SIGNER - OPTION_REF) |
                                       1ull << (OPTION_POLICY - OPTION_REF) | 1ull << (OPTION_WAIVE - OPTION_REF) |
                                       1ull << (OPTION_PCR - OPTION_REF) | 1ull << (OPTION_PROFILE - OPTION_REF);
    uint64_t bit;

    if (option < OPTION_REF) return -1; /* getopt has complained */
    bit = 1ull << (option - OPTION_REF);
    if (value != NULL && (s->seen & bit) != 0 && (repeatable & bit) == 0) {
        toolfile_complain("--%s: given twice", known_options[option_row(option)].name);
        return -1;
    }
    s->seen |= bit;
    return take_option(s, option, value);
}

static void set_now(struct verify_options *s)
{
    time_t seconds = time(NULL);
    struct tm now;

    gmtime_r(&seconds, &now);
    s->wanted.now =
        (mbedtls_x509_time){now.tm_year + 1900, now.tm_mon + 1, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec};
}

/* A name in the reference set (tenant or boot domain), else a digest. */
static int resolve_launch(struct verify_options *s, const char *value)
{
    const struct refvalues_measurement *found;
    uint8_t *digest = s->launch[s->wanted.launch_count];
    char name[128];

    snprintf(name, sizeof(name), "launch/%s", value);
    found = refvalues_find(&s->refs, (struct bytes){(const uint8_t *)"tenant", 6}, name);
    if (found == NULL) found = refvalues_of_hypervisor(&s->refs, name);
    if (found != NULL)
        memcpy(digest, found->digest, 32);
    else if (toolfile_hex(value, digest, 32) != 32)
        return bad("launch", value);
    s->wanted.launch[s->wanted.launch_count++] = digest;
    return 0;
}

static int require_all(const struct verify_options *s)
{
    const struct verify_wanted *w = &s->wanted;

    if (s->evidence_path == NULL || w->refs == NULL || w->trust == NULL || w->nonce.data == NULL ||
        (w->type == NULL && !w->any_label) || (w->launch_count == 0 && !w->any_launch))
        return verify_options_usage();
    if ((w->type != NULL && w->any_label) || (w->launch_count != 0 && w->any_launch)) {
        toolfile_complain("--any-label and --any-launch are for want of --label and --launch: give one of the two");
        return 2;
    }
    if (!refvalues_usable(w->refs)) {
        toolfile_complain("the reference set lacks a boot (each with PCR 4, 8, 9), configuration, policy or launch: "
                          "nothing to verify against");
        return 2;
    }
    return 0;
}

int verify_options_complete(struct verify_options *s)
{
    for (size_t i = 0; i < s->launch_arguments; i++) {
        if (resolve_launch(s, s->launch_argument[i]) != 0) return 2;
    }
    return require_all(s);
}

int verify_options_read(struct verify_options *s, int argc, char **argv, const char **verb)
{
    int option, rc = 0;

    *verb = NULL;
    mbedtls_x509_crt_init(&s->trust);
    mbedtls_x509_crl_init(&s->crl);
    s->wanted.profile = AKCERT_PRODUCTION;
    set_now(s);
    while (rc == 0 && (option = getopt_long(argc, argv, "", known_options, NULL)) != -1)
        rc = take_once(s, option, optarg);
    if (rc == 0 && optind < argc && (strcmp(argv[optind], "explain") == 0 || strcmp(argv[optind], "show") == 0))
        *verb = argv[optind++];
    if (*verb != NULL && strcmp(*verb, "explain") == 0) {
        s->files = argv + optind;
        s->file_count = argc - optind;
    } else {
        if (optind < argc) s->evidence_path = argv[optind++];
        if (rc == 0 && optind < argc) return verify_options_usage();
    }
    if (rc == 0 && s->ref_path != NULL) rc = read_refs(s);
    if (s->wanted.profile == AKCERT_DEVELOPMENT) s->wanted.waived |= VERIFY_WAIVABLE;
    return rc != 0 ? 2 : 0;
}

void verify_options_close(struct verify_options *s)
{
    mbedtls_x509_crt_free(&s->trust);
    mbedtls_x509_crl_free(&s->crl);
    toolfile_free(s->evidence_file);
    toolfile_free(s->ref_file);
    toolfile_free(s->binding_file);
}
