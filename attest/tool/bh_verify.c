/* SPDX-License-Identifier: MIT */
/* bh-verify: a relying party's command. Everything that decides is in attest/verify. */
#include "toolfile.h"
#include "verify_explain.h"
#include "../format/evidence_pack.h"
#include "../verify/verify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char *const toolfile_program = "bh-verify";

#define REFS_MAX_SIZE  1048576u
#define KNOWN_EKS_MAX  4096u
#define NONCE_CAPACITY 64u

static const char usage_text[] =
    "usage: bh-verify EVIDENCE --ref FILE --ca PEM --nonce HEX --label TYPE[:COMPARTMENT] --launch NAME|HEX [options]\n"
    "       bh-verify explain --ref FILE       what each reference digest is made of\n"
    "       bh-verify show EVIDENCE [--json]   what evidence says, unverified\n"
    "  EVIDENCE is CBOR, or text with a PEM block BULKHEAD EVIDENCE in it.\n"
    "  --profile development|production       what the AK's certificate must be for (production)\n"
    "  --launch NAME|HEX                      a tenant of the reference set, or a digest; may be repeated\n"
    "  --any-label, --any-launch              do not check it\n"
    "  --binding FILE                         what report_data must bind besides the nonce\n"
    "  --crl PEM, --known-eks FILE            revoked AKs; EKs that may be (hex digests, one a line)\n"
    "  --min-svn N, --last-reset N            lowest security version; TPM's reset count as last seen\n"
    "  --time YYYY-MM-DD                      instead of now\n"
    "  --allow-debug, --require-iommu, --late-launch\n"
    "  --bench N                              verify N times and say how long one takes\n"
    "  --json                                 findings and verdict as JSON\n"
    "exit: 0 accepted, 1 rejected, 2 wrong usage or an empty reference set\n";

struct session {
    struct verify_wanted wanted;
    struct refvalues refs;
    struct bytes evidence_file, ref_file, binding_file;
    mbedtls_x509_crt trust;
    mbedtls_x509_crl crl;
    uint8_t nonce[NONCE_CAPACITY], launch[VERIFY_LAUNCH_MAX][32], known_eks[KNOWN_EKS_MAX][32];
    char type[BH_TYPE_MAX];
    const char *evidence_path, *launch_argument[VERIFY_LAUNCH_MAX];
    size_t launch_arguments;
    uint32_t bench; /* times */
    bool json;
};

static int usage(void)
{
    fputs(usage_text, stderr);
    return 2;
}

static int bad(const char *option, const char *value)
{
    toolfile_complain("--%s: \"%s\" is not allowed", option, value);
    return -1;
}

static int read_label(struct session *s, const char *value)
{
    size_t length = strcspn(value, ":");
    const char *number = value + length + 1;
    unsigned long compartment = 0;
    char *end;

    if (length == 0 || length >= sizeof(s->type))
        return bad("label", value);
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

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || number > UINT32_MAX)
        return bad(option, value);
    *out = (uint32_t)number;
    return 0;
}

static int read_time(struct session *s, const char *value)
{
    mbedtls_x509_time *now = &s->wanted.now;
    char more;

    *now = (mbedtls_x509_time){.hour = 12};
    if (sscanf(value, "%4d-%2d-%2d%c", &now->year, &now->mon, &now->day, &more) != 3 || now->mon < 1 || now->mon > 12 ||
        now->day < 1 || now->day > 31)
        return bad("time", value);
    return 0;
}

static int read_profile(struct session *s, const char *value)
{
    if (strcmp(value, "development") == 0)
        s->wanted.profile = AKCERT_DEVELOPMENT;
    else if (strcmp(value, "production") == 0)
        s->wanted.profile = AKCERT_PRODUCTION;
    else
        return bad("profile", value);
    return 0;
}

static int read_nonce(struct session *s, const char *value)
{
    long size = toolfile_hex(value, s->nonce, sizeof(s->nonce));

    if (size < (long)EVIDENCE_NONCE_MIN)
        return bad("nonce", value);
    s->wanted.nonce = (struct bytes){s->nonce, (size_t)size};
    return 0;
}

static int read_certificates(struct session *s, const char *path)
{
    struct bytes file = toolfile_read(path, REFS_MAX_SIZE);
    int rc;

    if (file.data == NULL)
        return -1;
    rc = mbedtls_x509_crt_parse(&s->trust, file.data, file.size + 1); /* PEM counts its NUL */
    toolfile_free(file);
    if (rc != 0)
        return bad("ca", path);
    s->wanted.trust = &s->trust;
    return 0;
}

