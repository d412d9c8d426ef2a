/* SPDX-License-Identifier: MIT */
/* bhctl policy: the policy in force, and another one in its place. */
#include <errno.h>
#include <inttypes.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "monitor/policy_format.h"

#define POLICY_FILE_MAX (16u << 20) /* what the hypervisor takes */
#define READ_TRIES      3

static const char *reason(long rc)
{
    switch (-rc) {
    case EPERM:
        return "refused by the policy in force";
    case EBUSY:
        return "another policy is being loaded";
    default:
        return strerror((int)-rc);
    }
}

/* --- The policy in force --------------------------------------------------------------------- */

static void digest_of(const uint8_t *data, size_t size, uint8_t digest[32])
{
    mbedtls_sha256_ret(data, size, digest, 0);
}

/* The whole file; to be freed. NULL with a negative errno. It may change between two calls: then it begins again. */
static uint8_t *read_once(struct hvcall *hv, uint32_t *size, long *rc)
{
    uint8_t *file = malloc(POLICY_FILE_MAX);
    uint32_t at = 0;

    *rc = -ENOMEM;
    while (file) {
        struct bh_blob blob = {.offset = at, .size = BH_BLOB_CHUNK, .data = (uintptr_t)hvcall_buffer(hv)};

        *rc = hvcall_op(hv, BH_POLICY_READ, &blob, sizeof(blob));
        if (*rc < 0 || *rc > (long)BH_BLOB_CHUNK || at + (uint32_t)*rc > POLICY_FILE_MAX) break;
        memcpy(file + at, hvcall_buffer(hv), (size_t)*rc);
        at += (uint32_t)*rc;
        if (*rc == 0 || at >= blob.total) {
            *size = at;
            return file;
        }
    }
    free(file);
    return NULL;
}

static int read_policy(struct hvcall *hv, uint8_t **file, uint32_t *size, uint8_t digest[32])
{
    struct bh_platform_info platform = {0};
    long rc = 0;

    for (int i = 0; i < READ_TRIES; i++) {
        *file = read_once(hv, size, &rc);
        if (!*file) return ctl_error("policy: it cannot be read: %s", reason(rc));
        digest_of(*file, *size, digest);
        rc = hvcall_op(hv, BH_PLATFORM_INFO, &platform, sizeof(platform));
        if (rc >= 0 && memcmp(platform.policy_digest, digest, 32) == 0 && *size >= sizeof(struct policy_header))
            return CTL_OK;
        free(*file);
    }
    return ctl_error("policy: it changes while it is read");
}

static int show(struct hvcall *hv, bool json)
{
    struct jsonout j = {.file = stdout};
    struct policy_header h;
    uint8_t *file, digest[32];
    uint32_t size;
    int rc = read_policy(hv, &file, &size, digest);

    if (rc != CTL_OK) return rc;
    memcpy(&h, file, sizeof(h));
    h.name[sizeof(h.name) - 1] = '\0';
    if (h.types > (size - sizeof(h)) / POLICY_TYPE_NAME) h.types = 0;
    if (json) {
        jsonout_open(&j, NULL, '{');
        jsonout_string(&j, "name", (const char *)h.name);
        jsonout_number(&j, "version", h.version);
        jsonout_hex(&j, "digest", digest, sizeof(digest));
        jsonout_number(&j, "size", size);
        jsonout_open(&j, "types", '[');
    } else {
        printf("name           %s\nversion        %u\ndigest         ", (const char *)h.name, h.version);
        for (size_t i = 0; i < sizeof(digest); i++)
            printf("%02x", digest[i]);
        printf("\nsize           %u bytes\ntypes         ", size);
    }
    for (uint32_t i = 0; i < h.types; i++) {
        char type[POLICY_TYPE_NAME + 1] = "";

        memcpy(type, file + sizeof(h) + i * POLICY_TYPE_NAME, POLICY_TYPE_NAME);
        json ? jsonout_string(&j, NULL, type) : (void)printf(" %s", type);
    }
    if (json) {
        jsonout_close(&j, ']');
        jsonout_close(&j, '}');
    }
    putchar('\n');
    free(file);
    return CTL_OK;
}

static int save(struct hvcall *hv, const char *path)
{
    uint8_t *file, digest[32];
    uint32_t size;
    int rc = read_policy(hv, &file, &size, digest);

    if (rc != CTL_OK) return rc;
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(file, 1, size, f) == size;
    if (f && fclose(f) != 0) ok = false;
    free(file);
    return ok ? CTL_OK : ctl_error("policy read: %s: %s", path, strerror(errno));
}

/* --- Another one in its place ---------------------------------------------------------------- */

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = f ? malloc(POLICY_FILE_MAX + 1) : NULL;

    if (!data) {
        ctl_error("policy load: %s: %s", path, strerror(errno));
    } else {
        *size = fread(data, 1, POLICY_FILE_MAX + 1, f);
        if (ferror(f) || *size == 0 || *size > POLICY_FILE_MAX) {
            ctl_error("policy load: %s: %s", path,
                      ferror(f) ? strerror(errno)
                      : *size   ? "more than 16 MiB: no policy is so large"
                                : "empty");
            free(data);
            data = NULL;
        }
    }
    if (f) fclose(f);
    return data;
}

