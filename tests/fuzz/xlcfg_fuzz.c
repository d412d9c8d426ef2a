/* SPDX-License-Identifier: MIT */
/* A tenant's file: any bytes. What is taken must be within the limits that the rest relies on. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct xlcfg xl;
    static struct domcfg cfg;
    struct xlcfg_error err;

    if (xlcfg_parse((const char *)data, size, &xl, &err) < 0) {
        if (!err.text[0]) abort();
        return 0;
    }
    if (xl.store_used > sizeof(xl.store) || domcfg_read(&xl, &cfg, &err) < 0) return 0;
    if (!domcfg_name_valid(cfg.name) || cfg.memory_kib % 2048 || cfg.memory_kib < 4096 || cfg.vcpus < 1 ||
        cfg.vcpus > BH_VCPUS_MAX || cfg.label.compartment > BH_COMPARTMENT_MAX || !cfg.label.type[0] ||
        strlen(cfg.cmdline) >= DOMCFG_CMDLINE_MAX)
        abort();
    return 0;
}
