/* SPDX-License-Identifier: MIT */
/* make-evidence DIR: good evidence with keys in software, and what bh-verify needs to accept it: DIR/evidence, refs,
 * ca.crt, and DIR/options with the rest of the command line.
 * make-evidence --seeds DIR: one good input of each parser, as attest_parse_fuzz.c takes it. */
#include <stdio.h>
#include <stdlib.h>

#include "../host/attest_build.h"

static void put(const char *folder, const char *name, const void *data, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void put_seed(const char *folder, const char *name, uint8_t parser, struct bytes data)
{
    static uint8_t seed[1 + EVIDENCE_MAX];

    seed[0] = parser;
    memcpy(seed + 1, data.data, data.size);
    put(folder, name, seed, 1 + data.size);
}

/* The AK in the EK's place too: nothing that a registrar would take, but well-formed. */
static void put_request(const char *folder, const struct attest_build *b)
{
    uint8_t data[2048];
    struct cborout w = {.out = data, .capacity = sizeof(data)};

    cborout_map(&w, 3);
    for (int key = 0; key < 2; key++) {
        cborout_int(&w, key);
        cborout_bytes(&w, b->ak_bytes, b->platform.ak_public.size);
    }
    cborout_int(&w, 2);
    cborout_bytes(&w, b->platform.chain[0].data, b->platform.chain[0].size);
    put_seed(folder, "request", 7, (struct bytes){data, w.used});
}

static int put_seeds(struct attest_build *b, const char *folder)
{
    mbedtls_x509_crl list;

    b->late = true;
    if (!attest_build_run(b, ATTEST_BUILD_INPUTS, NULL)) return 1;
    mbedtls_x509_crl_init(&list);
    attest_build_crl(b, true, &list);
    put_seed(folder, "platform", 0, (struct bytes){b->packed, b->packed_size});
    put_seed(folder, "log", 1, (struct bytes){b->log, b->log_size});
    put_seed(folder, "refs", 2, (struct bytes){b->refs_file, b->refs_size});
    put_seed(folder, "quote", 3, b->platform.quote);
    put_seed(folder, "signature", 3, b->platform.quote_signature);
    put_seed(folder, "ak", 3, b->platform.ak_public);
    put_seed(folder, "certificate", 5, b->platform.chain[0]);
    put_seed(folder, "ca", 5, (struct bytes){b->ca.cert.raw.p, b->ca.cert.raw.len});
    put_seed(folder, "crl", 6, (struct bytes){list.raw.p, list.raw.len});
    put_request(folder, b);
    put_seed(folder, "report", 8, (struct bytes){(const uint8_t *)&b->report, sizeof(b->report)});
    put_seed(folder, "evidence", 9, (struct bytes){b->evidence, b->evidence_size});
    mbedtls_x509_crl_free(&list);
    attest_build_close(b);
    return 0;
}

int main(int argc, char **argv)
{
    static struct attest_build b;
    char nonce[65], launch[65], options[512];

    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) return put_seeds(&b, argv[2]);
    if (argc != 2 || !attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL)) return 1;
    findings_hex(b.nonce, 32, nonce);
    findings_hex(b.tenant_digest, 32, launch);
    snprintf(options, sizeof(options), "--nonce %s --launch %s --label tenant_t:7 --profile development", nonce,
             launch);
    put(argv[1], "evidence", b.evidence, b.evidence_size);
    put(argv[1], "refs", b.refs_file, b.refs_size);
    put(argv[1], "ca.crt", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
    put(argv[1], "options", options, strlen(options));
    attest_build_close(&b);
    return 0;
}
