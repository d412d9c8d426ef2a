/* SPDX-License-Identifier: MIT */
#include "launchjson.h"
#include "../verify/p256.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The value behind "key":, or NULL. */
static const char *find(const char *text, const char *key)
{
    char quoted[40];
    const char *at;

    snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    at = strstr(text, quoted);
    if (at == NULL) return NULL;
    at += strlen(quoted);
    at += strspn(at, " \n\t");
    if (*at != ':') return NULL;
    return at + 1 + strspn(at + 1, " \n\t");
}

static int read_digest(const char *text, const char *key, uint8_t out[32])
{
    const char *at = find(text, key);

    if (at == NULL || *at++ != '"') return -EINVAL;
    for (int i = 0; i < 32; i++, at += 2) {
        unsigned int byte;

        if (strspn(at, "0123456789abcdef") < 2 || sscanf(at, "%2x", &byte) != 1) return -EINVAL;
        out[i] = (uint8_t)byte;
    }
    return *at == '"' ? 0 : -EINVAL;
}

static int read_number(const char *text, const char *key, uint64_t most, uint64_t *out)
{
    const char *at = find(text, key);

    if (at == NULL || *at < '0' || *at > '9') return -EINVAL;
    *out = strtoull(at, NULL, 10);
    return *out <= most ? 0 : -EINVAL;
}

static int read_name(const char *text, char name[BH_NAME_MAX])
{
    const char *at = find(text, "name");
    size_t length;

    if (at == NULL || *at++ != '"') return -EINVAL;
    length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    if (length == 0 || length >= BH_NAME_MAX || at[length] != '"') return -EINVAL;
    memcpy(name, at, length);
    name[length] = '\0';
    return 0;
}

int launchjson_parse(const char *text, char name[BH_NAME_MAX], struct bh_launch *launch, uint8_t digest[32])
{
    uint8_t computed[32];
    uint64_t vcpus, flags;

    *launch = (struct bh_launch){0};
    memcpy(launch->magic, "BHLNCH1", 8);
    if (read_name(text, name) != 0 || read_digest(text, "kernel", launch->kernel) != 0 ||
        read_digest(text, "ramdisk", launch->ramdisk) != 0 || read_digest(text, "cmdline", launch->cmdline) != 0 ||
        read_number(text, "memory_kib", UINT64_MAX, &launch->memory_kib) != 0 ||
        read_number(text, "vcpus", UINT32_MAX, &vcpus) != 0 || read_number(text, "flags", UINT32_MAX, &flags) != 0 ||
        read_digest(text, "launch_digest", digest) != 0)
        return -EINVAL;
    launch->vcpus = (uint32_t)vcpus;
    launch->flags = (uint32_t)flags;
    p256_sha256(launch, sizeof(*launch), computed);
    return memcmp(computed, digest, 32) == 0 ? 0 : -EINVAL;
}
