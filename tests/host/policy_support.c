/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include "measure/crypto.h"
#include "monitor/permissions.h"
#include "policy_bind.h"
#include "policy_key/policy_key_public.h"

static const uint8_t support_private[32] = {
    0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93,
    0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21,
};

static char directory[64];

static void require(bool ok, const char *what)
{
    if (ok) return;
    perror(what);
    abort();
}

static void remove_directory(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", directory);
}

const char *support_dir(void)
{
    if (!directory[0]) {
        strcpy(directory, "/tmp/policy-test-XXXXXX");
        require(mkdtemp(directory) != NULL, "mkdtemp");
        atexit(remove_directory);
    }
    return directory;
}

const char *support_write(const char *name, const char *text)
{
    char *path;
    require(asprintf(&path, "%s/%s", support_dir(), name) > 0, "asprintf");
    FILE *f = fopen(path, "w");
    require(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
    static char kept[64][128];
    static unsigned int next;
    char *slot = kept[next++ % 64];
    snprintf(slot, sizeof(kept[0]), "%s", path);
    free(path);
    return slot;
}

uint8_t *support_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(*size + 1);
    require(data && fread(data, 1, *size, f) == *size, path);
    fclose(f);
    return data;
}

const char *support_key_file(void)
{
    static const char *path;
    mbedtls_pk_context key;
    char pem[512];

    if (path) return path;
    mbedtls_pk_init(&key);
    require(mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0, "key");
    mbedtls_ecp_keypair *k = mbedtls_pk_ec(key);
    require(mbedtls_ecp_group_load(&k->grp, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
                mbedtls_mpi_read_binary(&k->d, support_private, 32) == 0 &&
                mbedtls_ecp_mul(&k->grp, &k->Q, &k->d, &k->grp.G, NULL, NULL) == 0 &&
                mbedtls_pk_write_key_pem(&key, (unsigned char *)pem, sizeof(pem)) == 0,
            "key");
    mbedtls_pk_free(&key);
    path = support_write("key.pem", pem);
    return path;
}

void support_flat(struct policy_flat *flat, uint32_t types)
{
    memset(flat, 0, sizeof(*flat));
    flat->types = types;
    flat->xen_type = types - 1;
    for (uint32_t i = 0; i < types; i++)
        snprintf(flat->names[i], POLICY_TYPE_NAME, "t%03u", i);
    flat->rows = calloc((size_t)types * types * POLICY_RELATIONS * policy_format_words(BH_PERM_COUNT), 8);
    require(flat->rows, "rows");
}

void support_allow(struct policy_flat *flat, uint32_t s, uint32_t t, unsigned int relation, uint32_t perm)
{
    size_t row = ((size_t)s * flat->types + t) * POLICY_RELATIONS + relation;
    flat->rows[row * policy_format_words(BH_PERM_COUNT) + perm / 64] |= 1ull << (perm % 64);
}

void support_rules(struct policy_flat *flat, const char *text)
{
    struct policy_error e = {""};
    struct policy_rules rules;
    bool ok = policy_rules_parse("test.rules", text, strlen(text), &rules, &e) == 0 &&
              policy_bind("test.rules", &rules, flat, &e) == 0;
    policy_rules_free(&rules);
    require(ok, e.text);
}

uint8_t *support_file(const struct policy_flat *flat, uint32_t version, size_t *size)
{
    struct policy_error e;
    uint8_t *file = policy_file_build(flat, "test", version, size, &e);
    require(file, "policy_file_build");
    require(policy_file_sign(file, *size, support_key_file(), &e) == 0, "policy_file_sign");
    return file;
}

const char *support_secilc(const char *const *files)
{
    static char out[128];
    char command[4096];
    int n = snprintf(out, sizeof(out), "%s/policy.bin", support_dir());
    unlink(out);
    n = snprintf(command, sizeof(command), "secilc -t xen -c 30 -f /dev/null -o %s", out);
    for (; *files; files++)
        n += snprintf(command + n, sizeof(command) - (size_t)n, " %s", *files);
    snprintf(command + n, sizeof(command) - (size_t)n, " 2>%s/secilc.err >&2", support_dir());
    int status = system(command);
    require(status != -1 && WIFEXITED(status) && WEXITSTATUS(status) != 127, "secilc");
    return WEXITSTATUS(status) == 0 ? out : NULL;
}

char *support_declarations(void)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    require(f, "open_memstream");
    policy_file_declarations(f);
    fclose(f);
    return text;
}

/* ---- measure/crypto.h over the host's mbedTLS -------------------------------------------------- */
_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct sha256_state), "room for the state");

void sha256_start(struct sha256_state *s)
{
    mbedtls_sha256_init((void *)s);
    mbedtls_sha256_starts_ret((void *)s, 0);
}

void sha256_update(struct sha256_state *s, const void *data, size_t len)
{
    mbedtls_sha256_update_ret((void *)s, data, len);
}

void sha256_finish(struct sha256_state *s, uint8_t out[32])
{
    mbedtls_sha256_finish_ret((void *)s, out);
}

void sha256(const void *data, size_t len, uint8_t out[32])
{
    mbedtls_sha256_ret(data, len, out, 0);
}

int ecdsa_p256_verify(const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64])
{
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    mbedtls_mpi r, s;
    uint8_t point[65] = {4};

    memcpy(point + 1, pub, 64);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    bool ok = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
              mbedtls_ecp_point_read_binary(&group, &q, point, sizeof(point)) == 0 &&
              mbedtls_mpi_read_binary(&r, sig, 32) == 0 && mbedtls_mpi_read_binary(&s, sig + 32, 32) == 0 &&
              mbedtls_ecdsa_verify(&group, hash, 32, &q, &r, &s) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&group);
    return ok ? 0 : -22;
}
