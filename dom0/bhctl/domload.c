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

#define PART_MAX (1ul << 30) /* bulkhead.h, BH_PART_* */

__attribute__((format(printf, 3, 4))) static int fail(struct domload_error *err, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(err->text, sizeof(err->text), format, ap);
    va_end(ap);
    return rc;
}

static int map_open_file(int fd, const char *key, const char *path, struct domload_part *part,
                         struct domload_error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(err, -EINVAL, "%s: %s: not a regular file", key, path);
    if (st.st_size == 0 || (uint64_t)st.st_size > PART_MAX)
        return fail(err, -EFBIG, "%s: %s: %lld bytes are not allowed: 1 byte to 1 GiB", key, path,
                    (long long)st.st_size);
    part->mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (part->mapped == MAP_FAILED) {
        part->mapped = NULL;
        return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    }
    part->data = part->mapped;
    part->size = part->mapped_size = (size_t)st.st_size;
    return 0;
}

static int map_file(const char *key, const char *root, const char *name, struct domload_part *part,
                    struct domload_error *err)
{
    char path[2 * DOMCFG_PATH_MAX];
    int fd, rc;

    if ((size_t)snprintf(path, sizeof(path), "%s%s", root ? root : "", name) >= sizeof(path))
        return fail(err, -ENAMETOOLONG, "%s: the path is too long", key);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, -errno, "%s: %s: %s", key, path, strerror(errno));
    rc = map_open_file(fd, key, path, part, err);
    close(fd);
    return rc;
}

static int unpack_kernel(const struct domcfg *cfg, struct domload_part *kernel, struct domload_error *err)
{
    struct bzimage_error why;
    int rc = bzimage_unpack(kernel->mapped, kernel->mapped_size, BZIMAGE_KERNEL_MAX, &kernel->data, &kernel->size,
                            &kernel->owned, &why);

    return rc < 0 ? fail(err, rc, "kernel: %s: %s", cfg->kernel, why.text) : 0;
}

int domload_open(const struct domcfg *cfg, const char *root, struct domload *out, struct domload_error *err)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = map_file("kernel", root, cfg->kernel, &out->kernel, err);
    if (rc == 0 && cfg->ramdisk[0])
        rc = map_file("ramdisk", root, cfg->ramdisk, &out->ramdisk, err);
    if (rc == 0)
        rc = unpack_kernel(cfg, &out->kernel, err);
    if (rc < 0)
        domload_close(out);
    return rc;
}

static void part_close(struct domload_part *part)
{
    free(part->owned);
    if (part->mapped)
        munmap(part->mapped, part->mapped_size);
    memset(part, 0, sizeof(*part));
}

void domload_close(struct domload *load)
{
    part_close(&load->kernel);
    part_close(&load->ramdisk);
}

void domload_measure(const struct domcfg *cfg, const struct domload *load, struct bh_launch *launch, uint8_t digest[32])
{
    memset(launch, 0, sizeof(*launch));
    memcpy(launch->magic, "BHLNCH1", 8);
    mbedtls_sha256_ret(load->kernel.data, load->kernel.size, launch->kernel, 0);
    mbedtls_sha256_ret(load->ramdisk.data, load->ramdisk.size, launch->ramdisk, 0);
    mbedtls_sha256_ret((const uint8_t *)cfg->cmdline, strlen(cfg->cmdline), launch->cmdline, 0);
    launch->memory_kib = cfg->memory_kib;
    launch->vcpus = cfg->vcpus;
    mbedtls_sha256_ret((const uint8_t *)launch, sizeof(*launch), digest, 0);
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
    int rc;

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
        return fail(err, rc, "seclabel: the policy does not let dom0 create a domain labelled %s:c%u", cfg->label.type,
                    cfg->label.compartment);
    }
    return rc < 0 ? fail(err, rc, "creating the domain: %s", strerror(-rc)) : 0;
}

static int load_part(struct hvcall *hv, uint32_t domid, uint32_t part, const char *what, const void *data, size_t size,
                     struct domload_error *err)
{
    uint8_t *buffer = hvcall_buffer(hv);

    for (size_t done = 0; done < size;) {
        struct bh_dom_load load = {
            .domid = domid,
            .part = part,
            .total = size,
            .offset = done,
            .size = (uint32_t)(size - done < BH_LOAD_MAX ? size - done : BH_LOAD_MAX),
            .data = (uintptr_t)buffer,
        };
        long rc;

        memcpy(buffer, (const uint8_t *)data + done, load.size);
        rc = hvcall_op(hv, BH_DOM_LOAD, &load, sizeof(load));
        if (rc < 0)
            return fail(err, (int)rc, "%s: the hypervisor refused it at byte %zu of %zu: %s%s", what, done, size,
                        strerror((int)-rc), rc == -ENOMEM ? " (does it fit the tenant's memory?)" : "");
        done += load.size;
    }
    return 0;
}

static int load_all(struct hvcall *hv, uint32_t domid, const struct domcfg *cfg, const struct domload *load,
                    struct domload_error *err)
{
    struct bh_dom_target target = {.domid = domid};
    int rc;

    rc = load_part(hv, domid, BH_PART_KERNEL, cfg->kernel, load->kernel.data, load->kernel.size, err);
    if (rc == 0)
        rc = load_part(hv, domid, BH_PART_RAMDISK, cfg->ramdisk, load->ramdisk.data, load->ramdisk.size, err);
    if (rc == 0)
        rc = load_part(hv, domid, BH_PART_CMDLINE, "the command line", cfg->cmdline, strlen(cfg->cmdline), err);
    if (rc < 0)
        return rc;
    rc = (int)hvcall_op(hv, BH_DOM_BUILD, &target, sizeof(target));
    return rc < 0 ? fail(err, rc, "%s: the hypervisor cannot build a domain from it: %s (its reason: bhctl dmesg)",
                         cfg->kernel, strerror(-rc))
                  : 0;
}

int domload_create(struct hvcall *hv, const struct domcfg *cfg, const struct domload *load, uint32_t *domid,
                   struct domload_error *err)
{
    int rc = create_empty(hv, cfg, domid, err);

    if (rc < 0)
        return rc;
    rc = load_all(hv, *domid, cfg, load, err);
    if (rc < 0) {
        struct bh_dom_target target = {.domid = *domid};

        hvcall_op(hv, BH_DOM_DESTROY, &target, sizeof(target));
    }
    return rc;
}
