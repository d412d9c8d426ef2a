/* SPDX-License-Identifier: MIT */
/*
 * walk_bundle KEY.pem POLICY.bin RULES IMAGE OUT.img OUT.bhp: the policies of the guest test walk. They have the types
 * of POLICY.bin and the rules of RULES, but allow everything between all of them; OUT.bhp is the one to boot with
 * (version 1). OUT.img: IMAGE, then for each permission a policy that denies it to everybody, and again one that denies
 * nothing, with rising versions. Its layout is struct bundle of the test's main.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/permissions.h"
#include "policy_bind.h"
#include "policy_file.h"

#define ENTRIES (2 * BH_PERM_COUNT + 1)

static struct policy_flat flat;
static struct policy_error error = {""};
static const char *key;

static struct {
    uint32_t perm, offset, size, reserved;
    uint8_t *data;
} entry[ENTRIES];
static uint32_t entries;

static void die(const char *what)
{
    fprintf(stderr, "walk_bundle: %s: %s\n", what, error.text);
    exit(1);
}

static uint8_t *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) die(path);
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = calloc(1, *size + 1);
    if (!data || fread(data, 1, *size, f) != *size) die(path);
    fclose(f);
    return data;
}

static void open_policy(const char *bin, const char *rules_path)
{
    struct policy_rules rules;
    size_t size;
    uint8_t *image = read_all(bin, &size);
    if (policy_flatten(image, size, &flat, &error) != 0) die(bin);
    free(image);
    char *text = (char *)read_all(rules_path, &size);
    if (policy_rules_parse(rules_path, text, size, &rules, &error) != 0 ||
        policy_bind(rules_path, &rules, &flat, &error) != 0)
        die(rules_path);
    policy_rules_free(&rules);
    free(text);
}

/* Everything is allowed but `denied`. */
static uint8_t *policy(uint32_t denied, uint32_t version, size_t *size)
{
    uint32_t words = policy_format_words(BH_PERM_COUNT);
    size_t rows = (size_t)flat.types * flat.types * POLICY_RELATIONS;
    memset(flat.rows, 0, rows * words * sizeof(*flat.rows));
    for (size_t r = 0; r < rows; r++)
        for (uint32_t p = 0; p < BH_PERM_COUNT; p++)
            if (p != denied) flat.rows[r * words + p / 64] |= 1ull << (p % 64);
    uint8_t *file = policy_file_build(&flat, "walk", version, size, &error);
    if (!file || policy_file_sign(file, *size, key, &error) != 0) die("policy");
    return file;
}

static void add(uint32_t perm, uint8_t *data, size_t size)
{
    entry[entries].perm = perm;
    entry[entries].size = (uint32_t)size;
    entry[entries++].data = data;
}

static void write_bundle(const char *path)
{
    static const char zeros[8];
    uint32_t head[4] = {0, 0, entries, 0}, offset = sizeof(head) + entries * 16;
    FILE *f = fopen(path, "wb");
    if (!f) die(path);
    memcpy(head, "BHWALK1", 8);
    fwrite(head, sizeof(head), 1, f);
    for (uint32_t i = 0; i < entries; i++) {
        entry[i].offset = offset;
        fwrite(&entry[i], 16, 1, f);
        offset += (entry[i].size + 7) & ~7u;
    }
    for (uint32_t i = 0; i < entries; i++) {
        fwrite(entry[i].data, 1, entry[i].size, f);
        fwrite(zeros, 1, -entry[i].size & 7, f);
    }
    if (ferror(f) | fclose(f)) die(path);
}

int main(int argc, char **argv)
{
    size_t size;
    uint32_t version = 1;

    if (argc != 7) {
        fputs("usage: walk_bundle KEY.pem POLICY.bin RULES IMAGE OUT.img OUT.bhp\n", stderr);
        return 2;
    }
    key = argv[1];
    open_policy(argv[2], argv[3]);
    uint8_t *image = read_all(argv[4], &size);
    add(BH_PERM_COUNT + 1, image, size);
    uint8_t *boot = policy(BH_PERM_COUNT, version++, &size);
    FILE *f = fopen(argv[6], "wb");
    if (!f || fwrite(boot, 1, size, f) != size || fclose(f) != 0) die(argv[6]);
    free(boot);
    /* The one without which no other can be loaded comes last. */
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (p == PERM_policy_load) continue;
        uint8_t *file = policy(p, version++, &size);
        add(p, file, size);
        file = policy(BH_PERM_COUNT, version++, &size);
        add(BH_PERM_COUNT, file, size);
    }
    uint8_t *file = policy(PERM_policy_load, version++, &size);
    add(PERM_policy_load, file, size);
    write_bundle(argv[5]);
    for (uint32_t i = 0; i < entries; i++)
        free(entry[i].data);
    policy_flat_free(&flat);
    return 0;
}
