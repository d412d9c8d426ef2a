/* SPDX-License-Identifier: MIT */
/*
 * From a TPM to a verdict: swtpm, extended as firmware and hypervisor would, bh-provision as it runs in dom0, a
 * report signed in software, and bh-verify with a reference file, as processes. Run from the tree's top.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mbedtls/base64.h>

#include "attest_build.h"
#include "attest_swtpm.h"
#include "../../attest/verify/p256.h"

static struct attest_build b;
static struct attest_swtpm tpm;

static const char *path(const char *name)
{
    static char paths[8][128];
    static unsigned int next;
    char *out = paths[next++ % 8];

    snprintf(out, sizeof(paths[0]), "%s/%s", tpm.folder, name);
    return out;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(path(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t get(const char *name, void *out, size_t capacity)
{
    FILE *file = fopen(path(name), "rb");
    size_t size;

    assert_non_null(file);
    size = fread(out, 1, capacity, file);
    fclose(file);
    return size;
}

static void extend_log(struct attest_swtpm_link *link, struct bytes log)
{
    struct eventlog_record record;

    while (eventlog_next(&log, &record) > 0)
        attest_swtpm_extend(link, record.pcr, 2, record.digest);
}

static int provision(void)
{
    char *const argv[] = {"build/attest/bh-provision",
                          "--tcti",
                          tpm.tcti,
                          "--ca-key",
                          (char *)path("ca.key"),
                          "--ca-cert",
                          (char *)path("ca.crt"),
                          "--eventlog",
                          (char *)path("log"),
                          "--out",
                          (char *)path("platform"),
                          NULL};

    return attest_swtpm_run(argv, NULL);
}

/* In the software platform part's place: that of the TPM. */
static void take_platform_from_tpm(struct attest_build *v)
{
    static const uint32_t pinned[] = {4, 8, 9};
    static bool extended;
    struct attest_swtpm_link link;

    attest_swtpm_open(&tpm, &link);
    for (int i = 0; i < 3; i++) {
        memset(v->pcr_ref[i], 0, 32);
        p256_extend(v->pcr_ref[i], v->nonce);
        if (!extended) attest_swtpm_extend(&link, pinned[i], 0, v->nonce);
    }
    if (!extended) extend_log(&link, (struct bytes){v->log, v->log_size});
    extended = true;
    attest_swtpm_close(&link);
    put("log", v->log, v->log_size);
    assert_int_equal(provision(), 0);
    v->packed_size = get("platform", v->packed, sizeof(v->packed));
}

static void take_stored_platform(struct attest_build *v)
{
    static const uint8_t zero[32];

    for (int i = 0; i < 3; i++) {
        memcpy(v->pcr_ref[i], zero, 32);
        p256_extend(v->pcr_ref[i], v->nonce);
    }
    v->packed_size = get("platform", v->packed, sizeof(v->packed));
}

static void want_any_reset(struct attest_build *v)
{
    v->wanted.last_reset_count = 0;
    v->wanted.known_eks = NULL; /* the TPM's own EK, not the made-up one */
    v->wanted.waived = VERIFY_WAIVE(STALE_BOOT) | VERIFY_WAIVE(EK_UNKNOWN);
}

/* Builds with the TPM, then verifies in this process: print what went wrong. */
static bool verify_here(void)
{
    bool accepted;

    want_any_reset(&b);
    accepted = verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings);
    for (size_t i = 0; !accepted && i < b.findings.count; i++) {
        if (b.findings.item[i].state != FINDINGS_PASS)
            printf("  %s %s\n", findings_name(b.findings.item[i].code), b.findings.item[i].detail);
    }
    return accepted;
}

static void hex_of(const uint8_t *data, size_t size, char *text)
{
    findings_hex(data, size, text);
}

static int verify_tool(const char *evidence, const char *nonce, const char *profile, const char *label)
{
    char launch[65];
    char *const argv[] = {"build/attest/bh-verify",
                          (char *)path(evidence),
                          "--ref",
                          (char *)path("refs"),
                          "--ca",
                          (char *)path("ca.crt"),
                          "--nonce",
                          (char *)nonce,
                          "--profile",
                          (char *)profile,
                          "--label",
                          (char *)label,
                          "--launch",
                          launch,
                          NULL};

    hex_of(b.tenant_digest, 32, launch);
    return attest_swtpm_run(argv, path("out"));
}

