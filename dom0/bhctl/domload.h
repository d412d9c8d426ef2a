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

struct domload_file {
    const uint8_t *data; /* the mapped file, or NULL */
    size_t size;
};

struct domload {
    struct domload_file signature;       /* struct bh_signature */
    struct domload_file kernel, ramdisk; /* as they lie on the disk: the kernel may be packed */
};

/* Opens what `cfg` names, below `root` (NULL: as written), and looks at the kernel's beginning. 0 or a negative
 * errno. A file that changes afterwards is the operator's own trouble: what the hypervisor measures is what it got. */
int domload_open(const struct domcfg *cfg, const char *root, struct domload *out, struct domload_error *err);
void domload_close(struct domload *load);

/* What the hypervisor will find when it measures this. 0 or a negative errno. */
int domload_measure(const struct domcfg *cfg, const struct domload *load, struct bh_launch *launch, uint8_t digest[32],
                    struct domload_error *err);

/* Creates the domain, loads and builds it, paused. Where a step fails nothing of it is left behind. */
int domload_create(struct hvcall *hv, const struct domcfg *cfg, const struct domload *load, uint32_t *domid,
                   struct domload_error *err);

#endif
