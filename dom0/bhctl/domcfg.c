/* SPDX-License-Identifier: MIT */
#include "domcfg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX_MIB (1024u * 1024u)

/* What the keys said, before they are put together. */
struct parts {
    const char *cmdline, *root, *extra;
    bool memory, seclabel;
};

struct reader {
    const struct xlcfg *xl;
    struct domcfg *out;
    struct parts parts;
    struct xlcfg_error *err;
};

struct key {
    const char *name;
    int (*read)(struct reader *, const struct xlcfg_entry *);
};

__attribute__((format(printf, 3, 4))) static int fail(struct reader *r, int line, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(r->err->text, sizeof(r->err->text), format, ap);
    va_end(ap);
    r->err->line = line;
    return -EINVAL;
}

static const char *text_of(const struct reader *r, const struct xlcfg_entry *e)
{
    return r->xl->values[e->first].text;
}

static int read_number(struct reader *r, const struct xlcfg_entry *e, uint32_t min, uint32_t max, uint32_t *out)
{
    const char *text = text_of(r, e);
    unsigned long value;
    char *end;

    errno = 0;
    value = strtoul(text, &end, 0);
    if (errno || end == text || *end || text[0] == '-' || text[0] == '+' || text[0] == ' ' || value < min ||
        value > max)
        return fail(r, e->line, "%s: '%.40s' is not allowed: a number from %u to %u", e->key, text, min, max);
    *out = (uint32_t)value;
    return 0;
}

static int read_string(struct reader *r, const struct xlcfg_entry *e, size_t max, const char **out)
{
    const char *text = text_of(r, e);

    if (!r->xl->values[e->first].quoted)
        return fail(r, e->line, "%s: a string in quotes is wanted, not the number %.40s", e->key, text);
    if (text[0] == '\0' || strlen(text) >= max)
        return fail(r, e->line, "%s: %zu characters are not allowed: 1 to %zu", e->key, strlen(text), max - 1);
    *out = text;
    return 0;
}

static int read_path(struct reader *r, const struct xlcfg_entry *e, char out[DOMCFG_PATH_MAX])
{
    const char *text = "";
    int rc = read_string(r, e, DOMCFG_PATH_MAX, &text);

    if (rc == 0) strcpy(out, text);
    return rc;
}

bool domcfg_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    return n > 0 && n < BH_NAME_MAX && name[n] == '\0';
}

static int read_name(struct reader *r, const struct xlcfg_entry *e)
{
    const char *text = "";
    int rc = read_string(r, e, BH_NAME_MAX, &text);

    if (rc < 0) return rc;
    if (!domcfg_name_valid(text)) return fail(r, e->line, "name: only letters, digits and _ . - are allowed");
    strcpy(r->out->name, text);
    return 0;
}

static int read_kernel(struct reader *r, const struct xlcfg_entry *e)
{
    return read_path(r, e, r->out->kernel);
}

static int read_ramdisk(struct reader *r, const struct xlcfg_entry *e)
{
    return read_path(r, e, r->out->ramdisk);
}

static int read_signature(struct reader *r, const struct xlcfg_entry *e)
{
    return read_path(r, e, r->out->signature);
}

static int read_cmdline(struct reader *r, const struct xlcfg_entry *e)
{
    return read_string(r, e, DOMCFG_CMDLINE_MAX, &r->parts.cmdline);
}

static int read_root(struct reader *r, const struct xlcfg_entry *e)
{
    return read_string(r, e, DOMCFG_CMDLINE_MAX, &r->parts.root);
}

static int read_extra(struct reader *r, const struct xlcfg_entry *e)
{
    return read_string(r, e, DOMCFG_CMDLINE_MAX, &r->parts.extra);
}

/* The hypervisor gives memory out in chunks of 2 MiB. */
static int read_memory(struct reader *r, const struct xlcfg_entry *e)
{
    uint32_t mib;
    int rc = read_number(r, e, 4, MEMORY_MAX_MIB, &mib);

    if (rc < 0) return rc;
    if (mib % 2) return fail(r, e->line, "memory: %u is not allowed: an even number of MiB", mib);
    r->out->memory_kib = (uint64_t)mib * 1024;
    r->parts.memory = true;
    return 0;
}

static int read_vcpus(struct reader *r, const struct xlcfg_entry *e)
{
    return read_number(r, e, 1, BH_VCPUS_MAX, &r->out->vcpus);
}

