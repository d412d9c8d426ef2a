/* SPDX-License-Identifier: MIT */
/* Bulkhead's own hypercall (bulkhead.h): domains and platform. Attestation and TPM commands are in measure/. */
#include "hypercall/hypercall.h"
#include "hypercall/version.h"
#include "console.h"
#include "domain/lifecycle.h"
#include "domain/build.h"
#include "domain/operate.h"
#include "cpu/percpu.h"
#include "mm/access.h"
#include "mm/audit_mm.h"
#include "mm/chunk.h"
#include "mm/paging.h"
#include "measure/measure.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "boot/bootinfo.h"
#include "lib.h"

BUILD_ASSERT(sizeof(struct bh_dom_create) == 8 + 8 + 32 + 48 + 16 + 16);
BUILD_ASSERT(sizeof(struct bh_dom_load) == 40);
BUILD_ASSERT(sizeof(struct bh_launch) == 8 + 96 + 16);

static long platform_info(uint64_t arg)
{
    struct domain *d = current->domain;
    struct bh_platform_info p = {.abi_version = BH_ABI_VERSION,
                                 .flags = measure_flags(),
                                 .cpus = cpus_online,
                                 .svn = HV_SVN,
                                 .memory_kib = total_ram >> 10,
                                 .free_kib = (uint64_t)chunk_free_count() * (CHUNK_SIZE >> 10),
                                 .hv_kib = pool_bytes >> 10,
                                 .uptime_ns = now_ns(),
                                 .version = HV_VERSION,
                                 .policy_version = monitor_policy_version(),
                                 .boot_cmdline_len = strlen(boot_info.cmdline)};
    int rc = monitor_check(d, NULL, PERM_platform_info, 0);

    if (rc)
        return rc;
    memcpy(p.policy_digest, monitor_policy_digest(), 32);
    memcpy(p.hv_pubkey, measure_pubkey(), 64);
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

static long dmesg_read(uint64_t arg)
{
    struct domain *d = current->domain;
    struct bh_blob b;
    char buf[256];
    uint32_t done = 0;
    int rc = monitor_check(d, NULL, PERM_platform_dmesg, 0);

    if (rc)
        return rc;
    if (copy_from_guest(&b, arg, sizeof(b)))
        return -XEN_EFAULT;
    uint64_t pos = b.offset, first = pos;
    while (done < MIN(b.size, BH_BLOB_CHUNK)) {
        size_t n = console_ring_read(&pos, buf, MIN(sizeof(buf), MIN(b.size, BH_BLOB_CHUNK) - done));
        if (!n)
            break;
        if (!done)
            first = pos - n;
        if (copy_to_guest(b.data + done, buf, n))
            return -XEN_EFAULT;
        done += (uint32_t)n;
    }
    b.offset = first;
    return copy_to_guest(arg, &b, sizeof(b)) ? -XEN_EFAULT : (long)done;
}

static long mm_audit(uint64_t arg)
{
    struct bh_mm_audit a;

    if (copy_from_guest(&a, arg, sizeof(a)))
        return -XEN_EFAULT;
    if (a.reserved)
        return -XEN_EINVAL;
    struct domain *self = current->domain, *d = domain_get(a.domid);
    if (!d)
        return -XEN_ESRCH;
    long rc = monitor_check(self, d, PERM_domain_mm_audit, d->domid);
    if (!rc)
        rc = mm_audit_domain(d, &a.frames, &a.tables);
    domain_put(d);
    return copy_to_guest(arg, &a, sizeof(a)) ? -XEN_EFAULT : rc;
}

long do_bulkhead_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    switch (cmd) {
    case BH_DOM_CREATE:
        return operate_create(arg);
    case BH_DOM_LOAD:
        return operate_load(arg);
    case BH_DOM_BUILD:
        return operate_build(arg);
    case BH_DOM_UNPAUSE:
    case BH_DOM_PAUSE:
        return operate_pause(arg, cmd == BH_DOM_PAUSE);
    case BH_DOM_DESTROY:
        return operate_destroy(arg);
    case BH_DOM_INFO:
        return operate_info(arg);
    case BH_DOM_SCHED:
        return operate_sched(arg);
    case BH_PLATFORM_INFO:
        return platform_info(arg);
    case BH_AUDIT_READ:
        return audit_read_op(arg);
    case BH_DMESG_READ:
        return dmesg_read(arg);
    case BH_EVENTLOG_READ:
        return measure_eventlog_read(arg);
    case BH_REPORT:
        return measure_report_op(arg);
    case BH_EVIDENCE_PUT:
        return measure_evidence_put(arg);
    case BH_EVIDENCE_GET:
        return measure_evidence_get(arg);
    case BH_TPM_COMMAND:
        return measure_tpm_command(arg);
    case BH_MM_AUDIT:
        return mm_audit(arg);
    default:
        return -XEN_ENOSYS;
    }
}