static void assert_output_has(const char *text)
{
    char out[16384];
    size_t size = get("out", out, sizeof(out) - 1);

    out[size] = '\0';
    if (strstr(out, text) == NULL) {
        printf("%s", out);
        fail();
    }
}

static void the_real_chain_is_accepted_in_process(void **state)
{
    (void)state;
    attest_build_run(&b, ATTEST_BUILD_PLATFORM, take_platform_from_tpm);
    assert_true(verify_here());
    put("evidence", b.evidence, b.evidence_size);
    put("refs", b.refs_file, b.refs_size);
}

static void the_tool_accepts_it_and_says_so(void **state)
{
    char nonce[65];

    (void)state;
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:7"), 0);
    assert_output_has("verdict: ACCEPTED");
}

static void the_tool_rejects_and_names_the_check(void **state)
{
    char nonce[65];

    (void)state;
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(verify_tool("evidence", nonce, "production", "tenant_t:7"), 1);
    assert_output_has("verdict: REJECTED (AK_PROFILE; not made: AK_REVOKED EK_UNKNOWN STALE_BOOT HV_SVN)");
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:8"), 1);
    assert_output_has("verdict: REJECTED (LABEL)");
    nonce[0] ^= 1;
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:7"), 1);
    assert_output_has("verdict: REJECTED (NONCE)");
}

static void the_tool_speaks_json(void **state)
{
    char nonce[65];

    (void)state;
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(
        attest_swtpm_run((char *[]){"build/attest/bh-verify", (char *)path("evidence"), "--ref", (char *)path("refs"),
                                    "--ca", (char *)path("ca.crt"), "--nonce", nonce, "--profile", "development",
                                    "--label", "tenant_t:8", "--any-launch", "--json", NULL},
                         path("out")),
        1);
    assert_output_has("{\"verdict\": \"REJECTED\", \"checks\": [");
    assert_output_has("{\"code\": \"LABEL\", \"state\": \"FAIL\", \"detail\": \"type tenant_t, wanted tenant_t; "
                      "compartment is not 8\"}");
}

static void the_tool_refuses_wrong_usage_and_empty_references(void **state)
{
    static const uint8_t empty[] = {0xd9, 0x01, 0xf5, 0xa2, 0x00, 0x61, 'x', 0x01, 0x81, 0xd9, 0x01, 0xfa,
                                    0x4e, 0xa2, 0x01, 0xa1, 0x00, 0x61, 'x', 0x04, 0xa1, 0x00, 0x80};
    uint8_t with_size[sizeof(empty)];
    char nonce[65];

    (void)state;
    memcpy(with_size, empty, sizeof(empty));
    with_size[12] = 0x40 | (sizeof(empty) - 13);
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:"), 2);
    assert_int_equal(verify_tool("evidence", "zz", "development", "tenant_t:7"), 2);
    assert_int_equal(verify_tool("missing", nonce, "development", "tenant_t:7"), 2);
    put("refs", with_size, sizeof(with_size));
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:7"), 2);
    put("refs", b.refs_file, b.refs_size);
}

static void evidence_is_read_from_a_console_log(void **state)
{
    static char text[4 * EVIDENCE_MAX];
    char nonce[65], *p = text;
    size_t size;

    (void)state;
    p += sprintf(p, "boot noise\r\n-----BEGIN BULKHEAD EVIDENCE-----\r\n");
    for (size_t at = 0; at < b.evidence_size; at += 48) {
        size_t left = b.evidence_size - at;

        assert_int_equal(mbedtls_base64_encode((unsigned char *)p, 128, &size, b.evidence + at, left < 48 ? left : 48),
                         0);
        p += size;
        p += sprintf(p, "\r\n");
    }
    p += sprintf(p, "-----END BULKHEAD EVIDENCE-----\r\n# \r\n");
    put("console", text, (size_t)(p - text));
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(verify_tool("console", nonce, "development", "tenant_t:7"), 0);
}