static int read_seclabel(struct reader *r, const struct xlcfg_entry *e)
{
    const char *text = "";
    int rc = read_string(r, e, XLCFG_FILE_MAX, &text);

    if (rc < 0) return rc;
    if (seclabel_parse(text, &r->out->label) < 0)
        return fail(r, e->line, "seclabel: '%.80s' is not allowed: " SECLABEL_ALLOWED, text);
    r->parts.seclabel = true;
    return 0;
}

static int read_uuid(struct reader *r, const struct xlcfg_entry *e)
{
    const char *text = "";
    size_t digits = 0;
    int rc = read_string(r, e, 64, &text);

    if (rc < 0) return rc;
    for (const char *p = text; *p; p++) {
        static const char hex[] = "0123456789abcdef";
        const char *at = strchr(hex, *p | ((*p >= 'A' && *p <= 'F') ? 0x20 : 0));

        if (*p == '-' && (p - text == 8 || p - text == 13 || p - text == 18 || p - text == 23)) continue;
        if (!at || digits == 32) {
            digits = 0;
            break;
        }
        r->out->uuid[digits / 2] = (uint8_t)(r->out->uuid[digits / 2] << 4 | (at - hex));
        digits++;
    }
    if (digits != 32)
        return fail(r, e->line, "uuid: '%.40s' is not allowed: 32 hexadecimal digits as 8-4-4-4-12", text);
    r->out->has_uuid = true;
    return 0;
}

static int read_weight(struct reader *r, const struct xlcfg_entry *e)
{
    return read_number(r, e, 1, 65535, &r->out->weight);
}

static int read_cap(struct reader *r, const struct xlcfg_entry *e)
{
    return read_number(r, e, 0, 100 * BH_VCPUS_MAX, &r->out->cap);
}

static int read_type(struct reader *r, const struct xlcfg_entry *e)
{
    const char *text = "";
    int rc = read_string(r, e, 16, &text);

    if (rc == 0 && strcmp(text, "pv") != 0) return fail(r, e->line, "type: '%s' is not allowed: only \"pv\"", text);
    return rc;
}

static const struct key keys[] = {
    {"name", read_name},         {"kernel", read_kernel},       {"ramdisk", read_ramdisk}, {"cmdline", read_cmdline},
    {"root", read_root},         {"extra", read_extra},         {"memory", read_memory},   {"vcpus", read_vcpus},
    {"seclabel", read_seclabel}, {"uuid", read_uuid},           {"cap", read_cap},         {"cpu_weight", read_weight},
    {"type", read_type},         {"signature", read_signature},
};

static int read_entry(struct reader *r, const struct xlcfg_entry *e)
{
    char known[160] = "";

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i].name, e->key) == 0)
            return e->list ? fail(r, e->line, "%s: one value is wanted, not a list", e->key) : keys[i].read(r, e);
        strcat(known, " ");
        strcat(known, keys[i].name);
    }
    return fail(r, e->line, "%s: unknown key; there are:%s", e->key, known);
}

static int join_cmdline(struct reader *r)
{
    const struct parts *p = &r->parts;
    int n;

    if (p->cmdline && (p->root || p->extra))
        return fail(r, 0, "cmdline: give either the whole line or its parts root and extra, not both");
    if (p->cmdline)
        n = snprintf(r->out->cmdline, sizeof(r->out->cmdline), "%s", p->cmdline);
    else
        n = snprintf(r->out->cmdline, sizeof(r->out->cmdline), "%s%s%s%s", p->root ? "root=" : "",
                     p->root ? p->root : "", p->root && p->extra ? " " : "", p->extra ? p->extra : "");
    if ((size_t)n >= sizeof(r->out->cmdline))
        return fail(r, 0, "cmdline: %d characters are not allowed: at most %u", n, DOMCFG_CMDLINE_MAX - 1);
    return 0;
}

int domcfg_read(const struct xlcfg *xl, struct domcfg *out, struct xlcfg_error *err)
{
    struct reader r = {.xl = xl, .out = out, .err = err};
    const char *missing;
    int rc;

    memset(out, 0, sizeof(*out));
    out->vcpus = 1;
    for (size_t i = 0; i < xl->count; i++) {
        rc = read_entry(&r, &xl->entries[i]);
        if (rc < 0) return rc;
    }
    missing = !out->name[0]     ? "name"
              : !out->kernel[0] ? "kernel"
              : !r.parts.memory ? "memory"
                                : (!r.parts.seclabel ? "seclabel" : NULL);
    if (missing) return fail(&r, 0, "%s: missing, and there is no default", missing);
    return join_cmdline(&r);
}