static int read_crl(struct session *s, const char *path)
{
    struct bytes file = toolfile_read(path, REFS_MAX_SIZE);
    int rc;

    if (file.data == NULL)
        return -1;
    rc = mbedtls_x509_crl_parse_der(&s->crl, file.data, file.size);
    if (rc != 0)
        rc = mbedtls_x509_crl_parse(&s->crl, file.data, file.size + 1); /* PEM counts its NUL */
    toolfile_free(file);
    if (rc != 0)
        return bad("crl", path);
    s->wanted.crl = &s->crl;
    return 0;
}

static int read_known_eks(struct session *s, const char *path)
{
    struct bytes file = toolfile_read(path, REFS_MAX_SIZE);
    char *line, *rest = (char *)(uintptr_t)file.data;
    int rc = 0;

    if (file.data == NULL)
        return -1;
    s->wanted.known_eks = (const uint8_t(*)[32])s->known_eks;
    while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (s->wanted.known_ek_count == KNOWN_EKS_MAX ||
            toolfile_hex(line, s->known_eks[s->wanted.known_ek_count], 32) != 32)
            rc = bad("known-eks", line);
        else
            s->wanted.known_ek_count++;
    }
    toolfile_free(file);
    return rc;
}

static int read_refs(struct session *s, const char *path)
{
    s->ref_file = toolfile_read(path, REFS_MAX_SIZE);
    if (s->ref_file.data == NULL)
        return -1;
    if (refvalues_parse(s->ref_file, &s->refs) != 0) {
        toolfile_complain("%s: not a reference file", path);
        return -1;
    }
    s->wanted.refs = &s->refs;
    return 0;
}

static int read_binding(struct session *s, const char *path)
{
    s->binding_file = toolfile_read(path, EVIDENCE_BINDING_MAX);
    if (s->binding_file.data == NULL)
        return -1;
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
                                              {NULL, 0, NULL, 0}};

static int take_flag(struct session *s, int option)
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

