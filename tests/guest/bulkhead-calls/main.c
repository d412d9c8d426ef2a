/* SPDX-License-Identifier: MIT */
/*
 * Bulkhead's own hypercall: unknown commands, bad pointers, reserved fields, values out of range; what a
 * tenant may not ask is refused and leaves a line in the audit; what everyone may ask is answered, and
 * says nothing of others. Attack rows 8, 22 and 26.
 */
#include "rt_test.h"

#include "bulkhead.h"

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static void commands(void)
{
    static const unsigned unknown[] = {0, 25, 26, 100, 1u << 31, ~0u};
    static const unsigned long places[] = {TEST_UNMAPPED,           TEST_NONCANONICAL,  HYPERVISOR_VIRT_START,
                                           HYPERVISOR_VIRT_END - 8, 0xffff820000200000, ~0ul};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(unknown); i++)
        EQ(call(unknown[i], (void *)TEST_UNMAPPED), -XEN_ENOSYS);
    EQ(RT_HC(BH_HYPERCALL, 1ul << 32 | BH_PLATFORM_INFO, TEST_UNMAPPED, 0, 0, 0) < 0, 1);
    for (unsigned cmd = BH_DOM_CREATE; cmd <= BH_MM_AUDIT; cmd++)
        for (unsigned i = 0; i < RT_ARRAY_SIZE(places); i++) {
            long ret = call(cmd, (void *)places[i]);

            CHECK_MSG(ret == -XEN_EFAULT || ret == -XEN_EPERM || ret == -XEN_EACCES || ret == -XEN_ENODEV ||
                          ret == -XEN_ENOSYS,
                      "command %u at %#lx: %ld", cmd, places[i], ret);
        }
}

static void platform(void)
{
    struct {
        struct bh_platform_info info;
        uint8_t beyond[64];
    } p;

    memset(&p, 0xa5, sizeof(p));
    EQ(call(BH_PLATFORM_INFO, &p.info), 0);
    EQ(p.info.abi_version, BH_ABI_VERSION);
    EQ(p.info.flags & ~(BH_FLAG_DEBUG | BH_FLAG_IOMMU | BH_FLAG_LATE_LAUNCH | BH_FLAG_MEASURED), 0);
    CHECK(p.info.cpus >= 1 && p.info.memory_kib > p.info.free_kib);
    CHECK(p.info.version[0] != 0 && p.info.version[31] == 0);
    EQ(p.info.reserved, 0);
    for (unsigned i = 0; i < sizeof(p.beyond); i++)
        EQ(p.beyond[i], 0xa5);
    if (!(p.info.flags & BH_FLAG_MEASURED))
        for (unsigned i = 0; i < 64; i++)
            EQ(p.info.hv_pubkey[i], 0);
}

static void blobs(unsigned cmd)
{
    static uint8_t buf[BH_BLOB_CHUNK + 64];
    struct bh_blob b = {.size = BH_BLOB_CHUNK, .data = (uint64_t)buf};
    long ret;

    memset(buf, 0xa5, sizeof(buf));
    ret = call(cmd, &b);
    CHECK_MSG(ret <= (long)BH_BLOB_CHUNK, "command %u: %ld", cmd, ret);
    for (unsigned i = 0; i < 64; i++)
        EQ(buf[BH_BLOB_CHUNK + i], 0xa5);
    b = (struct bh_blob){.offset = ~0ull, .size = BH_BLOB_CHUNK, .data = (uint64_t)buf};
    CHECK_MSG(call(cmd, &b) <= 0, "command %u far beyond the end", cmd);
    b = (struct bh_blob){.size = ~0u, .data = (uint64_t)buf};
    CHECK_MSG(call(cmd, &b) <= (long)BH_BLOB_CHUNK, "command %u, an absurd size", cmd);
    for (unsigned i = 0; i < 64; i++)
        EQ(buf[BH_BLOB_CHUNK + i], 0xa5);
    b = (struct bh_blob){.size = 64, .data = HYPERVISOR_VIRT_START};
    CHECK_MSG(call(cmd, &b) <= 0, "command %u to the hypervisor's addresses", cmd);
    b = (struct bh_blob){.size = 64, .data = 0xffff820000200000};
    CHECK_MSG(call(cmd, &b) <= 0, "command %u to the hypervisor's addresses", cmd);
}