static void provisioning_again_gives_evidence_of_the_same_ak(void **state)
{
    static struct evidence_platform before, after;
    static uint8_t first[BH_EVIDENCE_MAX], second[BH_EVIDENCE_MAX];
    size_t first_size = get("platform", first, sizeof(first)), second_size;

    (void)state;
    assert_int_equal(provision(), 0);
    second_size = get("platform", second, sizeof(second));
    assert_int_equal(evidence_parse_platform((struct bytes){first, first_size}, &before), 0);
    assert_int_equal(evidence_parse_platform((struct bytes){second, second_size}, &after), 0);
    assert_int_equal(before.ak_public.size, after.ak_public.size);
    assert_memory_equal(before.ak_public.data, after.ak_public.data, before.ak_public.size);
}

static void one_more_extend_in_the_tpm_shows(void **state)
{
    struct attest_swtpm_link link;
    char nonce[65];

    (void)state;
    attest_swtpm_open(&tpm, &link);
    attest_swtpm_extend(&link, 9, 0, b.nonce);
    attest_swtpm_close(&link);
    attest_build_run(&b, ATTEST_BUILD_PLATFORM, take_platform_from_tpm);
    put("evidence", b.evidence, b.evidence_size);
    hex_of(b.nonce, 32, nonce);
    assert_int_equal(verify_tool("evidence", nonce, "development", "tenant_t:7"), 1);
    assert_output_has("verdict: REJECTED (PCR_REF)");
    assert_output_has("FAIL     PCR_REF      PCR 9 ");
}

/* Without the key's event there is nothing to quote for; nothing may be stored then. */
static void a_log_without_a_key_is_refused(void **state)
{
    (void)state;
    remove(path("platform"));
    put("log", "", 0);
    assert_int_equal(provision(), 1);
    assert_int_not_equal(access(path("platform"), F_OK), 0);
}

/* The TPM has three slots for keys and a few for sessions; a service that was killed leaves its own behind. */
static void a_tpm_left_full_by_a_killed_service_is_swept(void **state)
{
    struct attest_swtpm_link link;
    int leaked[2] = {0};

    (void)state;
    attest_swtpm_open(&tpm, &link);
    for (int session = 0; session < 2; session++) {
        while (leaked[session] < 64 && attest_swtpm_leak(&link, session))
            leaked[session]++;
    }
    attest_swtpm_close(&link);
    assert_in_range(leaked[0], 1, 63);
    assert_in_range(leaked[1], 1, 63);
    assert_int_equal(provision(), 0);
}

static int verify_signed_refs(const char *key)
{
    char nonce[65];

    hex_of(b.nonce, 32, nonce);
    return attest_swtpm_run((char *[]){"build/attest/bh-verify", (char *)path("evidence"), "--ref",
                                       (char *)path("refs"), "--ref-key", (char *)path(key), "--ca",
                                       (char *)path("ca.crt"), "--nonce", nonce, "--profile", "development", "--label",
                                       "tenant_t:7", "--any-launch", NULL},
                            path("out"));
}

static int key_tool(const char *verb, const char *key, const char *to, const char *out)
{
    return attest_swtpm_run((char *[]){"build/keys/bh-key", (char *)verb, (char *)path(key), (char *)to, NULL}, out);
}

