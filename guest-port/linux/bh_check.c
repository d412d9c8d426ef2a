/* SPDX-License-Identifier: MIT */
/*
 * bh-check show NONCE               this guest's report over the nonce, for another guest, in hexadecimal
 * bh-check REPORT NONCE [LAUNCH]    was this report made by this hypervisor, in this boot, over this nonce (and of a
 * guest with this launch digest)? REPORT is a file, or -
 *
 * Local attestation: no verifier, no reference values, no TPM; who trusts the platform already asks it about a
 * neighbour. Prints who the other one is. The report binds SHA-256("BHCHECK1") beside the nonce, so that what a
 * neighbour was shown is no evidence for anybody else. Exit: 0 yes, 1 no, with the reason, 2 usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attestwords.h"
#include "extendlog.h"
#include "lxcall.h"

#define BINDING "BHCHECK1"
#define BYTES   (sizeof(struct bh_report) + 64)

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bh-check: %s: %s\n", what, why);
    return 1;
}

static int nibble(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Number of bytes, or -1. Blanks and line ends do not count. */
static long unhex(const char *text, uint8_t *out, size_t most)
{
    size_t n = 0;

    for (; *text; text++) {
        if (strchr(" \r\n", *text)) continue;
        if (n == 2 * most || nibble(*text) < 0) return -1;
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | nibble(*text) : nibble(*text) << 4);
        n++;
    }
    return n % 2 ? -1 : (long)(n / 2);
}

static int nonce_data(const char *text, uint8_t data[64])
{
    uint8_t nonce[64];
    long n = unhex(text, nonce, sizeof(nonce));

    if (n < 8) return -EINVAL;
    mbedtls_sha256_ret(nonce, (size_t)n, data, 0);
    mbedtls_sha256_ret((const uint8_t *)BINDING, strlen(BINDING), data + 32, 0);
    return 0;
}

static int show(const uint8_t data[64])
{
    static struct attestcall_report r;
    static char hex[2 * BYTES + 1];
    int rc = attestcall_report(data, &r);

    if (rc < 0) return fail("no report", attestwords(rc));
    extendlog_hex((uint8_t *)&r.report, sizeof(r.report), hex);
    extendlog_hex(r.signature, 64, hex + 2 * sizeof(r.report));
    for (size_t i = 0; i < 2 * BYTES; i += 64)
        printf("%.64s\n", hex + i);
    return 0;
}

static void print_guest(const struct bh_report *r)
{
    char hex[65];

    printf("domain %u\ntype %.*s\n", r->domid, (int)sizeof(r->type), r->type);
    extendlog_hex(r->launch_digest, 32, hex);
    printf("launch %s\n", hex);
    extendlog_hex(r->signer, 32, hex);
    printf("signer %s\nguest-svn %u\n", hex, r->guest_svn);
    printf("measured yes\ndebug %s\n", r->flags & BH_FLAG_DEBUG ? "yes" : "no"); /* others are refused */
}

static int read_report(const char *path, uint8_t bytes[BYTES])
{
    static char text[4 * BYTES];
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    if (!f) return fail(path, strerror(errno));
    text[n] = '\0';
    return unhex(text, bytes, BYTES) == (long)BYTES ? 0 : fail(path, "not a report of this hypervisor's version");
}

static int check(const char *path, const uint8_t data[64], const char *launch)
{
    static uint8_t bytes[BYTES];
    struct bh_report r;
    uint8_t want[32];
    int rc;

    if (launch && unhex(launch, want, 32) != 32) return fail(launch, "not a digest of 64 hexadecimal digits");
    if (read_report(path, bytes)) return 1;
    memcpy(&r, bytes, sizeof(r));
    rc = attestcall_check(&r, bytes + sizeof(r));
    if (rc < 0) return fail("refused", attestwords(rc));
    if (memcmp(r.report_data, data, 32) != 0) return fail("refused", "over another nonce");
    if (memcmp(r.report_data + 32, data + 32, 32) != 0) return fail("refused", "made for another use than bh-check");
    if (!(r.flags & BH_FLAG_MEASURED)) return fail("refused", "this boot is not measured, or no longer");
    if (launch && memcmp(r.launch_digest, want, 32) != 0) return fail("refused", "another launch");
    print_guest(&r);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t data[64];
    int rc;

    if (argc < 3 || argc > 4 || nonce_data(argv[2], data) < 0 || (strcmp(argv[1], "show") == 0 && argc != 3)) {
        fputs("usage: bh-check show NONCE\n       bh-check REPORT NONCE [LAUNCH]\n  NONCE: 16 to 128 hexadecimal "
              "digits\n",
              stderr);
        return 2;
    }
    rc = lxcall_open();
    if (rc < 0) return fail("/dev/xen/privcmd", strerror(-rc));
    return strcmp(argv[1], "show") == 0 ? show(data) : check(argv[1], data, argv[3]);
}