/* A tenant asks for what only the control label may have. */
static void refused_to_tenants(void)
{
    static uint8_t page[4096];
    struct bh_dom_create create = {.vcpus = 1, .memory_kib = 8192, .name = "evil", .type = "tenant_t"};
    struct bh_dom_target target = {.domid = 0};
    struct bh_dom_info info = {.domid = 0};
    struct bh_dom_sched sched = {.domid = rt_start_domid(), .weight = 65535};
    struct bh_dom_load load = {.domid = 0, .total = 1, .size = 1, .data = (uint64_t)page};
    struct bh_audit_read read = {.count = 16, .data = (uint64_t)page};
    struct bh_blob blob = {.size = 64, .data = (uint64_t)page};
    struct bh_tpm_command tpm = {
        .command = (uint64_t)page, .command_size = 10, .response_size = 64, .response = (uint64_t)page};
    struct bh_mm_audit audit = {.domid = 0};

    EQ(call(BH_DOM_CREATE, &create), -XEN_EPERM);
    for (unsigned cmd = BH_DOM_BUILD; cmd <= BH_DOM_DESTROY; cmd++) {
        for (target.domid = 0; target.domid < 5; target.domid++)
            CHECK_MSG(call(cmd, &target) < 0, "command %u on domain %u", cmd, target.domid);
        target.domid = DOMID_SELF;
        CHECK_MSG(call(cmd, &target) < 0, "command %u on itself", cmd);
    }
    CHECK(call(BH_DOM_LOAD, &load) < 0);
    CHECK(call(BH_DOM_INFO, &info) < 0);
    EQ(info.name[0], 0);
    CHECK(call(BH_DOM_SCHED, &sched) < 0);
    CHECK(call(BH_AUDIT_READ, &read) < 0);
    CHECK(call(BH_DMESG_READ, &blob) < 0);
    CHECK(call(BH_EVIDENCE_PUT, &blob) < 0);
    CHECK(call(BH_TPM_COMMAND, &tpm) < 0);
    CHECK(call(BH_MM_AUDIT, &audit) < 0);
    for (unsigned i = 0; i < sizeof(page); i++)
        if (!CHECK(page[i] == 0)) break;
}

static void audit_records(void)
{
    static struct bh_audit_record records[17];
    struct bh_audit_read read = {.seq = 0, .count = 16, .data = (uint64_t)records};
    struct bh_dom_target nobody = {.domid = 4711};
    uint64_t last = 0;

    CHECK(call(BH_DOM_PAUSE, &nobody) < 0);
    memset(&records[16], 0xa5, sizeof(records[16]));
    EQ(call(BH_AUDIT_READ, &read), 0);
    CHECK(read.count <= 16);
    for (unsigned i = 0; i < read.count; i++) {
        CHECK(records[i].seq > last);
        last = records[i].seq;
        CHECK(records[i].source_type[BH_TYPE_MAX - 1] == 0 && records[i].class_name[15] == 0);
        CHECK(records[i].reason[0] && records[i].reason[31] == 0);
    }
    EQ(((uint8_t *)&records[16])[0], 0xa5);
    read = (struct bh_audit_read){.count = 17, .data = (uint64_t)records};
    CHECK(call(BH_AUDIT_READ, &read) < 0 || read.count <= 16);
    read = (struct bh_audit_read){.seq = ~0ull, .count = 16, .data = (uint64_t)records};
    CHECK(call(BH_AUDIT_READ, &read) <= 0);
    read = (struct bh_audit_read){.count = 1, .reserved = 1, .data = (uint64_t)records};
    EQ(call(BH_AUDIT_READ, &read), -XEN_EINVAL);
}

void test_main(void)
{
    commands();
    platform();
    blobs(BH_DMESG_READ);
    blobs(BH_EVENTLOG_READ);
    blobs(BH_EVIDENCE_GET);
    if (rt_start_is_dom0())
        audit_records();
    else
        refused_to_tenants();
}
