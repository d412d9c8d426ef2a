/* SPDX-License-Identifier: MIT */
#include "sharepage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

_Static_assert(sizeof(struct sharepage) <= 4096, "one page");

static int open_event(struct sharepage_end *end)
{
    end->event = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
    return end->event < 0 ? -errno : 0;
}

/* The drivers' files stay open: closing them would take the page back. */
static int map_page(struct sharepage_end *end, int fd, uint64_t index)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)index);

    if (page == MAP_FAILED) return -errno;
    end->page = page;
    return 0;
}

int sharepage_grant(struct sharepage_end *end, uint32_t domid, uint32_t *ref)
{
    struct ioctl_gntalloc_alloc_gref alloc = {
        .domid = (uint16_t)domid,
        .flags = GNTALLOC_FLAG_WRITABLE,
        .count = 1,
    };
    int fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);

    if (fd < 0 || ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &alloc) < 0) return -errno;
    *ref = alloc.gref_ids[0];
    return map_page(end, fd, alloc.index);
}

int sharepage_offer(struct sharepage_end *end, uint32_t domid)
{
    struct ioctl_evtchn_bind_unbound_port unbound = {.remote_domain = domid};
    int rc = open_event(end);

    if (rc < 0) return rc;
    rc = ioctl(end->event, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound);
    if (rc < 0) return -errno;
    end->port = (uint32_t)rc;
    return 0;
}

int sharepage_map(struct sharepage_end *end, uint32_t domid, uint32_t ref)
{
    struct ioctl_gntdev_map_grant_ref map = {.count = 1, .refs = {{.domid = domid, .ref = ref}}};
    int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC), rc;

    if (fd < 0) return -errno;
    rc = ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0 ? -errno : map_page(end, fd, map.index);
    if (rc < 0) close(fd);
    return rc;
}

int sharepage_bind(struct sharepage_end *end, uint32_t domid, uint32_t port)
{
    struct ioctl_evtchn_bind_interdomain bind = {.remote_domain = domid, .remote_port = port};
    int rc = open_event(end);

    if (rc < 0) return rc;
    rc = ioctl(end->event, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
    if (rc < 0) return -errno;
    end->port = (uint32_t)rc;
    return 0;
}

int sharepage_signal(struct sharepage_end *end)
{
    struct ioctl_evtchn_notify notify = {.port = end->port};

    return ioctl(end->event, IOCTL_EVTCHN_NOTIFY, &notify) < 0 ? -errno : 0;
}

int sharepage_wait(struct sharepage_end *end, int timeout_ms)
{
    struct pollfd fd = {.fd = end->event, .events = POLLIN};
    uint32_t port;
    int rc = poll(&fd, 1, timeout_ms);

    if (rc <= 0) return rc == 0 ? -ETIMEDOUT : -errno;
    if (read(end->event, &port, sizeof(port)) != sizeof(port)) return -EIO;
    /* Writing the port back lets the next event through. */
    return write(end->event, &port, sizeof(port)) == sizeof(port) ? 0 : -EIO;
}

void sharepage_read(const char *from, char to[SHAREPAGE_TEXT])
{
    size_t i = 0;

    for (; i < SHAREPAGE_TEXT - 1; i++) {
        char c = *(const volatile char *)&from[i];

        if (c == '\0') break;
        to[i] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    to[i] = '\0';
}
