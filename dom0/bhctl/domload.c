/* SPDX-License-Identifier: MIT */
#include "domload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mbedtls/sha256.h>

#include "bzimage.h"
#include "refusal.h"

#define PART_MAX (1ul << 30) /* bulkhead.h, BH_PART_* */

__attribute__((format(printf, 3, 4))) static int fail(struct domload_error *err, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    return rc;
}

static int map_open_file(int fd, const char *key, const char *path, struct domload_file *file,
                         struct domload_error *err)
{
    struct stat st;
    void *mapped;

    if (fstat(fd, &st) < 0) return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return fail(err, -EINVAL, "%s: %s: not a regular file", key, path);
    if (st.st_size == 0 || (uint64_t)st.st_size > PART_MAX)
        return fail(err, -EFBIG, "%s: %s: %lld bytes are not allowed: 1 byte to 1 GiB", key, path,
                    (long long)st.st_size);
    mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    *file = (struct domload_file){mapped, (size_t)st.st_size};
    return 0;
}

static int map_file(const char *key, const char *root, const char *name, struct domload_file *file,
                    struct domload_error *err)
{
    char path[2 * DOMCFG_PATH_MAX];
    int fd, rc;

    if ((size_t)snprintf(path, sizeof(path), "%s%s", root ? root : "", name) >= sizeof(path))
        return fail(err, -ENAMETOOLONG, "%s: the path is too long", key);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    rc = map_open_file(fd, key, path, file, err);
    close(fd);
    return rc;
}

static int open_kernel(const struct domcfg *cfg, const struct domload *load, struct bzimage **kernel, size_t *total,
                       struct domload_error *err)
{
    struct bzimage_error why;
    int rc = bzimage_open(load->kernel.data, load->kernel.size, BZIMAGE_KERNEL_MAX, kernel, total, &why);

    return rc < 0 ? fail(err, rc, "kernel: %s: %s", cfg->kernel, why.text) : 0;
}

static long read_kernel(const struct domcfg *cfg, struct bzimage *kernel, void *to, size_t size,
                        struct domload_error *err)
{
    struct bzimage_error why;
    long n = bzimage_read(kernel, to, size, &why);

    return n < 0 ? fail(err, (int)n, "kernel: %s: %s", cfg->kernel, why.text) : n;
}

int domload_open(const struct domcfg *cfg, const char *root, struct domload *out, struct domload_error *err)
{
    struct bzimage *kernel = NULL;
    size_t total;
    int rc;

    memset(out, 0, sizeof(*out));
    rc = map_file("kernel", root, cfg->kernel, &out->kernel, err);
    if (rc == 0 && cfg->ramdisk[0]) rc = map_file("ramdisk", root, cfg->ramdisk, &out->ramdisk, err);
    if (rc == 0 && cfg->signature[0]) rc = map_file("signature", root, cfg->signature, &out->signature, err);
    if (rc == 0 && cfg->signature[0] && out->signature.size != sizeof(struct bh_signature))
        rc = fail(err, -EINVAL, "signature: %s: %zu bytes; a launch's signature has %zu (bh-sign makes one)",
                  cfg->signature, out->signature.size, sizeof(struct bh_signature));
    if (rc == 0) rc = open_kernel(cfg, out, &kernel, &total, err);
    bzimage_close(kernel);
    if (rc < 0) domload_close(out);
    return rc;
}

static void close_file(struct domload_file *file)
{
    if (file->data) munmap((void *)file->data, file->size);
    *file = (struct domload_file){0};
}

void domload_close(struct domload *load)
{
    close_file(&load->kernel);
    close_file(&load->ramdisk);
    close_file(&load->signature);
}

static int hash_kernel(const struct domcfg *cfg, struct bzimage *kernel, uint8_t digest[32], struct domload_error *err)
{
    static uint8_t chunk[BH_LOAD_MAX];
    mbedtls_sha256_context hash;
    long n;

    mbedtls_sha256_init(&hash);
    mbedtls_sha256_starts_ret(&hash, 0);
    while ((n = read_kernel(cfg, kernel, chunk, sizeof(chunk), err)) > 0)
        mbedtls_sha256_update_ret(&hash, chunk, (size_t)n);
    mbedtls_sha256_finish_ret(&hash, digest);
    mbedtls_sha256_free(&hash);
    return (int)n;
}

int domload_measure(const struct domcfg *cfg, const struct domload *load, struct bh_launch *launch, uint8_t digest[32],
                    struct domload_error *err)
{
    struct bzimage *kernel = NULL;
    size_t total;
    int rc = open_kernel(cfg, load, &kernel, &total, err);

    memset(launch, 0, sizeof(*launch));
    if (rc == 0) rc = hash_kernel(cfg, kernel, launch->kernel, err);
    bzimage_close(kernel);
    if (rc < 0) return rc;
    memcpy(launch->magic, "BHLNCH1", 8);
    mbedtls_sha256_ret(load->ramdisk.data, load->ramdisk.size, launch->ramdisk, 0);
    mbedtls_sha256_ret((const uint8_t *)cfg->cmdline, strlen(cfg->cmdline), launch->cmdline, 0);
    launch->memory_kib = cfg->memory_kib;
    launch->vcpus = cfg->vcpus;
    mbedtls_sha256_ret((const uint8_t *)launch, sizeof(*launch), digest, 0);
    return 0;
}

