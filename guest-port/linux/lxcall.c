/* SPDX-License-Identifier: MIT */
#include "lxcall.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>

#define PAGE 4096u

static int privcmd = -1;

int lxcall_open(void)
{
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    return privcmd < 0 ? -errno : 0;
}

int lxcall_fd(void)
{
    return privcmd;
}

long lxcall_raw(unsigned int number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
    privcmd_hypercall_t call = {.op = number, .arg = {a0, a1, a2, a3, a4}};
    int rc = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -errno : rc;
}

long lxcall_bulkhead(unsigned int cmd, void *arg)
{
    return lxcall_raw(BH_HYPERCALL, cmd, (uintptr_t)arg, 0, 0, 0);
}

/* The kernel's own buffer device gives pages that never move; memory that is locked and touched is
 * what older kernels have. */
void *lxcall_pages(size_t count)
{
    int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *p = MAP_FAILED;

    if (fd >= 0) {
        p = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (p == MAP_FAILED)
        p = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1,
                 0);
    if (p == MAP_FAILED) return NULL;
    memset(p, 0, count * PAGE);
    return p;
}
