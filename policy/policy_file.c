/* SPDX-License-Identifier: MIT */
#include "policy_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include "monitor/permissions.h"
#include "monitor/policy_table.h"

static int fail(struct policy_error *e, const char *what)
{
    snprintf(e->text, sizeof(e->text), "%s", what);
    return -EINVAL;
}

/* Gives each pair of types the number of its answer; in the order of first use, as the format wants. The number of
 * answers, or 0: too many, or no memory. `first` gets the pair that first has each answer. */
static uint32_t number_answers(const struct policy_flat *flat, uint16_t *pairs, uint32_t *first)
{
    size_t words = POLICY_RELATIONS * policy_format_words(BH_PERM_COUNT), buckets = 1u << 17;
    uint32_t *bucket = calloc(buckets, sizeof(*bucket)), count = 0; /* number of an answer + 1 */

    for (uint32_t p = 0; bucket && p < flat->types * flat->types; p++) {
        const uint64_t *answer = flat->rows + p * words;
        uint64_t hash = 0;
        for (size_t w = 0; w < words; w++)
            hash = (hash ^ answer[w]) * 0x9e3779b97f4a7c15ull;
        size_t at = hash >> 47;
        while (bucket[at] && memcmp(flat->rows + first[bucket[at] - 1] * words, answer, words * 8) != 0)
            at = (at + 1) % buckets;
        if (!bucket[at]) {
            if (count == POLICY_ANSWERS_MAX) {
                count = 0;
                break;
            }
            first[count] = p;
            bucket[at] = ++count;
        }
        pairs[p] = (uint16_t)(bucket[at] - 1);
    }
    free(bucket);
    return count;
}

static void write_content(const struct policy_flat *flat, const struct policy_header *h, const uint16_t *pairs,
                          const uint32_t *first, uint8_t *file)
{
    size_t size = POLICY_RELATIONS * 8 * policy_format_words(BH_PERM_COUNT);

    memcpy(file, h, sizeof(*h));
    memcpy(file + sizeof(*h), flat->names, (size_t)flat->types * POLICY_TYPE_NAME);
    for (size_t i = 0; i < BH_PERM_COUNT; i++) {
        struct policy_permission p = {0};
        memcpy(p.class_name, bh_permissions[i].class_name, strlen(bh_permissions[i].class_name));
        memcpy(p.name, bh_permissions[i].name, strlen(bh_permissions[i].name));
        memcpy(file + policy_format_perms_offset(flat->types) + i * sizeof(p), &p, sizeof(p));
    }
    memcpy(file + policy_format_pairs_offset(flat->types, BH_PERM_COUNT), pairs, 2ul * flat->types * flat->types);
    uint8_t *answers = file + policy_format_answers_offset(flat->types, BH_PERM_COUNT);
    for (uint32_t i = 0; i < h->answers; i++)
        memcpy(answers + i * size, (const uint8_t *)flat->rows + first[i] * size, size);
    for (unsigned int s = 0; s < POLICY_SECTIONS; s++)
        if (flat->section[s].count)
            memcpy(file + policy_format_section_offset(h, s), flat->section[s].entries,
                   (size_t)flat->section[s].count * policy_entry_size[s]);
}

static uint8_t *build(const struct policy_flat *flat, struct policy_header *h, struct policy_error *e)
{
    uint16_t *pairs = calloc((size_t)flat->types * flat->types, sizeof(*pairs));
    uint32_t *first = calloc(POLICY_ANSWERS_MAX, sizeof(*first));
    uint8_t *file = NULL;

    if (pairs && first) h->answers = number_answers(flat, pairs, first);
    if (h->answers) {
        h->size = policy_format_section_offset(h, POLICY_SECTIONS) + POLICY_SIGNATURE;
        file = calloc(1, h->size);
    }
    if (file)
        write_content(flat, h, pairs, first, file);
    else
        fail(e, "no memory, or the pairs of types have more than 65535 different answers");
    free(first);
    free(pairs);
    return file;
}