static void a_reference_file_is_taken_with_its_signature_alone(void **state)
{
    uint8_t changed[sizeof(b.refs_file)];

    (void)state;
    assert_int_equal(key_tool("generate", "refs.pem", NULL, path("out")), 0);
    assert_int_equal(key_tool("generate", "another.pem", NULL, path("out")), 0);
    assert_int_equal(key_tool("public", "refs.pem", NULL, path("refs.pub")), 0);
    assert_int_equal(key_tool("public", "another.pem", NULL, path("another.pub")), 0);
    assert_int_equal(verify_signed_refs("refs.pub"), 2); /* no signature */
    assert_int_equal(key_tool("sign", "refs.pem", path("refs"), path("out")), 0);
    assert_int_equal(verify_signed_refs("refs.pub"), 0);
    assert_int_equal(
        attest_swtpm_run((char *[]){"/usr/bin/openssl", "dgst", "-sha256", "-verify", (char *)path("refs.pub"),
                                    "-signature", (char *)path("refs.sig"), (char *)path("refs"), NULL},
                         path("out")),
        0);
    assert_int_equal(verify_signed_refs("another.pub"), 2);
    assert_int_equal(verify_signed_refs("ca.crt"), 2);
    memcpy(changed, b.refs_file, b.refs_size);
    changed[b.refs_size - 1] ^= 1;
    put("refs", changed, b.refs_size);
    assert_int_equal(verify_signed_refs("refs.pub"), 2);
    put("refs", b.refs_file, b.refs_size);
}

/* --- Production: the CA is elsewhere, and its key never comes near the platform ----------------- */

static char *file(const char *name) /* stays valid, unlike path() */
{
    return strdup(path(name));
}

static int run_all(char *argv[])
{
    int rc = attest_swtpm_run(argv, path("out"));

    for (int i = 0; argv[i] != NULL; i++) {
        if (strncmp(argv[i], tpm.folder, strlen(tpm.folder)) == 0) free(argv[i]);
    }
    return rc;
}

static int ca_challenge(void)
{
    return run_all((char *[]){"build/attest/bh-ca", "challenge", file("request"), "--state", file("state"), "--out",
                              file("challenge"), NULL});
}

static int answer(void)
{
    return run_all((char *[]){"build/attest/bh-provision", "--tcti", tpm.tcti, "--activate", file("challenge"),
                              "--answer", file("answer"), NULL});
}

static int issue(void)
{
    return run_all((char *[]){"build/attest/bh-ca", "issue", file("request"), "--state", file("state"), "--answer",
                              file("answer"), "--key", file("ca.key"), "--cert", file("ca.crt"), "--days", "30",
                              "--out", file("ak.der"), NULL});
}

static int enrol(const char *digest)
{
    return run_all((char *[]){"build/attest/bh-ca", "enrol", file("request"), "--state", file("state"), "--profile",
                              "production", "--known", (char *)digest, NULL});
}

static void an_ak_is_certified_by_a_ca_elsewhere(void **state)
{
    uint8_t out[16384];
    size_t size;

    (void)state;
    assert_int_equal(
        run_all((char *[]){"build/attest/bh-provision", "--tcti", tpm.tcti, "--request", file("request"), NULL}), 0);
    assert_int_equal(ca_challenge(), 1); /* nobody is enrolled yet */
    assert_int_equal(run_all((char *[]){"build/attest/bh-ca", "ek", file("request"), NULL}), 0);
    size = get("out", out, sizeof(out));
    assert_int_equal(size, 65);
    out[64] = '\0';
    out[3] ^= 1;
    assert_int_equal(enrol((char *)out), 1); /* the papers are about another TPM */
    out[3] ^= 1;
    assert_int_equal(enrol((char *)out), 0);
    assert_int_equal(enrol((char *)out), 1); /* once */
    assert_int_equal(run_all((char *[]){"build/attest/bh-ca", "inventory", "--state", file("state"), NULL}), 0);
    put("inventory", out, get("out", out, sizeof(out)));
    assert_int_equal(ca_challenge(), 0);
    put("answer", b.nonce, 32);
    assert_int_equal(issue(), 1); /* a guess is no answer */
    assert_int_equal(answer(), 0);
    assert_int_equal(issue(), 0);
    assert_int_equal(issue(), 1); /* the challenge is used up */
}

static void change_challenge(void)
{
    uint8_t data[4096];
    size_t size = get("challenge", data, sizeof(data));

    data[size / 2] ^= 1;
    put("challenge", data, size);
}

static void a_changed_challenge_is_not_answered(void **state)
{
    (void)state;
    assert_int_equal(ca_challenge(), 0);
    change_challenge();
    assert_int_equal(answer(), 1);
}

