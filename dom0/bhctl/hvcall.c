/* SPDX-License-Identifier: MIT */
#include "hvcall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xencall.h>
#include <xentoollog.h>

struct hvcall {
    xencall_handle *xc;
    void *arg; /* one page */
    void *buffer;
};

#define PAGE 4096u
_Static_assert(sizeof(struct bh_platform_info) <= PAGE && sizeof(struct bh_dom_info) <= PAGE, "arguments fit a page");

long hvcall_op(struct hvcall *hv, unsigned int cmd, void *arg, size_t size)
{
    long rc;

    memcpy(hv->arg, arg, size);
    rc = xencall2L(hv->xc, BH_HYPERCALL, cmd, (uintptr_t)hv->arg);
    if (rc < 0) rc = -errno;
    memcpy(arg, hv->arg, size);
    return rc;
}

void *hvcall_buffer(struct hvcall *hv)
{
    return hv->buffer;
}

void hvcall_close(struct hvcall *hv)
{
    if (!hv) return;
    if (hv->buffer) xencall_free_buffer_pages(hv->xc, hv->buffer, HVCALL_BUFFER / PAGE);
    if (hv->arg) xencall_free_buffer_pages(hv->xc, hv->arg, 1);
    if (hv->xc) xencall_close(hv->xc);
    free(hv);
}

static int check_platform(struct hvcall *hv, const char **why)
{
    struct bh_platform_info info = {0};
    long rc = hvcall_op(hv, BH_PLATFORM_INFO, &info, sizeof(info));

    if (rc == -ENOSYS || rc == -EINVAL) {
        *why = "the hypervisor under this kernel is not Bulkhead";
        return -ENOSYS;
    }
    if (rc < 0) {
        *why = rc == -EPERM || rc == -EACCES ? "the policy does not let this domain control the platform"
                                             : "Bulkhead does not answer";
        return (int)rc;
    }
    if (info.abi_version != BH_ABI_VERSION) {
        *why = "this program and the hypervisor speak different versions of the interface";
        return -EPROTO;
    }
    return 0;
}

int hvcall_open(struct hvcall **out, const char **why)
{
    struct hvcall *hv = calloc(1, sizeof(*hv));
    xentoollog_logger *quiet;
    int rc;

    *why = "out of memory";
    if (!hv) return -ENOMEM;
    /* The message that libxencall would print by itself says less than ours. */
    quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    hv->xc = xencall_open(quiet, 0);
    if (!hv->xc) {
        rc = -errno;
        *why = "/dev/xen/privcmd cannot be opened: is this a Xen PV kernel with xen-privcmd loaded, and are you root?";
        hvcall_close(hv);
        return rc;
    }
    hv->arg = xencall_alloc_buffer_pages(hv->xc, 1);
    hv->buffer = xencall_alloc_buffer_pages(hv->xc, HVCALL_BUFFER / PAGE);
    rc = hv->arg && hv->buffer ? check_platform(hv, why) : -ENOMEM;
    if (rc < 0) {
        hvcall_close(hv);
        return rc;
    }
    *out = hv;
    return 0;
}
