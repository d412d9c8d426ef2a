/* SPDX-License-Identifier: MIT */
/* bhctl dmesg: the hypervisor's messages. */
#include <string.h>

#include "ctl.h"

int ctl_dmesg(struct hvcall *hv, int argc, char **argv)
{
    uint64_t position = 0;

    if (argc != 1) return ctl_usage("dmesg: '%s' is no option", argv[1]);
    for (;;) {
        char *text = hvcall_buffer(hv);
        struct bh_blob blob = {.offset = position, .size = BH_BLOB_CHUNK, .data = (uintptr_t)text};
        long rc = hvcall_op(hv, BH_DMESG_READ, &blob, sizeof(blob));

        if (rc < 0) return ctl_error("dmesg: %s", strerror((int)-rc));
        if (rc == 0 || rc > (long)BH_BLOB_CHUNK) return CTL_OK;
        fwrite(text, 1, (size_t)rc, stdout);
        position = blob.offset + (uint64_t)rc;
    }
}
