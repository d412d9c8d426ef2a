/* SPDX-License-Identifier: MIT */
/* bh-key: makes development keys (P-256) and what is derived from them. It never overwrites a private key. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/x509_crt.h>

static const char usage[] = "usage: bh-key generate KEY.pem         a new private key; refused if the file exists\n"
                            "       bh-key public KEY.pem           its public half, PEM\n"
                            "       bh-key header KEY.pem NAME      its public half as a C array, X || Y\n"
                            "       bh-key sign KEY.pem FILE        its signature over FILE, DER, to FILE.sig\n"
                            "       bh-key ca KEY.pem \"CN=...,O=...\" OUT.crt   a self-signed CA certificate, PEM\n";

struct tool {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
};

static int complain(const char *path, int mbedtls_error)
{
    char why[160];
    mbedtls_strerror(mbedtls_error, why, sizeof(why));
    fprintf(stderr, "bh-key: %s: %s\n", path, why);
    return 1;
}

static int write_new(const char *path, int flags, mode_t mode, const void *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    bool ok = fd >= 0 && write(fd, text, n) == (ssize_t)n;
    int error = errno;
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (ok) return 0;
    fprintf(stderr, "bh-key: %s: %s\n", path, strerror(error));
    return 1;
}

static int generate(struct tool *t, const char *path)
{
    char pem[1024];
    int rc = mbedtls_pk_setup(&t->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0)
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(t->key), mbedtls_ctr_drbg_random, &t->random);
    if (rc == 0) rc = mbedtls_pk_write_key_pem(&t->key, (unsigned char *)pem, sizeof(pem));
    if (rc != 0) return complain(path, rc);
    rc = write_new(path, O_EXCL, 0600, pem, strlen(pem));
    mbedtls_platform_zeroize(pem, sizeof(pem));
    return rc;
}

static int load(struct tool *t, const char *path)
{
    int rc = mbedtls_pk_parse_keyfile(&t->key, path, NULL);
    if (rc != 0) return complain(path, rc);
    if (!mbedtls_pk_can_do(&t->key, MBEDTLS_PK_ECKEY) || mbedtls_pk_ec(t->key)->grp.id != MBEDTLS_ECP_DP_SECP256R1) {
        fprintf(stderr, "bh-key: %s: not a P-256 key\n", path);
        return 1;
    }
    return 0;
}

static int print_public(struct tool *t, const char *path)
{
    char pem[1024];
    int rc = load(t, path);
    if (rc != 0) return rc;
    rc = mbedtls_pk_write_pubkey_pem(&t->key, (unsigned char *)pem, sizeof(pem));
    if (rc != 0) return complain(path, rc);
    fputs(pem, stdout);
    return 0;
}

static int print_header(struct tool *t, const char *path, const char *name)
{
    uint8_t point[65];
    size_t n;
    int rc = load(t, path);
    if (rc != 0) return rc;
    const mbedtls_ecp_keypair *k = mbedtls_pk_ec(t->key);
    rc = mbedtls_ecp_point_write_binary(&k->grp, &k->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point, sizeof(point));
    if (rc != 0) return complain(path, rc);
    printf("/* Made by bh-key header: a public key, X || Y. */\nstatic const unsigned char %s[64] = {", name);
    for (size_t i = 1; i < sizeof(point); i++)
        printf("%s0x%02x,", i % 16 == 1 ? "\n    " : " ", point[i]);
    puts("\n};");
    return 0;
}

static int digest_of(const char *path, uint8_t digest[32])
{
    const mbedtls_md_info_t *sha = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    int rc = mbedtls_md_file(sha, path, digest);
    return rc != 0 ? complain(path, rc) : 0;
}

static int sign(struct tool *t, const char *path, const char *file)
{
    uint8_t digest[32], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    char out[4096];
    size_t n;
    int rc = load(t, path);
    if (rc == 0) rc = digest_of(file, digest);
    if (rc != 0) return rc;
    rc = mbedtls_pk_sign(&t->key, MBEDTLS_MD_SHA256, digest, sizeof(digest), signature, &n, mbedtls_ctr_drbg_random,
                         &t->random);
    if (rc != 0) return complain(path, rc);
    if (snprintf(out, sizeof(out), "%s.sig", file) >= (int)sizeof(out))
        return complain(file, MBEDTLS_ERR_PK_BAD_INPUT_DATA);
    return write_new(out, O_TRUNC, 0644, signature, n);
}

/* What mbedTLS writes of a name and what it reads again differ outside of ASCII: certificates by such a CA would never
 * verify. */
static bool is_plain(const char *name)
{
    for (; *name; name++)
        if (*name < 0x20 || *name > 0x7e) return false;
    return true;
}

/* A CA certificate of the key for itself; for more than 25 years from 2020 on, so that the clock of a
 * test machine does not matter. */
static int make_ca(struct tool *t, const char *path, const char *subject, const char *out)
{
    mbedtls_x509write_cert crt;
    mbedtls_mpi serial;
    char pem[2048];
    if (!is_plain(subject)) {
        fprintf(stderr, "bh-key: \"%s\": a CA's name is plain ASCII\n", subject);
        return 1;
    }
    int rc = load(t, path);
    if (rc != 0) return rc;
    mbedtls_x509write_crt_init(&crt);
    mbedtls_mpi_init(&serial);
    mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&crt, &t->key);
    mbedtls_x509write_crt_set_issuer_key(&crt, &t->key);
    rc = mbedtls_x509write_crt_set_subject_name(&crt, subject);
    if (rc == 0) rc = mbedtls_x509write_crt_set_issuer_name(&crt, subject);
    if (rc == 0) rc = mbedtls_mpi_fill_random(&serial, 15, mbedtls_ctr_drbg_random, &t->random);
    if (rc == 0) rc = mbedtls_x509write_crt_set_serial(&crt, &serial);
    if (rc == 0) rc = mbedtls_x509write_crt_set_validity(&crt, "20200101000000", "20491231235959");
    if (rc == 0) rc = mbedtls_x509write_crt_set_basic_constraints(&crt, 1, 0);
    if (rc == 0)
        rc = mbedtls_x509write_crt_set_key_usage(&crt, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN);
    if (rc == 0) rc = mbedtls_x509write_crt_set_subject_key_identifier(&crt);
    if (rc == 0)
        rc = mbedtls_x509write_crt_pem(&crt, (unsigned char *)pem, sizeof(pem), mbedtls_ctr_drbg_random, &t->random);
    mbedtls_mpi_free(&serial);
    mbedtls_x509write_crt_free(&crt);
    return rc != 0 ? complain(out, rc) : write_new(out, O_TRUNC, 0644, pem, strlen(pem));
}

static int run(struct tool *t, int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "generate") == 0) return generate(t, argv[2]);
    if (argc == 3 && strcmp(argv[1], "public") == 0) return print_public(t, argv[2]);
    if (argc == 4 && strcmp(argv[1], "sign") == 0) return sign(t, argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "header") == 0) return print_header(t, argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "ca") == 0) return make_ca(t, argv[2], argv[3], argv[4]);
    fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct tool t;
    mbedtls_entropy_init(&t.entropy);
    mbedtls_ctr_drbg_init(&t.random);
    mbedtls_pk_init(&t.key);
    int rc = mbedtls_ctr_drbg_seed(&t.random, mbedtls_entropy_func, &t.entropy, NULL, 0);
    rc = rc != 0 ? complain("random numbers", rc) : run(&t, argc, argv);
    mbedtls_pk_free(&t.key);
    mbedtls_ctr_drbg_free(&t.random);
    mbedtls_entropy_free(&t.entropy);
    return rc;
}
