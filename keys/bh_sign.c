/* SPDX-License-Identifier: MIT */
/* bh-sign: vouches for a launch. What it signs is a launch digest, which `bhctl digest FILE` works out of a tenant's
 * kernel, ramdisk, command line, memory and vCPUs; the signature goes beside the tenant's file (key `signature`). */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include "bulkhead.h"

static const char usage[] =
    "usage: bh-sign --key KEY.pem [--svn N] --digest HEX64 -o FILE   sign a launch digest (bhctl digest, line "
    "`launch`)\n"
    "       bh-sign --key KEY.pem                                    the signer's id, for the policy's launch rules\n"
    "--svn: security version number of what is launched, 0 if not given; a launch rule may ask for svn>=N\n";

#define SIGNED_SIZE offsetof(struct bh_signature, key)

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "bh-sign: %s: %s\n", what, why);
    return 1;
}

static int read_digest(const char *text, uint8_t out[32])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return complain("--digest", "64 digits 0 to 9, a to f are wanted");
    for (int i = 0; i < 32; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return 0;
}

static int read_svn(const char *text, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || *end || end == text || text[0] == '-' || n > UINT32_MAX)
        return complain("--svn", "a number from 0 to 4294967295 is wanted");
    *out = (uint32_t)n;
    return 0;
}

static int load_key(mbedtls_pk_context *key, const char *path, uint8_t public_key[64])
{
    uint8_t point[65];
    size_t n;
    char why[160];
    int rc = mbedtls_pk_parse_keyfile(key, path, NULL);
    if (rc != 0) {
        mbedtls_strerror(rc, why, sizeof(why));
        return complain(path, why);
    }
    if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECKEY) || mbedtls_pk_ec(*key)->grp.id != MBEDTLS_ECP_DP_SECP256R1)
        return complain(path, "not a P-256 key");
    const mbedtls_ecp_keypair *k = mbedtls_pk_ec(*key);
    if (mbedtls_ecp_point_write_binary(&k->grp, &k->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point, sizeof(point)) != 0)
        return complain(path, "its public half cannot be written");
    memcpy(public_key, point + 1, 64);
    return 0;
}

/* RFC 6979: the same key and launch give the same bytes. */
static int sign(mbedtls_pk_context *key, struct bh_signature *s)
{
    mbedtls_ecp_keypair *k = mbedtls_pk_ec(*key);
    mbedtls_mpi r, v;
    uint8_t hash[32];

    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&v);
    int rc = mbedtls_sha256_ret((const uint8_t *)s, SIGNED_SIZE, hash, 0);
    if (rc == 0) rc = mbedtls_ecdsa_sign_det_ext(&k->grp, &r, &v, &k->d, hash, 32, MBEDTLS_MD_SHA256, NULL, NULL);
    if (rc == 0) rc = mbedtls_mpi_write_binary(&r, s->signature, 32);
    if (rc == 0) rc = mbedtls_mpi_write_binary(&v, s->signature + 32, 32);
    mbedtls_mpi_free(&v);
    mbedtls_mpi_free(&r);
    return rc == 0 ? 0 : complain("signing", "failed");
}

static int write_out(const char *path, const struct bh_signature *s)
{
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(s, 1, sizeof(*s), f) == sizeof(*s);
    if (f && fclose(f) != 0) ok = false;
    if (ok) return 0;
    int error = errno;
    if (f) remove(path);
    return complain(path, strerror(error));
}

static void print_id(const uint8_t public_key[64])
{
    uint8_t id[32];
    mbedtls_sha256_ret(public_key, 64, id, 0);
    for (size_t i = 0; i < sizeof(id); i++)
        printf("%02x", id[i]);
    putchar('\n');
}

static int run(const char *key_path, const char *digest, const char *out, struct bh_signature *s)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = load_key(&key, key_path, s->key);
    if (rc == 0 && !digest) print_id(s->key);
    if (rc == 0 && digest) rc = read_digest(digest, s->launch_digest);
    if (rc == 0 && digest) rc = sign(&key, s);
    if (rc == 0 && digest) rc = write_out(out, s);
    mbedtls_pk_free(&key);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"key", required_argument, NULL, 'k'},
        {"svn", required_argument, NULL, 's'},
        {"digest", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *key = NULL, *digest = NULL, *out = NULL;
    struct bh_signature s = {.magic = "BHSIGN1"};
    int c;

    while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'k':
            key = optarg;
            break;
        case 's':
            if (read_svn(optarg, &s.svn) != 0) return 1;
            break;
        case 'd':
            digest = optarg;
            break;
        case 'o':
            out = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (!key || !digest != !out || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    return run(key, digest, out, &s);
}