static long stage(struct hvcall *hv, const uint8_t *data, size_t size)
{
    long rc = 0;

    for (size_t at = 0; at < size && rc >= 0; at += BH_LOAD_MAX) {
        struct bh_policy_stage s = {.total = size, .offset = at, .data = (uintptr_t)hvcall_buffer(hv)};

        s.size = size - at < BH_LOAD_MAX ? (uint32_t)(size - at) : BH_LOAD_MAX;
        memcpy(hvcall_buffer(hv), data + at, s.size);
        rc = hvcall_op(hv, BH_POLICY_STAGE, &s, sizeof(s));
    }
    return rc;
}

static void name_of(struct hvcall *hv, uint32_t domid, char *out, size_t size)
{
    struct bh_dom_info d;
    uint32_t next = domid;

    if (ctl_next(hv, &next, &d) > 0 && d.domid == domid)
        snprintf(out, size, "%s (domain %u)", d.name, domid);
    else
        snprintf(out, size, "domain %u", domid);
}

static void show_conflicts(struct hvcall *hv, const struct bh_policy_commit *c, const struct bh_policy_conflict *list)
{
    for (uint32_t i = 0; i < c->count && i < 64; i++) {
        char source[64], target[64];

        name_of(hv, list[i].source, source, sizeof(source));
        name_of(hv, list[i].target, target, sizeof(target));
        if (list[i].kind == BH_CONFLICT_GRANT)
            printf("%s maps the memory that %s granted by reference %u\n", source, target, list[i].object);
        else
            printf("%s is bound by its event channel %u to %s\n", source, list[i].object, target);
    }
    if (c->count > 64) printf("and %u more\n", c->count - 64);
}

static void json_outcome(const struct bh_policy_commit *c, const struct bh_policy_conflict *list, long rc, bool dry)
{
    struct jsonout j = {.file = stdout};

    jsonout_open(&j, NULL, '{');
    jsonout_bool(&j, "loaded", rc == 0 && !dry);
    jsonout_bool(&j, "dry_run", dry);
    jsonout_number(&j, "version_in_force", c->version);
    jsonout_string(&j, "error", c->error);
    jsonout_number(&j, "error_offset", c->error_offset);
    jsonout_number(&j, "conflict_count", c->count);
    jsonout_open(&j, "conflicts", '[');
    for (uint32_t i = 0; i < c->count && i < 64; i++) {
        jsonout_open(&j, NULL, '{');
        jsonout_string(&j, "kind", list[i].kind == BH_CONFLICT_GRANT ? "grant" : "event");
        jsonout_number(&j, "source", list[i].source);
        jsonout_number(&j, "target", list[i].target);
        jsonout_number(&j, list[i].kind == BH_CONFLICT_GRANT ? "reference" : "port", list[i].object);
        jsonout_close(&j, '}');
    }
    jsonout_close(&j, ']');
    jsonout_close(&j, '}');
    putchar('\n');
}

static int load(struct hvcall *hv, const char *path, uint32_t flags, bool json)
{
    struct bh_policy_conflict *list = hvcall_buffer(hv), copy[64] = {{0}};
    struct bh_policy_commit c = {.flags = flags, .count = 64, .list = (uintptr_t)list};
    size_t size;
    uint8_t *data = read_file(path, &size);
    bool dry = flags & BH_POLICY_DRY;

    if (!data) return CTL_ERROR;
    long rc = stage(hv, data, size);
    free(data);
    if (rc < 0) return ctl_error("policy load: %s: %s", path, reason(rc));
    memset(list, 0, sizeof(copy));
    rc = hvcall_op(hv, BH_POLICY_COMMIT, &c, sizeof(c));
    memcpy(copy, list, sizeof(copy));
    c.error[sizeof(c.error) - 1] = '\0';
    if (c.count > 0 && rc < 0 && rc != -EBUSY) c.count = 0; /* it did not come so far */
    if (json)
        json_outcome(&c, copy, rc, dry);
    else
        show_conflicts(hv, &c, copy);
    if (rc < 0 && c.error_offset)
        return ctl_error("policy load: %s: byte %u: %s", path, c.error_offset, c.error[0] ? c.error : reason(rc));
    if (rc < 0)
        return ctl_error("policy load: %s: %s%s", path, c.error[0] ? c.error : reason(rc),
                         rc == -EBUSY && c.count ? "; --revoke takes them down" : "");
    if (!json)
        printf(dry ? "%s could be loaded; version %u stays in force\n" : "%s: version %u is in force\n", path,
               c.version);
    return CTL_OK;
}

int ctl_policy(struct hvcall *hv, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *file = NULL;
    uint32_t flags = 0;
    bool json = false, loads = strcmp(what, "load") == 0;

    for (int i = 2; i < argc; i++) {
        if (loads && strcmp(argv[i], "--revoke") == 0)
            flags |= BH_POLICY_REVOKE;
        else if (loads && strcmp(argv[i], "--dry-run") == 0)
            flags |= BH_POLICY_DRY;
        else if (strcmp(what, "read") != 0 && strcmp(argv[i], "--json") == 0)
            json = true;
        else if (argv[i][0] != '-' && !file)
            file = argv[i];
        else
            return ctl_usage("policy %s: '%s' is not expected", what, argv[i]);
    }
    if (strcmp(what, "show") == 0 && !file) return show(hv, json);
    if (strcmp(what, "read") == 0 && file) return save(hv, file);
    if (loads && file) return load(hv, file, flags, json);
    return ctl_usage("policy: load FILE, show, or read FILE");
}