static int verify_production(char *more, char *value)
{
    char nonce[65], launch[65];

    hex_of(b.nonce, 32, nonce);
    hex_of(b.tenant_digest, 32, launch);
    return run_all((char *[]){"build/attest/bh-verify",
                              file("evidence"),
                              "--ref",
                              file("refs"),
                              "--ca",
                              file("ca.crt"),
                              "--nonce",
                              nonce,
                              "--label",
                              "tenant_t:7",
                              "--launch",
                              launch,
                              "--crl",
                              file("crl"),
                              "--known-eks",
                              file("inventory"),
                              "--min-svn",
                              "2",
                              more,
                              value,
                              NULL});
}

static int revoke_ak(bool ak)
{
    return run_all((char *[]){"build/attest/bh-ca", "revoke", "--state", file("state"), "--key", file("ca.key"),
                              "--cert", file("ca.crt"), "--days", "30", "--out", file("crl"),
                              ak ? file("ak.der") : NULL, NULL});
}

static void its_evidence_is_accepted_as_production_until_it_is_revoked(void **state)
{
    (void)state;
    assert_int_equal(run_all((char *[]){"build/attest/bh-provision", "--tcti", tpm.tcti, "--certificate",
                                        file("ak.der"), "--eventlog", file("log"), "--out", file("platform"), NULL}),
                     0);
    attest_build_run(&b, ATTEST_BUILD_PLATFORM, take_stored_platform);
    put("evidence", b.evidence, b.evidence_size);
    assert_int_equal(revoke_ak(false), 0);
    assert_int_equal(verify_production(NULL, NULL), 1); /* what was not given was not checked */
    assert_output_has("verdict: REJECTED (not made: STALE_BOOT)");
    assert_int_equal(verify_production("--waive", "STALE_BOOT,QUOTE_SIG"), 2);
    assert_int_equal(verify_production("--last-reset", "1"), 0);
    assert_int_equal(verify_production("--waive", "STALE_BOOT"), 0);
    assert_int_equal(revoke_ak(true), 0);
    assert_int_equal(verify_production("--last-reset", "1"), 1);
    assert_output_has("verdict: REJECTED (AK_REVOKED)");
    assert_int_equal(revoke_ak(false), 0); /* a later list still has it */
    assert_int_equal(verify_production("--last-reset", "1"), 1);
    assert_output_has("verdict: REJECTED (AK_REVOKED)");
}

/* A log that the TPM does not hold can only make evidence that fails. */
static void a_log_that_was_not_extended_is_not_quoted(void **state)
{
    (void)state;
    remove(path("platform"));
    attest_build_event(&b, 22, BH_EV_RUNTIME, NULL, "never", 5);
    put("log", b.log, b.log_size);
    assert_int_equal(provision(), 1);
    assert_int_not_equal(access(path("platform"), F_OK), 0);
}

static int start(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 1); /* it tries until swtpm answers */
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
        cmocka_unit_test(the_real_chain_is_accepted_in_process),
        cmocka_unit_test(the_tool_accepts_it_and_says_so),
        cmocka_unit_test(the_tool_rejects_and_names_the_check),
        cmocka_unit_test(the_tool_speaks_json),
        cmocka_unit_test(the_tool_refuses_wrong_usage_and_empty_references),
        cmocka_unit_test(a_reference_file_is_taken_with_its_signature_alone),
        cmocka_unit_test(evidence_is_read_from_a_console_log),
        cmocka_unit_test(provisioning_again_gives_evidence_of_the_same_ak),
        cmocka_unit_test(a_tpm_left_full_by_a_killed_service_is_swept),
        cmocka_unit_test(an_ak_is_certified_by_a_ca_elsewhere),
        cmocka_unit_test(its_evidence_is_accepted_as_production_until_it_is_revoked),
        cmocka_unit_test(a_changed_challenge_is_not_answered),
        cmocka_unit_test(one_more_extend_in_the_tpm_shows),
        cmocka_unit_test(a_log_without_a_key_is_refused),
        cmocka_unit_test(a_log_that_was_not_extended_is_not_quoted),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