uint8_t *policy_file_build(const struct policy_flat *flat, const char *name, uint32_t version, size_t *size,
                           struct policy_error *e)
{
    struct policy_header h = {
        .magic = POLICY_MAGIC,
        .format = POLICY_FORMAT,
        .version = version,
        .types = flat->types,
        .permissions = BH_PERM_COUNT,
        .words = policy_format_words(BH_PERM_COUNT),
        .boot_type = flat->boot_type,
        .xen_type = flat->xen_type,
        .records = flat->records,
    };
    if (strlen(name) >= sizeof(h.name)) {
        fail(e, "the policy's name has at most 31 characters");
        return NULL;
    }
    memcpy(h.name, name, strlen(name));
    for (int k = 0; k < POLICY_HARDWARE; k++) {
        h.hardware[k].type = flat->hardware[k].type;
        h.hardware[k].compartment = flat->hardware[k].compartment;
    }
    for (int s = 0; s < POLICY_SECTIONS; s++)
        h.count[s] = flat->section[s].count;
    uint8_t *file = build(flat, &h, e);
    struct policy_table check;
    if (file && policy_table_open(&check, file, h.size) != 0) {
        snprintf(e->text, sizeof(e->text), "the hypervisor would refuse it: %s (offset %u)", check.error,
                 check.error_offset);
        free(file);
        return NULL;
    }
    *size = h.size;
    return file;
}

static int sign_hash(const mbedtls_pk_context *key, const uint8_t hash[32], uint8_t out[64])
{
    const mbedtls_ecp_keypair *k = mbedtls_pk_ec(*key);
    mbedtls_ecp_group group;
    mbedtls_mpi r, s, d;

    mbedtls_ecp_group_init(&group);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    mbedtls_mpi_init(&d);
    int rc = mbedtls_ecp_group_copy(&group, &k->grp);
    if (rc == 0) rc = mbedtls_mpi_copy(&d, &k->d);
    if (rc == 0) rc = mbedtls_ecdsa_sign_det_ext(&group, &r, &s, &d, hash, 32, MBEDTLS_MD_SHA256, NULL, NULL);
    if (rc == 0) rc = mbedtls_mpi_write_binary(&r, out, 32);
    if (rc == 0) rc = mbedtls_mpi_write_binary(&s, out + 32, 32);
    mbedtls_mpi_free(&d);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_group_free(&group);
    return rc;
}

/* A P-256 key from a PEM file. *key is initialised, and to be freed whatever comes back. */
static int load_key(mbedtls_pk_context *key, const char *path, bool private_wanted, struct policy_error *e)
{
    mbedtls_pk_init(key);
    int rc = mbedtls_pk_parse_keyfile(key, path, NULL);
    if (rc != 0 && !private_wanted) rc = mbedtls_pk_parse_public_keyfile(key, path);
    if (rc != 0) {
        char why[128];
        mbedtls_strerror(rc, why, sizeof(why));
        snprintf(e->text, sizeof(e->text), "%s: %s", path, why);
        return -EINVAL;
    }
    if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECKEY) || mbedtls_pk_ec(*key)->grp.id != MBEDTLS_ECP_DP_SECP256R1) {
        snprintf(e->text, sizeof(e->text), "%s: not a P-256 key", path);
        return -EINVAL;
    }
    return 0;
}

int policy_file_sign(uint8_t *file, size_t size, const char *key_path, struct policy_error *e)
{
    mbedtls_pk_context key;
    uint8_t hash[32];

    int rc = load_key(&key, key_path, true, e);
    if (rc == 0 && (mbedtls_sha256_ret(file, size - POLICY_SIGNATURE, hash, 0) != 0 ||
                    sign_hash(&key, hash, file + size - POLICY_SIGNATURE) != 0))
        rc = fail(e, "signing failed");
    mbedtls_pk_free(&key);
    return rc;
}

static int check_hash(const mbedtls_pk_context *key, const uint8_t hash[32], const uint8_t sig[64])
{
    mbedtls_ecp_keypair *k = mbedtls_pk_ec(*key);
    mbedtls_mpi r, s;

    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int rc = mbedtls_mpi_read_binary(&r, sig, 32);
    if (rc == 0) rc = mbedtls_mpi_read_binary(&s, sig + 32, 32);
    if (rc == 0) rc = mbedtls_ecdsa_verify(&k->grp, hash, 32, &k->Q, &r, &s);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    return rc;
}

int policy_file_check(const uint8_t *file, size_t size, const char *key_path, struct policy_error *e)
{
    mbedtls_pk_context key;
    uint8_t hash[32];

    if (size < POLICY_SIGNATURE) return fail(e, "too short for a signature");
    int rc = load_key(&key, key_path, false, e);
    if (rc == 0 && (mbedtls_sha256_ret(file, size - POLICY_SIGNATURE, hash, 0) != 0 ||
                    check_hash(&key, hash, file + size - POLICY_SIGNATURE) != 0)) {
        snprintf(e->text, sizeof(e->text), "not signed by %s", key_path);
        rc = -EINVAL;
    }
    mbedtls_pk_free(&key);
    return rc;
}
