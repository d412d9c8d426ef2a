/* SPDX-License-Identifier: MIT */
/* Bulkhead's own hypercall (bulkhead.h): domains and platform. Attestation and TPM commands are in measure/. */
#include "hypercall/handler.h"
#include "hypercall/version.h"
#include "domain/lifecycle.h"
#include "domain/build.h"
#include "domain/operate.h"
#include "mm/audit_mm.h"
#include "mm/chunk.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "measure/measure.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "monitor/policy_load.h"
#include "monitor/policy_stage.h"
#include "boot/bootinfo.h"

BUILD_ASSERT(sizeof(struct bh_dom_create) == 8 + 8 + 32 + 48 + 16 + 16);
BUILD_ASSERT(sizeof(struct bh_dom_load) == 40);
BUILD_ASSERT(sizeof(struct bh_launch) == 8 + 96 + 16);

static long platform_info(enum operation op, uint64_t arg)
{
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

    memcpy(p.policy_digest, monitor_policy_digest(), 32);
    memcpy(p.hv_pubkey, measure_pubkey(), 64);
    return copy_to_guest(arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
}

static long dmesg_read(enum operation op, uint64_t arg)
{
    struct bh_blob b;
    char buf[256];
    uint32_t done = 0;

    if (copy_from_guest(&b, arg, sizeof(b))) return -XEN_EFAULT;
    uint64_t pos = b.offset, first = pos;
    while (done < MIN(b.size, BH_BLOB_CHUNK)) {
        size_t n = console_ring_read(&pos, buf, MIN(sizeof(buf), MIN(b.size, BH_BLOB_CHUNK) - done));
        if (!n) break;
        if (!done) first = pos - n;
        if (copy_to_guest(b.data + done, buf, n)) return -XEN_EFAULT;
        done += (uint32_t)n;
    }
    b.offset = first;
    return copy_to_guest(arg, &b, sizeof(b)) ? -XEN_EFAULT : (long)done;
}

static long mm_audit(enum operation op, uint64_t arg)
{
    struct bh_mm_audit a;

    if (copy_from_guest(&a, arg, sizeof(a))) return -XEN_EFAULT;
    if (a.reserved) return -XEN_EINVAL;
    struct domain *d = domain_get(a.domid);
    if (!d) return -XEN_ESRCH;
    long rc = ask_about(op, d, d->domid);
    if (!rc) rc = mm_audit_domain(d, &a.frames, &a.tables);
    domain_put(d);
    a.heap_free = HV_DEBUG && current->domain->is_control ? heap_free_count() : 0;
    return copy_to_guest(arg, &a, sizeof(a)) ? -XEN_EFAULT : rc;
}

static const struct {
    long (*fn)(enum operation op, uint64_t arg);
    enum operation op;
} ops[] = {BULKHEAD_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_bulkhead_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (cmd & BH_GOES_ON) return policy_goes_on(cmd & ~BH_GOES_ON, arg, a3);
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[cmd].op, 0);
    return rc ? rc : ask_done(ops[cmd].op, ops[cmd].fn(ops[cmd].op, arg));
}
