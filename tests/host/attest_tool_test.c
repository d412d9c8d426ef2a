/* SPDX-License-Identifier: MIT */
/* bh-verify and bh-auditlog as processes, on evidence made in software: options, exit codes, what they print. Run from
 * the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest_build.h"
#include "attest_certs.h"
#include "../../attest/measure/launchjson.h"
#include "../../attest/verify/auditlog.h"
#include "../../attest/verify/p256.h"

static struct attest_build b;
static char folder[] = "/tmp/attest-tool-XXXXXX";
static char out[262144], err[16384]; /* what the last process wrote */

static const char *file(const char *name)
{
    static char paths[16][128];
    static unsigned int next;
    char *path = paths[next++ % 16];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(file(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void get(const char *name, char *text, size_t capacity)
{
    FILE *f = fopen(file(name), "rb");
    size_t size;

    assert_non_null(f);
    size = fread(text, 1, capacity - 1, f);
    assert_true(size < capacity - 1);
    text[size] = '\0';
    fclose(f);
}

static int run(const char *const *argv)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(open(file("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
        dup2(open(file("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    get("out", out, sizeof(out));
    get("err", err, sizeof(err));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* bh-verify with what every verification of the evidence needs but launch and label, and these. */
static int verify(const char *const *more)
{
    const char *argv[40] = {"build/attest/bh-verify", file("evidence"), "--ref",       file("refs"), "--ca",
                            file("ca.crt"),           "--profile",      "development", "--nonce"};
    char nonce[65];
    size_t used = 9;

    findings_hex(b.nonce, 32, nonce);
    argv[used++] = nonce;
    for (; *more != NULL; more++)
        argv[used++] = *more;
    return run(argv);
}

#define VERIFY(...)      verify((const char *const[]){__VA_ARGS__, NULL})
#define VERIFY_FULL(...) VERIFY("--label", "tenant_t:7", "--any-launch", __VA_ARGS__)

static void put_evidence(void)
{
    put("evidence", b.evidence, b.evidence_size);
    put("refs", b.refs_file, b.refs_size);
    put("ca.crt", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
}

static void build(enum attest_build_step step, attest_build_hook hook)
{
    attest_build_run(&b, step, hook);
    put_evidence();
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) return true;
    printf("no \"%s\" in:\n%s\n", part, text);
    return false;
}

/* --- JSON ------------------------------------------------------------------------------------------------ */

static const char *json_value(const char *at, unsigned int depth);

static const char *blanks(const char *at)
{
    return at == NULL ? NULL : at + strspn(at, " \n\t\r");
}

static const char *json_string(const char *at)
{
    if (at == NULL || *at++ != '"') return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) return NULL;
        if (*at != '\\') continue;
        at++;
        if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
            at += 4;
        else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL)
            return NULL;
    }
    return at + 1;
}

static const char *json_members(const char *at, char close, unsigned int depth)
{
    at = blanks(at + 1);
    if (*at == close) return at + 1;
    for (;; at = blanks(at + 1)) {
        if (close == '}') {
            at = blanks(json_string(at));
            if (at == NULL || *at != ':') return NULL;
            at = blanks(at + 1);
        }
        at = blanks(json_value(at, depth + 1));
        if (at == NULL) return NULL;
        if (*at == close) return at + 1;
        if (*at != ',') return NULL;
    }
}

static const char *json_value(const char *at, unsigned int depth)
{
    size_t digits;

    if (at == NULL || depth > 8) return NULL;
    if (*at == '{' || *at == '[') return json_members(at, *at == '{' ? '}' : ']', depth);
    if (*at == '"') return json_string(at);
    digits = strspn(at, "0123456789");
    return digits != 0 && (digits == 1 || *at != '0') ? at + digits : NULL;
}

static bool is_json(const char *text)
{
    const char *end = blanks(json_value(blanks(text), 0));

    return end != NULL && *end == '\0';
}

static void the_json_reader_is_strict(void **state)
{
    static const char *const bad[] = {"",      "{",        "{\"a\": 1,}", "{\"a\" 1}",           "{\"a\": 1} x",
                                      "[1 2]", "\"a\nb\"", "{1: 2}",      "one verification: {}"};

    (void)state;
    assert_true(is_json("{\"a\": [1, \"b\\u0041\", {}], \"c\": \"\"}\n"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(is_json(bad[i]));
}

/* --- Options ----------------------------------------------------------------------------------------------- */

static void what_contradicts_itself_is_wrong_usage(void **state)
{
    char launch[65];

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    findings_hex(b.tenant_digest, 32, launch);
    assert_int_equal(VERIFY("--label", "tenant_t:7", "--launch", launch), 0);
    assert_int_equal(VERIFY("--any-label", "--any-launch"), 0);
    assert_int_equal(VERIFY("--label", "tenant_t:7", "--launch", launch, "--any-launch"), 2);
    assert_int_equal(VERIFY("--label", "tenant_t:7", "--any-label", "--launch", launch), 2);
    assert_true(has(err, "give one of the two"));
}

static void one_thing_is_said_once(void **state)
{
    static const char *const twice[][2] = {{"--nonce", "0102030405060708"},
                                           {"--label", "tenant_t"},
                                           {"--min-svn", "1"},
                                           {"--last-reset", "1"},
                                           {"--time", "2026-01-01"}};
    char launch[65];

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    findings_hex(b.tenant_digest, 32, launch);
    assert_int_equal(VERIFY("--label", "tenant_t", "--min-svn", "2", "--last-reset", "7", "--time", "2026-01-01",
                            "--launch", launch, "--launch", launch),
                     0);
    for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
        assert_int_equal(VERIFY("--label", "tenant_t", "--min-svn", "2", "--last-reset", "7", "--time", "2026-01-01",
                                "--any-launch", twice[i][0], twice[i][1]),
                         2);
        assert_true(has(err, "given twice"));
    }
    assert_int_equal(VERIFY_FULL("--profile", "development"), 0);
    assert_int_equal(VERIFY_FULL("--profile", "production", "--profile", "development"), 1); /* the stricter */
    assert_true(has(out, "verdict: REJECTED (AK_PROFILE; not made: AK_REVOKED EK_UNKNOWN STALE_BOOT HV_SVN SIGNER)"));
    assert_int_equal(VERIFY_FULL("--ref", file("refs")), 2);
    assert_int_equal(VERIFY_FULL("--ca", file("ca.crt")), 2);
}

static void a_pin_is_one_register_and_its_value(void **state)
{
    static const char *const bad[] = {"24=", "-1=", "x=", "7", "=", "7=00", "7"};
    char pin[80], wrong[80];

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    memset(wrong, '0', sizeof(wrong));
    snprintf(pin, sizeof(pin), "7=");
    for (int i = 0; i < 32; i++)
        strcat(pin, "07");
    snprintf(wrong, sizeof(wrong), "%s", pin);
    wrong[65] = '8';
    assert_int_equal(VERIFY_FULL("--pcr", pin), 0);
    assert_int_equal(VERIFY_FULL("--pcr", wrong), 1);
    assert_true(has(out, "verdict: REJECTED (PCR_REF)"));
    assert_int_equal(VERIFY_FULL("--pcr", pin, "--pcr", pin), 2);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(VERIFY_FULL("--pcr", bad[i]), 2);
}

static void put_unknown(struct attest_build *v, struct refwrite *w)
{
    refwrite_environment(w, "firmware");
    refwrite_measurement(w, "pcr0", v->nonce, (struct bytes){0}, NULL);
}

static void refer_to_the_unknown(struct attest_build *v)
{
    v->more_refs = put_unknown;
}

static void references_that_nobody_would_compare_are_no_references(void **state)
{
    (void)state;
    build(ATTEST_BUILD_INPUTS, refer_to_the_unknown);
    assert_int_equal(VERIFY_FULL("--json"), 2);
    assert_true(has(err, "not a reference file"));
}

static struct akca middle;

static void below_middle(struct attest_build *v)
{
    v->issuer = &middle;
    v->issuers[0] = (struct bytes){middle.cert.raw.p, middle.cert.raw.len};
    v->issuer_count = 1;
}

/* bh-ca does not issue by a CA that may not. */
static void below_middle_by_hand(struct attest_build *v)
{
    static const struct attest_certs_spec spec = {
        .subject = "CN=AK,serialNumber=00",
        .profile = AKCERT_DEVELOPMENT,
        .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE,
        .ext_usage = {(const uint8_t *)ATTEST_CERTS_AK_USAGE, sizeof(ATTEST_CERTS_AK_USAGE) - 1}};
    static uint8_t cert[2048];

    below_middle(v);
    v->ak_cert = (struct bytes){cert, attest_certs_write(&spec, &v->ak, v->issuer, cert, sizeof(cert))};
}

/* In bh-verify's own mbedTLS. */
static void an_issuer_without_cert_sign_leads_nowhere(void **state)
{
    struct attest_certs_spec spec = {.subject = "CN=Middle,O=Bulkhead",
                                     .ca = true,
                                     .usage = MBEDTLS_X509_KU_CRL_SIGN | MBEDTLS_X509_KU_KEY_CERT_SIGN};

    (void)state;
    attest_certs_ca(&spec, &b.ca, &middle);
    build(ATTEST_BUILD_INPUTS, below_middle);
    akca_close(&middle);
    assert_int_equal(VERIFY_FULL("--json"), 0);
    spec.usage = MBEDTLS_X509_KU_CRL_SIGN;
    attest_certs_ca(&spec, &b.ca, &middle);
    build(ATTEST_BUILD_INPUTS, below_middle_by_hand);
    akca_close(&middle);
    assert_int_equal(VERIFY("--label", "tenant_t:7", "--any-launch"), 1);
    assert_true(has(out, "verdict: REJECTED (AK_CHAIN)"));
}

/* --- What is printed ---------------------------------------------------------------------------------------- */

static void odd_text(struct attest_build *v)
{
    attest_build_event(v, 22, BH_EV_RUNTIME, NULL, "a \"b\\c\" \n\xff", 11);
    attest_build_event(v, 22, BH_EV_POLICY_LOAD, v->other_policy, "\4\0\0\0", 4);
}

static void show_says_what_evidence_says(void **state)
{
    static const char *const parts[] = {"flag_names       IOMMU LATE_LAUNCH MEASURED\n",
                                        "ek               e4e4e4e4",
                                        "ak_subject       O=Bulkhead, OU=development, CN=Bulkhead AK, serialNumber=e4",
                                        "ak_from          2020-01-01 00:00:00 UTC\n",
                                        "ak_to            2049-12-31 23:59:59 UTC\n",
                                        "ak_profile       development\n",
                                        "binding_size     0\n",
                                        "salt             present\n",
                                        "PCR 17 drtm d0d0",
                                        ": TCG event type 501\n",
                                        ": dom0_mem=512M\n",
                                        ": a \"b\\c\" ???\n",
                                        "PCR 22 policy_load 7171",
                                        ": version 4\n"};

    (void)state;
    b.late = true;
    build(ATTEST_BUILD_LOG, odd_text);
    b.late = false;
    assert_int_equal(RUN("build/attest/bh-verify", "show", file("evidence")), 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_true(has(out, parts[i]));
    assert_int_equal(RUN("build/attest/bh-verify", "show", file("evidence"), "--json"), 0);
    assert_true(is_json(out));
    assert_true(has(out, "\"flag_names\": \"IOMMU LATE_LAUNCH MEASURED\""));
    assert_true(has(out, ": a \\\"b\\\\c\\\" ???\""));
}

static void cut_the_log(struct attest_build *v)
{
    v->platform.log.size--;
}

static void show_of_damaged_evidence_says_why(void **state)
{
    char name[160];

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    put("evidence", b.evidence, b.evidence_size - 1);
    assert_int_equal(RUN("build/attest/bh-verify", "show", file("evidence")), 1);
    snprintf(name, sizeof(name), "%s: is no evidence", file("evidence"));
    assert_true(has(err, name));
    build(ATTEST_BUILD_PCRS, cut_the_log);
    assert_int_equal(RUN("build/attest/bh-verify", "show", file("evidence"), "--json"), 1);
    assert_true(has(err, "its event log ends in what is no record"));
    assert_true(is_json(out));
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    memset(memmem(b.evidence, b.evidence_size, "BHREPT2", 7), 'x', 1);
    put_evidence();
    assert_int_equal(RUN("build/attest/bh-verify", "show", file("evidence")), 1);
    assert_true(has(err, "its report is not well-formed"));
}

static void json_stays_json(void **state)
{
    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    assert_int_equal(VERIFY_FULL("--json", "--bench", "3"), 0);
    assert_true(is_json(out));
    assert_true(has(err, "one verification: "));
}

/* CPU time, so that other load does not count; the best of three, so that a cold cache does not. */
static void one_verification_takes_less_than_two_milliseconds(void **state)
{
    double best = 1000, median;

    (void)state;
    build(ATTEST_BUILD_INPUTS, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(VERIFY_FULL("--bench", "50"), 0);
        assert_true(has(out, " median "));
        assert_int_equal(sscanf(strstr(out, " median "), " median %lf ms", &median), 1);
        best = median < best ? median : best;
    }
    printf("  one verification: %.3f ms\n", best);
    assert_true(best > 0 && best < 2);
}

static uint8_t policy[65536];
static size_t policy_size;

/* A tenant of this build, as bhctl predicts it, and this build's policy. */
static void put_this_build(struct attest_build *v, struct refwrite *w)
{
    static struct bh_launch launch;
    char json[4096], name[BH_NAME_MAX];
    FILE *f = fopen("build/dom0/launch/acme.json", "rb");
    uint8_t digest[32];

    assert_non_null(f);
    json[fread(json, 1, sizeof(json) - 1, f)] = '\0';
    fclose(f);
    assert_int_equal(launchjson_parse(json, name, &launch, digest), 0);
    refwrite_environment(w, "tenant");
    refwrite_measurement(w, "launch/acme", digest, (struct bytes){(const uint8_t *)&launch, sizeof(launch)}, NULL);
    (void)v;
}

static void refer_to_this_build(struct attest_build *v)
{
    p256_sha256(policy, policy_size, v->policy_digest);
    v->more_refs = put_this_build;
}

/* By the files that whoever asks has at hand. */
static void explain_names_what_a_launch_is_made_of(void **state)
{
    const char *launch, *kernel, *ramdisk, *cmdline, *end;
    FILE *f = fopen("build/policy.bhp", "rb");

    (void)state;
    assert_non_null(f);
    policy_size = fread(policy, 1, sizeof(policy), f);
    fclose(f);
    build(ATTEST_BUILD_INPUTS, refer_to_this_build);
    assert_int_equal(RUN("build/attest/bh-verify", "explain", "--ref", file("refs"), "build/dom0/vmlinux",
                         "build/dom0/tenant.img", "build/policy.bhp", "dom0/image/tenants/acme.cfg"),
                     0);
    launch = strstr(out, "tenant launch/acme\n");
    assert_non_null(launch);
    end = strstr(launch, "    memory ");
    kernel = strstr(launch, "  file build/dom0/vmlinux\n");
    ramdisk = strstr(launch, "  file build/dom0/tenant.img\n");
    cmdline = strstr(launch, "bh.name=acme\" in dom0/image/tenants/acme.cfg\n");
    assert_true(end != NULL && kernel != NULL && kernel < ramdisk && ramdisk < cmdline && cmdline < end);
    assert_true(has(out, "    from     file build/policy.bhp\n"));
}

static char long_text[300];

static void put_long(struct attest_build *v, struct refwrite *w)
{
    static struct pcrmodel pcr;
    uint8_t digest[32];

    (void)v;
    memset(long_text, 'y', sizeof(long_text) - 1);
    p256_sha256(long_text, sizeof(long_text) - 1, digest);
    pcrmodel_reset(&pcr);
    pcrmodel_extend(&pcr, digest, "GRUB: command line \"%s\"", long_text);
    assert_false(pcr.overflow);
    refwrite_environment(w, "boot/test");
    refwrite_measurement(w, "pcr10", pcr.value, (struct bytes){0}, &pcr);
}

static void refer_to_a_long_line(struct attest_build *v)
{
    p256_sha256("the last", 8, v->policy_digest);
    v->more_refs = put_long;
}

/* So that whoever reads it can hash it again; and a file with more names than one would think. */
static void explain_cuts_nothing(void **state)
{
    static char many[400 * 8];
    size_t used = 0;

    (void)state;
    build(ATTEST_BUILD_INPUTS, refer_to_a_long_line);
    for (int i = 0; i < 400; i++)
        used += (size_t)sprintf(many + used, "\"%d\"", i);
    used += (size_t)sprintf(many + used, "\"the last\"");
    put("log", many, used);
    assert_int_equal(RUN("build/attest/bh-verify", "explain", "--ref", file("refs"), file("log")), 0);
    assert_true(has(out, long_text));
    assert_true(has(out, "    from     \"the last\" in "));
}

/* --- bh-auditlog ---------------------------------------------------------------------------------------------- */

static struct {
    char magic[8];
    struct bh_audit_record record[2];
} audit;

static uint64_t vouched_records, vouched_number;

static void vouch(struct attest_build *v)
{
    const struct auditlog log = {.records = (const uint8_t *)audit.record, .count = 2};

    auditlog_hash(&log, vouched_records, v->report.audit_hash);
    v->report.audit_seq = vouched_number;
}

static int auditlog(uint64_t records, uint64_t number)
{
    vouched_records = records;
    vouched_number = number;
    build(ATTEST_BUILD_REPORT, vouch);
    return RUN("build/attest/bh-auditlog", file("log"), "--evidence", file("evidence"));
}

static void an_audit_log_is_judged_by_a_report(void **state)
{
    (void)state;
    memcpy(audit.magic, AUDITLOG_MAGIC, 8);
    audit.record[0].seq = 1;
    audit.record[1].seq = 2;
    strcpy(audit.record[1].reason, "x\nWHOLE: records");
    strcpy(audit.record[1].source_type, "a\x1b[2Jb");
    put("log", &audit, sizeof(audit));
    assert_int_equal(auditlog(2, 2), 0);
    assert_true(has(out, "\nWHOLE: records 1 to 2 are"));
    assert_true(has(out, "by x?WHOLE: records") && has(out, "a?[2Jb"));
    assert_int_equal(auditlog(1, 1), 0);
    assert_true(has(out, "the 1 records after it"));
    assert_int_equal(auditlog(2, 1), 1);
    assert_true(has(err, "contradicts itself"));
    assert_int_equal(auditlog(0, 0), 1);
    assert_true(has(err, "vouches for no record"));
    assert_null(strstr(out, "\nWHOLE"));
    assert_int_equal(RUN("build/attest/bh-auditlog", file("absent")), 2);
    assert_int_equal(RUN("build/attest/bh-auditlog", file("log"), "--evidence", file("absent")), 2);
}

static int open_build(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1);
    assert_non_null(mkdtemp(folder));
    attest_build_open(&b);
    return 0;
}

static int close_build(void **state)
{
    static const char *const names[] = {"evidence", "refs", "ca.crt", "log", "out", "err"};

    (void)state;
    attest_build_close(&b);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(file(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_reader_is_strict),
        cmocka_unit_test(what_contradicts_itself_is_wrong_usage),
        cmocka_unit_test(one_thing_is_said_once),
        cmocka_unit_test(a_pin_is_one_register_and_its_value),
        cmocka_unit_test(references_that_nobody_would_compare_are_no_references),
        cmocka_unit_test(an_issuer_without_cert_sign_leads_nowhere),
        cmocka_unit_test(show_says_what_evidence_says),
        cmocka_unit_test(show_of_damaged_evidence_says_why),
        cmocka_unit_test(json_stays_json),
        cmocka_unit_test(one_verification_takes_less_than_two_milliseconds),
        cmocka_unit_test(explain_names_what_a_launch_is_made_of),
        cmocka_unit_test(explain_cuts_nothing),
        cmocka_unit_test(an_audit_log_is_judged_by_a_report),
    };

    return cmocka_run_group_tests(tests, open_build, close_build);
}