static int take_option(struct session *s, int option, const char *value)
{
    switch (option) {
    case OPTION_REF:
        return read_refs(s, value);
    case OPTION_CA:
        return read_certificates(s, value);
    case OPTION_NONCE:
        return read_nonce(s, value);
    case OPTION_LABEL:
        return read_label(s, value);
    case OPTION_LAUNCH:
        if (s->launch_arguments == VERIFY_LAUNCH_MAX)
            return bad("launch", value);
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

static void set_now(struct session *s)
{
    time_t seconds = time(NULL);
    struct tm now;

    gmtime_r(&seconds, &now);
    s->wanted.now =
        (mbedtls_x509_time){now.tm_year + 1900, now.tm_mon + 1, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec};
}

/* A name in the reference set (tenant or boot domain), else a digest. */
static int resolve_launch(struct session *s, const char *value)
{
    const struct refvalues_measurement *found;
    uint8_t *digest = s->launch[s->wanted.launch_count];
    char name[128];

    snprintf(name, sizeof(name), "launch/%s", value);
    found = refvalues_find(&s->refs, (struct bytes){(const uint8_t *)"tenant", 6}, name);
    if (found == NULL)
        found = refvalues_of_hypervisor(&s->refs, name);
    if (found != NULL)
        memcpy(digest, found->digest, 32);
    else if (toolfile_hex(value, digest, 32) != 32)
        return bad("launch", value);
    s->wanted.launch[s->wanted.launch_count++] = digest;
    return 0;
}

static int require_all(const struct session *s)
{
    const struct verify_wanted *w = &s->wanted;

    if (s->evidence_path == NULL || w->refs == NULL || w->trust == NULL || w->nonce.data == NULL ||
        (w->type == NULL && !w->any_label) || (w->launch_count == 0 && !w->any_launch))
        return usage();
    if (!refvalues_usable(w->refs)) {
        toolfile_complain("the reference set lacks a boot, configuration, policy or launch: nothing to verify against");
        return 2;
    }
    return 0;
}

/* Details are printable ASCII, but for what stands in a certificate or label. */
static void print_json_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static int json_verdict(const struct findings *findings, bool accepted)
{
    printf("{\"verdict\": \"%s\", \"checks\": [", accepted ? "ACCEPTED" : "REJECTED");
    for (size_t i = 0; i < findings->count; i++) {
        const struct findings_item *item = &findings->item[i];

        printf("%s\n {\"code\": \"%s\", \"state\": \"%s\", \"detail\": ", i == 0 ? "" : ",", findings_name(item->code),
               findings_state_name(item->state));
        print_json_text(item->detail);
        putchar('}');
    }
    puts("\n]}");
    return accepted ? 0 : 1;
}

static int verdict(const struct findings *findings, bool accepted)
{
    const char *separator = "";

    for (size_t i = 0; i < findings->count; i++)
        printf("%-8s %-12s %s\n", findings_state_name(findings->item[i].state), findings_name(findings->item[i].code),
               findings->item[i].detail);
    if (accepted) {
        puts("verdict: ACCEPTED");
        return 0;
    }
    printf("verdict: REJECTED (");
    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        if (findings_state_of(findings, (enum findings_code)code) != FINDINGS_FAIL)
            continue;
        printf("%s%s", separator, findings_name((enum findings_code)code));
        separator = " ";
    }
    puts(*separator == '\0' ? "a check could not be made)" : ")");
    return 1;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* From bytes to verdict, each time from the start: nothing is kept in between. */
static void measure_time(struct session *s, struct findings *findings)
{
    uint64_t *each = calloc(s->bench, sizeof(*each));
    struct timespec from, to;

    for (uint32_t i = 0; each != NULL && i < s->bench; i++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        verify_evidence(s->evidence_file, &s->wanted, findings);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        each[i] = (uint64_t)((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec);
    }
    if (each == NULL)
        return;
    printf("one verification: first %.3f ms,", (double)each[0] / 1e6);
    qsort(each, s->bench, sizeof(*each), compare);
    printf(" median %.3f ms, 99 of 100 below %.3f ms (CPU time, %u times)\n", (double)each[s->bench / 2] / 1e6,
           (double)each[(uint64_t)s->bench * 99 / 100] / 1e6, s->bench);
    free(each);
}

static int run(struct session *s, const char *verb)
{
    struct findings findings;
    int rc;

    if (verb != NULL && strcmp(verb, "explain") == 0) {
        if (s->wanted.refs == NULL)
            return usage();
        verify_explain_refs(s->wanted.refs);
        return 0;
    }
    for (size_t i = 0; i < s->launch_arguments; i++) {
        if (resolve_launch(s, s->launch_argument[i]) != 0)
            return 2;
    }
    rc = verb == NULL ? require_all(s) : s->evidence_path == NULL ? usage() : 0;
    if (rc != 0)
        return rc;
    s->evidence_file = toolfile_read_evidence(s->evidence_path, EVIDENCE_MAX);
    if (s->evidence_file.data == NULL)
        return 2;
    if (verb != NULL)
        return verify_explain_evidence(s->evidence_file, s->json);
    if (s->bench != 0)
        measure_time(s, &findings);
    if (verify_evidence(s->evidence_file, &s->wanted, &findings))
        return s->json ? json_verdict(&findings, true) : verdict(&findings, true);
    return s->json ? json_verdict(&findings, false) : verdict(&findings, false);
}

static void close_session(struct session *s)
{
    mbedtls_x509_crt_free(&s->trust);
    mbedtls_x509_crl_free(&s->crl);
    toolfile_free(s->evidence_file);
    toolfile_free(s->ref_file);
    toolfile_free(s->binding_file);
}

int main(int argc, char **argv)
{
    static struct session session;
    const char *verb = NULL;
    int option, rc = 0;

    setenv("TSS2_LOG", "all+NONE", 0); /* PARSE says it */
    mbedtls_x509_crt_init(&session.trust);
    mbedtls_x509_crl_init(&session.crl);
    session.wanted.profile = AKCERT_PRODUCTION;
    set_now(&session);
    while (rc == 0 && (option = getopt_long(argc, argv, "", known_options, NULL)) != -1)
        rc = take_option(&session, option, optarg);
    if (rc == 0 && optind < argc && (strcmp(argv[optind], "explain") == 0 || strcmp(argv[optind], "show") == 0))
        verb = argv[optind++];
    if (optind < argc)
        session.evidence_path = argv[optind++];
    rc = rc != 0 ? 2 : optind < argc ? usage() : run(&session, verb);
    close_session(&session);
    return rc;
}