static int create_empty(struct hvcall *hv, const struct domcfg *cfg, uint32_t *domid, struct domload_error *err)
{
    struct bh_dom_create create = {
        .vcpus = cfg->vcpus,
        .memory_kib = cfg->memory_kib,
        .compartment = cfg->label.compartment,
        .weight = cfg->weight,
        .cap = cfg->cap,
    };
    struct refusal refusal;
    int rc;

    refusal_mark(hv, &refusal);
    strcpy(create.name, cfg->name);
    strcpy(create.type, cfg->label.type);
    memcpy(create.uuid, cfg->uuid, sizeof(create.uuid));
    rc = (int)hvcall_op(hv, BH_DOM_CREATE, &create, sizeof(create));
    *domid = create.domid;
    switch (rc) {
    case -EEXIST:
        return fail(err, rc, "name: a domain called %s exists already", cfg->name);
    case -ENOENT:
        return fail(err, rc, "seclabel: the policy has no type %s", cfg->label.type);
    case -ENOMEM:
        return fail(err, rc, "memory: there are no %llu MiB left (see bhctl info)",
                    (unsigned long long)cfg->memory_kib / 1024);
    case -EPERM:
    case -EACCES:
        return fail(err, rc, "the policy refuses a domain labelled %s:c%u with %llu MiB and %u vCPUs: %s",
                    cfg->label.type, cfg->label.compartment, (unsigned long long)cfg->memory_kib / 1024, cfg->vcpus,
                    refusal_explain(hv, &refusal));
    }
    return rc < 0 ? fail(err, rc, "creating the domain: %s", strerror(-rc)) : 0;
}

/* A part on its way. */
struct transfer {
    struct hvcall *hv;
    uint32_t domid, part;
    const char *what;
    size_t total, done;
};

/* Hands over what lies in the hypervisor's buffer. */
static int load_piece(struct transfer *t, size_t size, struct domload_error *err)
{
    struct bh_dom_load load = {
        .domid = t->domid,
        .part = t->part,
        .total = t->total,
        .offset = t->done,
        .size = (uint32_t)size,
        .data = (uintptr_t)hvcall_buffer(t->hv),
    };
    long rc = hvcall_op(t->hv, BH_DOM_LOAD, &load, sizeof(load));

    if (rc < 0)
        return fail(err, (int)rc, "%s: the hypervisor refused it at byte %zu of %zu: %s%s", t->what, t->done, t->total,
                    strerror((int)-rc), rc == -ENOMEM ? " (does it fit the tenant's memory?)" : "");
    t->done += size;
    return 0;
}

static int load_memory(struct transfer t, const void *data, struct domload_error *err)
{
    int rc = 0;

    while (rc == 0 && t.done < t.total) {
        size_t size = t.total - t.done < BH_LOAD_MAX ? t.total - t.done : BH_LOAD_MAX;

        memcpy(hvcall_buffer(t.hv), (const uint8_t *)data + t.done, size);
        rc = load_piece(&t, size, err);
    }
    return rc;
}

static int load_kernel(struct hvcall *hv, uint32_t domid, const struct domcfg *cfg, const struct domload *load,
                       struct domload_error *err)
{
    struct transfer t = {.hv = hv, .domid = domid, .part = BH_PART_KERNEL, .what = cfg->kernel};
    struct bzimage *kernel = NULL;
    int rc = open_kernel(cfg, load, &kernel, &t.total, err);

    while (rc == 0) {
        long n = read_kernel(cfg, kernel, hvcall_buffer(hv), BH_LOAD_MAX, err);

        if (n <= 0) {
            rc = (int)n;
            break;
        }
        rc = load_piece(&t, (size_t)n, err);
    }
    bzimage_close(kernel);
    return rc;
}

static int load_all(struct hvcall *hv, uint32_t domid, const struct domcfg *cfg, const struct domload *load,
                    struct domload_error *err)
{
    struct bh_dom_target target = {.domid = domid};
    struct transfer ramdisk = {hv, domid, BH_PART_RAMDISK, cfg->ramdisk, load->ramdisk.size, 0};
    struct transfer cmdline = {hv, domid, BH_PART_CMDLINE, "the command line", strlen(cfg->cmdline), 0};
    struct transfer signature = {hv, domid, BH_PART_SIGNATURE, cfg->signature, load->signature.size, 0};
    struct refusal refusal;
    int rc;

    rc = load_kernel(hv, domid, cfg, load, err);
    if (rc == 0) rc = load_memory(ramdisk, load->ramdisk.data, err);
    if (rc == 0) rc = load_memory(cmdline, cfg->cmdline, err);
    if (rc == 0) rc = load_memory(signature, load->signature.data, err);
    if (rc < 0) return rc;
    refusal_mark(hv, &refusal);
    rc = (int)hvcall_op(hv, BH_DOM_BUILD, &target, sizeof(target));
    if (rc == -ENOMEM)
        return fail(err, rc, "memory: there are no %llu MiB left (see bhctl info), or they are too few for this kernel",
                    (unsigned long long)cfg->memory_kib / 1024);
    if (rc == -EACCES || rc == -EPERM)
        return fail(err, rc, "the policy refuses this launch (bhctl digest prints what it is): %s",
                    refusal_explain(hv, &refusal));
    return rc < 0 ? fail(err, rc, "%s: the hypervisor cannot build a domain from it: %s (its reason: bhctl dmesg)",
                         cfg->kernel, strerror(-rc))
                  : 0;
}

int domload_create(struct hvcall *hv, const struct domcfg *cfg, const struct domload *load, uint32_t *domid,
                   struct domload_error *err)
{
    int rc = create_empty(hv, cfg, domid, err);

    if (rc < 0) return rc;
    rc = load_all(hv, *domid, cfg, load, err);
    if (rc < 0) {
        struct bh_dom_target target = {.domid = *domid};

        hvcall_op(hv, BH_DOM_DESTROY, &target, sizeof(target));
    }
    return rc;
}
