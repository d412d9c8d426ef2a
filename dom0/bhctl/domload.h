/* SPDX-License-Identifier: MIT */
/* A tenant's images: read from files, hashed as the hypervisor hashes them, handed over to it. */
#ifndef DOMLOAD_H
#define DOMLOAD_H

#include "domcfg.h"
#include "hvcall.h"

#define DOMLOAD_ERROR_MAX 1400u

struct domload_error {
    char text[DOMLOAD_ERROR_MAX]; /* names the file or the step */
};

struct domload_part {
    const uint8_t *data;
    size_t size;
    void *mapped; /* the file, where it is mapped; else NULL */
    size_t mapped_size;
    uint8_t *owned; /* unpacked copy, or NULL */
};

struct domload {
    struct domload_part kernel, ramdisk;
};

/* Opens what `cfg` names, below `root` (NULL: as written), and unpacks the kernel. 0 or a negative errno. */
int domload_open(const struct domcfg *cfg, const char *root, struct domload *out, struct domload_error *err);
void domload_close(struct domload *load);

/* What the hypervisor will find when it measures this. */
void domload_measure(const struct domcfg *cfg, const struct domload *load, struct bh_launch *launch,
                     uint8_t digest[32]);

/* Creates the domain, loads and builds it, paused. Where a step fails nothing of it is left behind. */
int domload_create(struct hvcall *hv, const struct domcfg *cfg, const struct domload *load, uint32_t *domid,
                   struct domload_error *err);

#endif
