/* SPDX-License-Identifier: MIT */
/*
 * The registrar: TPMs with their maker's certificate (made by swtpm's local CA), and what it remembers when disks fill
 * up and machines stop. Run from the tree's top.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest_build.h"
#include "attest_swtpm.h"
#include "../../attest/ca/akrequest.h"
#include "../../attest/ca/ekcert.h"
#include "../../attest/ca/ektemplate.h"

static struct attest_build b; /* for its CA's key and certificate */
static struct attest_swtpm tpm;

/* In the TPM's folder; stays valid. */
static char *file(const char *name)
{
    static char names[64][128];
    static unsigned int next;
    char *out = names[next++ % 64];

    snprintf(out, sizeof(names[0]), "%s/%s", tpm.folder, name);
    return out;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(file(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static size_t get(const char *name, void *out, size_t capacity)
{
    FILE *f = fopen(file(name), "rb");
    size_t size;

    assert_non_null(f);
    size = fread(out, 1, capacity, f);
    fclose(f);
    return size;
}

static int run(char *const argv[])
{
    return attest_swtpm_run(argv, file("out"));
}

#define RUN(...) run((char *[]){__VA_ARGS__, NULL})

/* RUN(), and what the program said on stderr has these words. */
static int run_saying(const char *words, int (*what)(void))
{
    static char text[8192];
    int old = dup(2), fd = open(file("errors"), O_WRONLY | O_CREAT | O_TRUNC, 0600), rc;
    size_t size;

    fflush(stderr);
    assert_true(old >= 0 && fd >= 0);
    dup2(fd, 2);
    rc = what();
    dup2(old, 2);
    close(old);
    close(fd);
    size = get("errors", text, sizeof(text) - 1);
    text[size] = '\0';
    if (strstr(text, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", text, words);
    return rc;
}

/* swtpm's maker: a TPM with an EK and its certificate, by a CA of this folder alone. */
static void manufacture(struct attest_swtpm *t)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "statedir = %s/ca\nsigningkey = %s/ca/signkey.pem\nissuercert = %s/ca/issuercert.pem\n"
                     "certserial = %s/ca/certserial\n",
                     t->folder, t->folder, t->folder, t->folder);

    assert_int_equal(mkdir(file("ca"), 0700), 0);
    put("localca.conf", text, (size_t)n);
    n = snprintf(text, sizeof(text),
                 "create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\n"
                 "create_certs_tool_options = /etc/swtpm-localca.options\nactive_pcr_banks = sha256\n",
                 t->folder);
    put("setup.conf", text, (size_t)n);
    assert_int_equal(
        RUN("swtpm_setup", "--tpm2", "--tpmstate", t->folder, "--create-ek-cert", "--config", file("setup.conf")), 0);
}

static int enrol(const char *roots, const char *profile)
{
    return RUN("build/attest/bh-ca", "enrol", file("request"), "--state", file("state"), "--profile", (char *)profile,
               "--ek-roots", file(roots));
}

static int challenge(void)
{
    return RUN("build/attest/bh-ca", "challenge", file("request"), "--state", file("state"), "--out",
               file("challenge"));
}

static int answer(void)
{
    return RUN("build/attest/bh-provision", "--rsa", "--tcti", tpm.tcti, "--activate", file("challenge"), "--answer",
               file("answer"));
}

static int issue(void)
{
    return RUN("build/attest/bh-ca", "issue", file("request"), "--state", file("state"), "--answer", file("answer"),
               "--key", file("ca.key"), "--cert", file("ca.crt"), "--days", "30", "--out", file("ak.der"));
}

static bool exists(const char *name)
{
    return access(file(name), F_OK) == 0;
}

static void an_ek_is_enrolled_by_its_makers_certificate_alone(void **state)
{
    (void)state;
    assert_int_equal(RUN("build/attest/bh-provision", "--rsa", "--tcti", tpm.tcti, "--request", file("request")), 0);
    assert_int_equal(challenge(), 1);
    assert_int_equal(enrol("ca.crt", "development"), 1); /* not its maker */
    assert_int_equal(challenge(), 1);
    assert_int_equal(enrol("ca/issuercert.pem", "development"), 0);
    assert_int_equal(challenge(), 0);
    assert_int_equal(answer(), 0);
    assert_int_equal(issue(), 0);
}

static int enrol_production(void)
{
    return enrol("ca/issuercert.pem", "production");
}

static int enrol_here(void)
{
    return enrol("ca/issuercert.pem", "development");
}

static int forget(void)
{
    char hex[128];

    assert_int_equal(RUN("build/attest/bh-ca", "ek", file("request")), 0);
    assert_int_equal(get("out", hex, sizeof(hex)), 65);
    hex[64] = '\0';
    return RUN("build/attest/bh-ca", "forget", hex, "--state", file("state"));
}

/* swtpm's CA vouches for nothing: its TPMs were enrolled for development, and no option and no forgetting makes more of
 * that. */
static void a_development_ek_gets_no_production_certificate(void **state)
{
    uint8_t der[4096];
    size_t size = get("ak.der", der, sizeof(der));

    (void)state;
    assert_non_null(memmem(der, size, "development", 11));
    assert_null(memmem(der, size, "production", 10));
    assert_int_equal(run_saying("was enrolled for development, which is for good", enrol_production), 1);
    assert_int_equal(forget(), 0);
    assert_int_equal(challenge(), 1);
    assert_int_equal(run_saying("was enrolled for development, which is for good", enrol_production), 1);
    assert_int_equal(challenge(), 1);
    assert_int_equal(enrol_here(), 0);
    assert_int_equal(run_saying("in the inventory already", enrol_here), 1);
}

/* --- One TPM, one EK --------------------------------------------------------------------------------- */

static struct akrequest bent_request;
static uint8_t bent_bytes[AKREQUEST_MAX];

static int enrol_bent(void)
{
    char hex[65];

    findings_hex(bent_request.ek_hash, 32, hex);
    return RUN("build/attest/bh-ca", "enrol", file("bent"), "--state", file("state"), "--profile", "development",
               "--known", hex);
}

static int challenge_bent(void)
{
    return RUN("build/attest/bh-ca", "challenge", file("bent"), "--state", file("state"), "--out", file("challenge"));
}

/* Neither enrolled, by the papers, nor challenged where somebody has put it into the inventory by hand. */
static void refuse_bent(const TPMT_PUBLIC *ek, const TPMT_PUBLIC *ak)
{
    size_t size = akrequest_write(ek, ak, (struct bytes){0}, bent_bytes, sizeof(bent_bytes));
    char name[96] = "state/ek/";

    assert_true(size > 0);
    put("bent", bent_bytes, size);
    assert_int_equal(akrequest_read((struct bytes){bent_bytes, size}, &bent_request), 0);
    assert_int_equal(run_saying("not by template", enrol_bent), 1);
    findings_hex(bent_request.ek_hash, 32, name + strlen(name));
    put(name, "development papers\n", 19);
    assert_int_equal(run_saying("not by template", challenge_bent), 1);
    remove(file(name));
}

static void read_request(void);
static struct akrequest request;
static mbedtls_x509_crt roots;

static void an_ek_is_by_template_to_the_byte(void **state)
{
    TPMT_PUBLIC ek, ak;

    (void)state;
    read_request();
    ak = request.ak;
#define BENT(change)                                                                                                   \
    do {                                                                                                               \
        ek = request.ek;                                                                                               \
        change;                                                                                                        \
        refuse_bent(&ek, &ak);                                                                                         \
    } while (0)
    BENT(ek.parameters.rsaDetail.exponent = 65537);
    BENT(ek.objectAttributes ^= TPMA_OBJECT_NODA);
    BENT(ek.objectAttributes ^= TPMA_OBJECT_USERWITHAUTH);
    BENT(ek.objectAttributes ^= TPMA_OBJECT_ADMINWITHPOLICY);
    BENT(ek.authPolicy.buffer[0] ^= 1);
    BENT(ek.authPolicy.size = 0);
    BENT(ek.nameAlg = TPM2_ALG_SHA384);
    BENT(ek.parameters.rsaDetail.keyBits = 3072);
    BENT(ek.parameters.rsaDetail.symmetric.keyBits.aes = 256);
    BENT(ek.parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSAES);
    BENT(ek.unique.rsa.size = 255);
#undef BENT
    mbedtls_x509_crt_free(&roots);
}

static void an_ecc_ek_too(void **state)
{
    TPMT_PUBLIC ek;

    (void)state;
#define BENT(change)                                                                                                   \
    do {                                                                                                               \
        ek = ektemplate_ecc.publicArea;                                                                                \
        memset(ek.unique.ecc.x.buffer, 1, 32);                                                                         \
        assert_true(ektemplate_is(&ek));                                                                               \
        change;                                                                                                        \
        assert_false(ektemplate_is(&ek));                                                                              \
    } while (0)
    BENT(ek.parameters.eccDetail.curveID = TPM2_ECC_NIST_P384);
    BENT(ek.parameters.eccDetail.kdf.scheme = TPM2_ALG_KDF1_SP800_108;
         ek.parameters.eccDetail.kdf.details.kdf1_sp800_108.hashAlg = TPM2_ALG_SHA256);
    BENT(ek.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDH);
    BENT(ek.parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CTR);
    BENT(ek.unique.ecc.x.size = 31);
    BENT(ek.unique.ecc.y.size = 33);
    BENT(ek.authPolicy.buffer[31] ^= 1);
    BENT(ek.objectAttributes ^= TPMA_OBJECT_NODA);
    BENT(ek.type = TPM2_ALG_KEYEDHASH);
#undef BENT
}

/* --- The certificate against the key ---------------------------------------------------------------- */

static uint8_t request_bytes[AKREQUEST_MAX];

static void read_request(void)
{
    size_t size = get("request", request_bytes, sizeof(request_bytes));

    assert_int_equal(akrequest_read((struct bytes){request_bytes, size}, &request), 0);
    assert_non_null(request.ek_certificate.data);
    mbedtls_x509_crt_init(&roots);
    assert_int_equal(mbedtls_x509_crt_parse_file(&roots, file("ca/issuercert.pem")), 0);
}

static void what_the_certificate_is_not_for_is_refused(void **state)
{
    TPMT_PUBLIC ek;
    struct bytes cut;

    (void)state;
    read_request();
    assert_null(ekcert_judge(request.ek_certificate, &roots, &request.ek));
    ek = request.ek;
    ek.unique.rsa.buffer[255] ^= 2;
    assert_non_null(ekcert_judge(request.ek_certificate, &roots, &ek));
    ek = request.ek;
    ek.objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED;
    assert_non_null(ekcert_judge(request.ek_certificate, &roots, &ek));
    ek = request.ek;
    ek.objectAttributes |= TPMA_OBJECT_SIGN_ENCRYPT;
    assert_non_null(ekcert_judge(request.ek_certificate, &roots, &ek));
    cut = (struct bytes){request.ek_certificate.data, request.ek_certificate.size - 1};
    assert_non_null(ekcert_judge(cut, &roots, &request.ek));
    /* the maker's own certificate is not an EK's */
    assert_non_null(ekcert_judge((struct bytes){roots.raw.p, roots.raw.len}, &roots, &request.ek));
    mbedtls_x509_crt_free(&roots);
}

static void no_altered_certificate_is_accepted(void **state)
{
    uint8_t *der;

    (void)state;
    read_request();
    der = (uint8_t *)(uintptr_t)request.ek_certificate.data;
    for (size_t i = 0; i < request.ek_certificate.size; i += 7) {
        der[i] ^= 4;
        assert_non_null(ekcert_judge(request.ek_certificate, &roots, &request.ek));
        der[i] ^= 4;
    }
    mbedtls_x509_crt_free(&roots);
}

/* A key that signs whatever it is told is no AK: the registrar does not challenge for it. */
static void an_ordinary_signing_key_is_not_certified(void **state)
{
    uint8_t altered[AKREQUEST_MAX], *at;
    size_t size = get("request", altered, sizeof(altered));
    struct akrequest r;

    (void)state;
    assert_int_equal(akrequest_read((struct bytes){altered, size}, &r), 0);
    at = (uint8_t *)(uintptr_t)r.ak_encoded.data + 4; /* objectAttributes, after type and nameAlg */
    assert_int_equal(at[1], TPMA_OBJECT_RESTRICTED >> 16 | TPMA_OBJECT_SIGN_ENCRYPT >> 16);
    at[1] = TPMA_OBJECT_SIGN_ENCRYPT >> 16;
    put("ordinary", altered, size);
    assert_int_equal(
        RUN("build/attest/bh-ca", "challenge", file("ordinary"), "--state", file("state"), "--out", file("challenge")),
        1);
}

/* --- Failure ----------------------------------------------------------------------------------------- */

/* As on a full disk: nothing can be written. */
static int with_a_full_disk(int (*what)(void))
{
    struct rlimit old, none;
    int rc;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    rc = what();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    return rc;
}

static unsigned int entries(const char *name)
{
    char command[256];
    FILE *p;
    unsigned int n = 0;

    snprintf(command, sizeof(command), "ls %s", file(name));
    p = popen(command, "r");
    assert_non_null(p);
    for (int c; (c = fgetc(p)) != EOF;)
        n += c == '\n';
    pclose(p);
    return n;
}

static void a_full_disk_changes_nothing(void **state)
{
    char hex[128];
    unsigned int issued = entries("state/issued");

    (void)state;
    assert_int_equal(RUN("build/attest/bh-ca", "inventory", "--state", file("state")), 0);
    assert_int_equal(get("out", hex, sizeof(hex)), 65);
    hex[64] = '\0';
    assert_int_equal(RUN("build/attest/bh-ca", "forget", hex, "--state", file("state")), 0);
    assert_int_equal(challenge(), 1);
    assert_int_equal(with_a_full_disk(enrol_here), 1);
    assert_int_equal(entries("state/ek"), 0);
    assert_int_equal(challenge(), 1);
    assert_int_equal(enrol_here(), 0);
    assert_int_equal(with_a_full_disk(challenge), 1);
    assert_int_equal(entries("state/pending"), 0);
    assert_int_equal(challenge(), 0);
    assert_int_equal(answer(), 0);
    remove(file("ak.der"));
    assert_int_equal(with_a_full_disk(issue), 1);
    assert_int_equal(entries("state/issued"), issued);
    assert_false(exists("ak.der"));
    assert_int_equal(entries("state/pending"), 1); /* the answer is still good */
    assert_int_equal(issue(), 0);
    assert_int_equal(entries("state/issued"), issued + 1);
    assert_int_equal(entries("state/pending"), 0);
}

/* What a machine that stopped in the middle of a write left behind is no fact. */
static void half_written_files_do_not_count(void **state)
{
    char before[4096], after[4096];
    size_t size;

    (void)state;
    assert_int_equal(RUN("build/attest/bh-ca", "inventory", "--state", file("state")), 0);
    size = get("out", before, sizeof(before));
    put("state/ek/0000000000000000000000000000000000000000000000000000000000000000.new", "production", 10);
    put("state/revoked/garbage.der.new", "x", 1);
    assert_int_equal(RUN("build/attest/bh-ca", "inventory", "--state", file("state")), 0);
    assert_int_equal(get("out", after, sizeof(after)), size);
    assert_memory_equal(before, after, size);
    assert_int_equal(RUN("build/attest/bh-ca", "revoke", "--state", file("state"), "--key", file("ca.key"), "--cert",
                         file("ca.crt"), "--days", "30", "--out", file("crl")),
                     0);
}

static void a_certificate_of_another_ca_is_not_revoked(void **state)
{
    unsigned int revoked = entries("state/revoked");

    (void)state;
    read_request();
    put("foreign.der", request.ek_certificate.data, request.ek_certificate.size);
    mbedtls_x509_crt_free(&roots);
    assert_int_equal(RUN("build/attest/bh-ca", "revoke", file("foreign.der"), "--state", file("state"), "--key",
                         file("ca.key"), "--cert", file("ca.crt"), "--days", "30", "--out", file("crl")),
                     1);
    assert_int_equal(entries("state/revoked"), revoked);
}

/* --- Names and certificates ------------------------------------------------------------------------------ */

static int make_accented_ca(void)
{
    return RUN("build/keys/bh-key", "ca", file("ca.key"), "CN=R\xc3\xa9gistre", file("accented.crt"));
}

/* Such a CA would issue certificates that nobody can verify. */
static void a_ca_whose_name_cannot_be_written_issues_nothing(void **state)
{
    unsigned int issued = entries("state/issued");

    (void)state;
    assert_int_equal(run_saying("plain ASCII", make_accented_ca), 1);
    assert_false(exists("accented.crt"));
    assert_int_equal(RUN("openssl", "req", "-x509", "-new", "-utf8", "-key", file("ca.key"), "-subj",
                         "/CN=R\xc3\xa9gistre", "-days", "30", "-out", file("accented.crt")),
                     0);
    assert_int_equal(challenge(), 0);
    assert_int_equal(answer(), 0);
    assert_int_equal(RUN("build/attest/bh-ca", "issue", file("request"), "--state", file("state"), "--answer",
                         file("answer"), "--key", file("ca.key"), "--cert", file("accented.crt"), "--days", "30",
                         "--out", file("accented.der")),
                     1);
    assert_false(exists("accented.der"));
    assert_int_equal(entries("state/issued"), issued);
    assert_int_equal(issue(), 0); /* the answer is still good */
}

/* What a TPM's answer is worth, nobody else on the machine reads; and a full disk leaves no part of it. */
static int request_again(void)
{
    return RUN("build/attest/bh-provision", "--rsa", "--tcti", tpm.tcti, "--request", file("request"));
}

static void the_service_writes_whole_files_or_none(void **state)
{
    uint8_t before[AKREQUEST_MAX], after[AKREQUEST_MAX];
    size_t size = get("request", before, sizeof(before));
    struct stat st;

    (void)state;
    assert_int_equal(with_a_full_disk(request_again), 1);
    assert_int_equal(get("request", after, sizeof(after)), size);
    assert_memory_equal(before, after, size);
    assert_int_equal(challenge(), 0);
    remove(file("answer"));
    assert_int_equal(with_a_full_disk(answer), 1);
    assert_false(exists("answer"));
    assert_int_equal(answer(), 0);
    assert_int_equal(stat(file("answer"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static int store_bad(void)
{
    return RUN("build/attest/bh-provision", "--rsa", "--tcti", tpm.tcti, "--certificate", file("bad.der"), "--eventlog",
               file("log"), "--out", file("platform"));
}

/* The log is none either: what counts is which is complained of. */
static void a_certificate_is_for_this_ak(void **state)
{
    const struct akca_subject subject = {.xy = b.ak_xy, .ek_hash = b.ek_hash, .profile = AKCERT_DEVELOPMENT};
    uint8_t der[4096];
    size_t size = get("ak.der", der, sizeof(der) - 1);
    int n;

    (void)state;
    put("log", "", 0);
    put("bad.der", der, size);
    assert_int_equal(run_saying("event log has no hypervisor key", store_bad), 1);
    der[size] = 0;
    put("bad.der", der, size + 1);
    assert_int_equal(run_saying("bad.der: not a certificate (DER) for this TPM's AK", store_bad), 1);
    put("bad.der", "anything", 8);
    assert_int_equal(run_saying("not a certificate (DER)", store_bad), 1);
    n = akca_issue(&b.ca, &subject, der, sizeof(der));
    put("bad.der", der, (size_t)n);
    assert_int_equal(run_saying("not a certificate (DER)", store_bad), 1);
    assert_false(exists("platform"));
}

static int start(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1);
    tpm.prepare = manufacture;
    attest_swtpm_start(&tpm);
    attest_build_open(&b);
    put("ca.key", b.ca_key_pem, strlen((char *)b.ca_key_pem));
    put("ca.crt", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    attest_build_close(&b);
    attest_swtpm_stop(&tpm);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ek_is_enrolled_by_its_makers_certificate_alone),
        cmocka_unit_test(a_development_ek_gets_no_production_certificate),
        cmocka_unit_test(an_ek_is_by_template_to_the_byte),
        cmocka_unit_test(an_ecc_ek_too),
        cmocka_unit_test(what_the_certificate_is_not_for_is_refused),
        cmocka_unit_test(no_altered_certificate_is_accepted),
        cmocka_unit_test(an_ordinary_signing_key_is_not_certified),
        cmocka_unit_test(a_full_disk_changes_nothing),
        cmocka_unit_test(half_written_files_do_not_count),
        cmocka_unit_test(a_certificate_of_another_ca_is_not_revoked),
        cmocka_unit_test(a_ca_whose_name_cannot_be_written_issues_nothing),
        cmocka_unit_test(the_service_writes_whole_files_or_none),
        cmocka_unit_test(a_certificate_is_for_this_ak),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
