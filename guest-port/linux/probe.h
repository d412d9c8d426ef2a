/* SPDX-License-Identifier: MIT */
/* What the parts of bh-probe share. Each probe tries one way to another domain's memory. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* domctl.h shows itself to tools only. */
#define __XEN_TOOLS__ 1
#include <xen/xen.h>

struct probe_target {
    uint32_t domid;
    uint32_t granted[2]; /* the console's and the store's page are dom0's to map: not tried */
    uint32_t ports[2];   /* same for their event ports */
    uint64_t frames;     /* machine frames of RAM to try, from 0 */
    uint8_t *pages;      /* PROBE_PAGES pages that the hypervisor can reach */
};
#define PROBE_PAGES 4

/* Negative errno: refused. 0: a call was let through, or a foreign page was seen. */
typedef int (*probe_fn)(const struct probe_target *t);

struct probe {
    const char *name;
    probe_fn run;
};

extern const struct probe probe_map_table[], probe_call_table[]; /* ended by a NULL name */

/* Every 2 MiB chunk of RAM is tried at two of its frames. */
#define PROBE_STEP 512u

#endif
