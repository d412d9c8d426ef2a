/* SPDX-License-Identifier: MIT */
/* bh-policyc: from a binary SELinux policy to the hypervisor's signed table. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy_bind.h"
#include "policy_file.h"

static const char usage[] =
    "usage: bh-policyc --key KEY.pem --name NAME --version N [--rules FILE] -o OUT.bhp POLICY.bin\n"
    "       bh-policyc --dump FILE.bhp     what is in a table; after --key, checks the signature first\n"
    "       bh-policyc --declarations      classes and categories, in CIL\n"
    "       bh-policyc --coverage          each operation with what is asked before it\n"
    "POLICY.bin: secilc -t xen -c 30 -o POLICY.bin DECLARATIONS.cil base.cil ...\n";

static int __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("bh-policyc: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return 1;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    struct stat st;
    long n;
    if (f && fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
        errno = EISDIR;
    else if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc((size_t)n + 1);
        if (data && fread(data, 1, (size_t)n, f) != (size_t)n) {
            free(data);
            data = NULL;
        }
        *size = (size_t)n;
    }
    if (!data) complain("%s: %s", path, strerror(errno ? errno : EIO));
    if (f) fclose(f);
    return data;
}

/* Whole or not at all: a reader never sees half a table. */
static int write_file(const char *path, const uint8_t *data, size_t size)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return complain("%s: name too long", path);
    FILE *f = fopen(temporary, "wb");
    bool ok = f && fwrite(data, 1, size, f) == size;
    if (f && fclose(f) != 0) ok = false;
    if (ok && rename(temporary, path) == 0) return 0;
    complain("%s: %s", path, strerror(errno));
    unlink(temporary);
    return 1;
}

struct options {
    const char *key, *name, *out, *in, *rules;
    uint32_t version;
};

static int bind_rules(const char *path, struct policy_flat *flat)
{
    struct policy_error e = {""};
    struct policy_rules rules;
    size_t size;
    char *text = (char *)read_file(path, &size);
    if (!text) return 1;
    int rc = policy_rules_parse(path, text, size, &rules, &e);
    if (rc == 0) rc = policy_bind(path, &rules, flat, &e);
    policy_rules_free(&rules);
    free(text);
    return rc != 0 ? complain("%s", e.text) : 0;
}

static int compile(const struct options *o)
{
    static struct policy_flat flat;
    struct policy_error e = {""};
    size_t size, image_size;
    uint8_t *image = read_file(o->in, &image_size);
    if (!image) return 1;
    int rc = policy_flatten(image, image_size, &flat, &e);
    free(image);
    if (rc != 0) return complain("%s: %s", o->in, e.text);
    if (o->rules && bind_rules(o->rules, &flat) != 0) {
        policy_flat_free(&flat);
        return 1;
    }
    uint8_t *file = policy_file_build(&flat, o->name, o->version, &size, &e);
    policy_flat_free(&flat);
    if (!file) return complain("%s: %s", o->in, e.text);
    rc = policy_file_sign(file, size, o->key, &e) != 0 ? complain("%s", e.text) : write_file(o->out, file, size);
    free(file);
    return rc;
}

static int dump(const char *path, const char *key)
{
    struct policy_error e = {""};
    size_t size;
    uint8_t *file = read_file(path, &size);
    if (!file) return 1;
    int rc = 0;
    if ((key && policy_file_check(file, size, key, &e) != 0) || policy_file_dump(file, size, stdout, &e) != 0)
        rc = complain("%s: %s", path, e.text);
    free(file);
    return rc;
}

static int parse_version(const char *text, uint32_t *version)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || *end || end == text || n == 0 || n > UINT32_MAX)
        return complain("--version %s: a number from 1 to 4294967295 is wanted", text);
    *version = (uint32_t)n;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"key", required_argument, NULL, 'k'},
        {"name", required_argument, NULL, 'n'},
        {"version", required_argument, NULL, 'v'},
        {"dump", required_argument, NULL, 'd'},
        {"rules", required_argument, NULL, 'r'},
        {"declarations", no_argument, NULL, 'c'},
        {"coverage", no_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options o = {0};
    int c;
    while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'k':
            o.key = optarg;
            break;
        case 'n':
            o.name = optarg;
            break;
        case 'o':
            o.out = optarg;
            break;
        case 'r':
            o.rules = optarg;
            break;
        case 'v':
            if (parse_version(optarg, &o.version) != 0) return 1;
            break;
        case 'd':
            return dump(optarg, o.key);
        case 'c':
            policy_file_declarations(stdout);
            return 0;
        case 'g':
            policy_file_coverage(stdout);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (!o.key || !o.name || !o.out || !o.version || optind + 1 != argc) {
        fputs(usage, stderr);
        return 2;
    }
    o.in = argv[optind];
    return compile(&o);
}
