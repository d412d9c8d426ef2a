/* SPDX-License-Identifier: MIT */
#include "verify_explain.h"
#include "bulkhead.h"
#include "../verify/findings.h"
#include "../verify/p256.h"

#include <stdio.h>
#include <stdlib.h>

static void print_text(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        putchar(text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : '?');
}

static void print_components(const struct refvalues_measurement *item)
{
    struct bytes rest = item->components, text;
    const uint8_t *digest;
    char hex[65];

    while (rest.size != 0 && refvalues_component(&rest, &digest, &text)) {
        findings_hex(digest, 32, hex);
        printf("    extend %s  ", hex);
        print_text(text);
        putchar('\n');
    }
}

static int add(struct verify_explain_files *files, struct bytes content, bool string, const char *path)
{
    struct verify_explain_name *larger, *each;
    int rc;

    if (files->count == files->capacity) {
        larger = realloc(files->name, (files->capacity * 2 + 64) * sizeof(*larger));
        if (larger == NULL) return -1;
        files->name = larger;
        files->capacity = files->capacity * 2 + 64;
    }
    each = &files->name[files->count];
    p256_sha256(content.data, content.size, each->digest);
    if (string)
        rc = asprintf(&each->text, "\"%.*s\" in %s", (int)content.size, (const char *)content.data, path);
    else
        rc = asprintf(&each->text, "file %s", path);
    if (rc < 0) return -1;
    files->count++;
    return 0;
}

int verify_explain_add(struct verify_explain_files *files, const char *path, struct bytes content)
{
    const uint8_t *at = content.data, *end = content.data + content.size, *close;
    int rc = add(files, content, false, path);

    while (rc == 0 && content.size < 65536 && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (close == NULL) break;
        if (close != at + 1) rc = add(files, (struct bytes){at + 1, (size_t)(close - at - 1)}, true, path);
        at = close + 1;
    }
    return rc;
}

void verify_explain_free(struct verify_explain_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->name[i].text);
    free(files->name);
}

/* Prints the file of the command line that has the digest, or the line in one. */
static bool is_named(const struct verify_explain_files *files, const uint8_t digest[32])
{
    for (size_t i = 0; i < files->count; i++) {
        if (memcmp(files->name[i].digest, digest, 32) != 0) continue;
        fputs("  ", stdout);
        print_text((struct bytes){(const uint8_t *)files->name[i].text, strlen(files->name[i].text)});
        return true;
    }
    return false;
}

/* What else in the set is that digest of: a file that GRUB loads, a command line. */
static void print_origin(const struct refvalues *refs, const uint8_t wanted[32])
{
    static const uint8_t nothing[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    struct bytes rest, text;
    const uint8_t *digest;

    if (memcmp(wanted, nothing, 32) == 0) {
        fputs("  (empty)", stdout);
        return;
    }
    for (size_t i = 0; i < refs->count; i++) {
        for (rest = refs->item[i].components; rest.size != 0 && refvalues_component(&rest, &digest, &text);) {
            if (memcmp(digest, wanted, 32) == 0) {
                fputs("  ", stdout);
                print_text(text);
                return;
            }
        }
    }
}

static void print_launch(const struct refvalues *refs, const struct verify_explain_files *files,
                         const struct bh_launch *launch)
{
    static const char *const names[] = {"kernel", "ramdisk", "cmdline"};
    const uint8_t *const digests[] = {launch->kernel, launch->ramdisk, launch->cmdline};
    char hex[65];

    for (int i = 0; i < 3; i++) {
        findings_hex(digests[i], 32, hex);
        printf("    %-8s %s", names[i], hex);
        if (!is_named(files, digests[i])) print_origin(refs, digests[i]);
        putchar('\n');
    }
    printf("    memory   %llu KiB, %u vCPUs, flags %u\n", (unsigned long long)launch->memory_kib, launch->vcpus,
           launch->flags);
}

static void print_raw(const struct refvalues *refs, const struct verify_explain_files *files,
                      const struct refvalues_measurement *item)
{
    struct bh_launch launch;
    uint32_t version;

    if (item->raw.data == NULL) return;
    if (bytes_has_prefix(item->name, "launch/") && item->raw.size == sizeof(launch)) {
        memcpy(&launch, item->raw.data, sizeof(launch));
        print_launch(refs, files, &launch);
    } else if (bytes_is_text(item->name, "policy") && item->raw.size == 4) {
        memcpy(&version, item->raw.data, 4);
        printf("    version  %u\n    from   ", version);
        if (!is_named(files, item->digest)) print_origin(refs, item->digest);
        putchar('\n');
    } else {
        printf("    text     ");
        print_text(item->raw);
        putchar('\n');
    }
}

void verify_explain_refs(const struct refvalues *refs, const struct verify_explain_files *files)
{
    char hex[65];

    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *item = &refs->item[i];

        print_text(item->model);
        putchar(' ');
        print_text(item->name);
        findings_hex(item->digest, 32, hex);
        printf("\n  %s\n", hex);
        print_components(item);
        print_raw(refs, files, item);
    }
}
