/* SPDX-License-Identifier: MIT */
/*
 * bh-evidence [--hide-compartment] NONCE [BINDING-FILE]: the guest's proof of what it is, for a remote verifier.
 *
 * NONCE is the verifier's, 16 to 128 hexadecimal digits. The evidence file (attest/FORMAT.md section 1) goes to
 * standard output as PEM. The report is over SHA-256(nonce) || SHA-256(binding), or 32 zero bytes
 * where there is no binding. The salt goes along, so that the verifier may check the compartment, unless it is to be
 * hidden.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/pem.h>
#include <mbedtls/sha256.h>

#include "attestwords.h"
#include "evidence_pack.h"
#include "lxcall.h"

#define BEGIN "-----BEGIN BULKHEAD EVIDENCE-----\n"
#define END   "-----END BULKHEAD EVIDENCE-----\n"

/* What the hypervisor reads and writes; on locked pages. */
struct shared {
    struct bh_report_op op;
    struct bh_blob blob;
    uint8_t signature[64], salt[32];
    struct bh_report report;
    uint8_t chunk[BH_BLOB_CHUNK] __attribute__((aligned(4096)));
};

static uint8_t nonce[EVIDENCE_NONCE_MAX], binding[EVIDENCE_BINDING_MAX + 1], platform[BH_EVIDENCE_MAX];
static uint8_t packed[EVIDENCE_MAX];
static unsigned char pem[EVIDENCE_MAX / 3 * 4 + EVIDENCE_MAX / 48 + 128];

static bool hide;

static int fail(const char *what, long rc)
{
    fprintf(stderr, "bh-evidence: %s: %s\n", what, strerror((int)-rc));
    return 1;
}

static int fail_call(const char *what, long rc)
{
    fprintf(stderr, "bh-evidence: %s: %s\n", what, attestwords(rc));
    return 1;
}

static size_t parse_nonce(const char *text)
{
    size_t digits = strlen(text);

    if (digits % 2 || digits / 2 < EVIDENCE_NONCE_MIN || digits / 2 > EVIDENCE_NONCE_MAX ||
        strspn(text, "0123456789abcdefABCDEF") != digits)
        return 0;
    for (size_t i = 0; i < digits / 2; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};

        nonce[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return digits / 2;
}

/* Size, or 0 where the file cannot be read or is too long or empty. */
static size_t read_binding(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(binding, 1, sizeof(binding), f) : 0;

    if (f) fclose(f);
    return size <= EVIDENCE_BINDING_MAX ? size : 0;
}

/* Size of what is in `platform`, or a negative errno. */
static long read_platform(struct shared *s)
{
    size_t size = 0;

    for (;;) {
        long n;

        s->blob = (struct bh_blob){.offset = size, .size = BH_BLOB_CHUNK, .data = (uintptr_t)s->chunk};
        n = lxcall_bulkhead(BH_EVIDENCE_GET, &s->blob);
        if (n < 0) return n;
        if (n == 0) return size ? (long)size : -ENODATA;
        if (n > (long)BH_BLOB_CHUNK || size + (size_t)n > sizeof(platform)) return -EOVERFLOW;
        memcpy(platform + size, s->chunk, (size_t)n);
        size += (size_t)n;
    }
}

static long read_report(struct shared *s, size_t nonce_size, size_t binding_size)
{
    memset(&s->op, 0, sizeof(s->op));
    mbedtls_sha256_ret(nonce, nonce_size, s->op.report_data, 0);
    if (binding_size) mbedtls_sha256_ret(binding, binding_size, s->op.report_data + 32, 0);
    s->op.report = (uintptr_t)&s->report;
    s->op.signature = (uintptr_t)s->signature;
    s->op.salt = (uintptr_t)s->salt;
    return lxcall_bulkhead(BH_REPORT, &s->op);
}

static int print_evidence(const struct shared *s, size_t nonce_size, size_t binding_size, size_t platform_size)
{
    struct evidence_parts parts = {
        .nonce = nonce,
        .nonce_size = nonce_size,
        .platform = platform,
        .platform_size = platform_size,
        .report = &s->report,
        .signature = s->signature,
        .binding = binding_size ? binding : NULL,
        .binding_size = binding_size,
        .salt = hide ? NULL : s->salt,
    };
    size_t size = evidence_pack(&parts, packed, sizeof(packed)), text_size;

    if (size == 0 || mbedtls_pem_write_buffer(BEGIN, END, packed, size, pem, sizeof(pem), &text_size) != 0)
        return fail("packing", -EINVAL);
    fputs((const char *)pem, stdout);
    return fflush(stdout) == 0 ? 0 : fail("standard output", -errno);
}

int main(int argc, char **argv)
{
    size_t nonce_size, binding_size = 0;
    struct shared *s;
    long rc;

    hide = argc >= 2 && strcmp(argv[1], "--hide-compartment") == 0;
    argc -= hide;
    argv += hide;
    nonce_size = argc >= 2 ? parse_nonce(argv[1]) : 0;
    if (argc < 2 || argc > 3 || nonce_size == 0) {
        fprintf(stderr,
                "usage: bh-evidence [--hide-compartment] NONCE [BINDING-FILE]\n  NONCE: %u to %u hexadecimal digits\n",
                2 * EVIDENCE_NONCE_MIN, 2 * EVIDENCE_NONCE_MAX);
        return 2;
    }
    if (argc == 3 && (binding_size = read_binding(argv[2])) == 0) {
        fprintf(stderr, "bh-evidence: %s: cannot be read, or not of 1 to %u bytes\n", argv[2], EVIDENCE_BINDING_MAX);
        return 1;
    }
    rc = lxcall_open();
    if (rc < 0) return fail("/dev/xen/privcmd", rc);
    s = lxcall_pages((sizeof(*s) + 4095) / 4096);
    if (!s) return fail("memory", -ENOMEM);
    rc = read_report(s, nonce_size, binding_size);
    if (rc < 0) return fail_call("no report", rc);
    rc = read_platform(s);
    if (rc < 0) return fail_call("the platform's part", rc);
    return print_evidence(s, nonce_size, binding_size, (size_t)rc);
}
