/* SPDX-License-Identifier: MIT */
/* Ways by mapping: the privcmd driver's, the grant driver's, /dev/mem. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/memory.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "canary.h"
#include "lxcall.h"

#define PAGE 4096u
#define REFS 64u

/* The frame tried at step i: chunk by chunk, near its start and in its middle. */
static uint64_t frame_at(size_t i)
{
    return i / 2 * PROBE_STEP + (i % 2 ? PROBE_STEP / 2 + 3 : 1);
}

/* Maps one frame as a frame of `owner`. 0 or a negative errno; the page stays at *at. */
static int map_frame(domid_t owner, uint64_t frame, void *at)
{
    xen_pfn_t frames[1] = {frame};
    int errors[1] = {0};
    privcmd_mmapbatch_v2_t batch = {.num = 1, .dom = owner, .addr = (uintptr_t)at, .arr = frames, .err = errors};

    if (ioctl(lxcall_fd(), IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0) return -errno;
    return errors[0];
}

/* Tries all of RAM as frames of `owner`. A frame that maps counts where `any` says so, else where it
 * shows the tenant's canary. */
static int sweep(const struct probe_target *t, domid_t owner, bool any)
{
    int last = -ENOENT;

    for (size_t i = 0; frame_at(i) < t->frames; i++) {
        void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, lxcall_fd(), 0);
        int rc;

        if (at == MAP_FAILED) return -errno;
        rc = map_frame(owner, frame_at(i), at);
        if (rc == 0 && (any || canary_found(at, PAGE))) return 0;
        if (rc < 0) last = rc;
        munmap(at, PAGE);
    }
    return last;
}

static int mmap_foreign(const struct probe_target *t)
{
    return sweep(t, (domid_t)t->domid, true);
}

static int mmap_self(const struct probe_target *t)
{
    return sweep(t, DOMID_SELF, false);
}

static int mmap_io(const struct probe_target *t)
{
    return sweep(t, DOMID_IO, false);
}

static int mmap_xen(const struct probe_target *t)
{
    return sweep(t, DOMID_XEN, true);
}

static int mmap_resource(const struct probe_target *t)
{
    privcmd_mmap_resource_t r = {.dom = (domid_t)t->domid,
                                 .type = XENMEM_resource_grant_table,
                                 .id = XENMEM_resource_grant_table_id_shared,
                                 .num = 1};
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, lxcall_fd(), 0);

    if (at == MAP_FAILED) return -errno;
    r.addr = (uintptr_t)at;
    return ioctl(lxcall_fd(), IOCTL_PRIVCMD_MMAP_RESOURCE, &r) < 0 ? -errno : 0;
}

static int grant_map_one(uint32_t domid, uint32_t ref)
{
    struct ioctl_gntdev_map_grant_ref map = {.count = 1, .refs = {{.domid = domid, .ref = ref}}};
    int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC), rc = 0;

    if (fd < 0) return -errno;
    if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0 ||
        mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)map.index) == MAP_FAILED)
        rc = -errno;
    close(fd);
    return rc;
}

static int grant_map(const struct probe_target *t)
{
    int last = -ENOENT;

    for (uint32_t ref = 0; ref < REFS; ref++) {
        if (ref == t->granted[0] || ref == t->granted[1]) continue;
        last = grant_map_one(t->domid, ref);
        if (last == 0) return 0;
    }
    return last;
}

static int event_bind(const struct probe_target *t)
{
    int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC), last = -errno;

    for (uint32_t port = 1; fd >= 0 && port < REFS; port++) {
        struct ioctl_evtchn_bind_interdomain bind = {.remote_domain = t->domid, .remote_port = port};

        if (port == t->ports[0] || port == t->ports[1]) continue;
        if (ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind) >= 0) return 0;
        last = -errno;
    }
    return last;
}

static int devmem_read(const struct probe_target *t)
{
    int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC), last = -errno;

    for (size_t i = 0; fd >= 0 && frame_at(i) < t->frames; i++) {
        ssize_t n = pread(fd, t->pages, PAGE, (off_t)(frame_at(i) * PAGE));

        if (n == (ssize_t)PAGE && canary_found(t->pages, PAGE)) return 0;
        if (n < 0) last = -errno;
    }
    return last < 0 ? last : -ENODATA;
}

static int devmem_map(const struct probe_target *t)
{
    int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC), last = -errno;

    /* From 1 MiB on: what lies below are dom0's own BIOS tables. */
    for (size_t i = 2; fd >= 0 && frame_at(i) < t->frames; i++) {
        void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)(frame_at(i) * PAGE));

        if (at == MAP_FAILED) {
            last = -errno;
            continue;
        }
        if (canary_found(at, PAGE)) return 0;
        munmap(at, PAGE);
    }
    return last < 0 ? last : -ENODATA;
}

/* Device pages that belong to the hypervisor alone. */
static int device(uint64_t address)
{
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, lxcall_fd(), 0);

    return at == MAP_FAILED ? -errno : map_frame(DOMID_IO, address / PAGE, at);
}

static int device_tpm(const struct probe_target *t)
{
    (void)t;
    return device(0xfed40000); /* locality 0 of the TPM's TIS (PC Client PTP) */
}

static int device_tpm_locality2(const struct probe_target *t)
{
    (void)t;
    return device(0xfed42000);
}

static int device_lapic(const struct probe_target *t)
{
    (void)t;
    return device(0xfee00000);
}

static int device_ioapic(const struct probe_target *t)
{
    (void)t;
    return device(0xfec00000);
}

const struct probe probe_map_table[] = {
    {"privcmd-mmapbatch-foreign", mmap_foreign},
    {"privcmd-mmapbatch-self", mmap_self},
    {"privcmd-mmapbatch-io", mmap_io},
    {"privcmd-mmapbatch-xen", mmap_xen},
    {"privcmd-mmap-resource", mmap_resource},
    {"gntdev-map-guessed-refs", grant_map},
    {"evtchn-bind-guessed-ports", event_bind},
    {"devmem-read", devmem_read},
    {"devmem-mmap", devmem_map},
    {"device-tpm", device_tpm},
    {"device-tpm-locality-2", device_tpm_locality2},
    {"device-lapic", device_lapic},
    {"device-ioapic", device_ioapic},
    {NULL, NULL},
};
