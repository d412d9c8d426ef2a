/* SPDX-License-Identifier: MIT */
/*
 * Reports, evidence, event log and the TPM, honest and hostile. With a TPM the answers are looked at; without one
 * the refusals. The boot domain serves the TPM; a tenant gets its report and reads the evidence, and no more. No
 * pointer and no size may hurt (attack rows 8, 22, 24); no TPM command may come near a PCR, the hierarchies or
 * another's keys. Signatures are checked by the host test and by bh-verify.
 */
#include "rt_test.h"
#include "bulkhead.h"

static long bh(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static long tpm(const uint8_t *command, uint32_t size);

static uint8_t buffer[8192] __attribute__((aligned(4096)));
static struct bh_report report, second;
static uint8_t signature[64], second_signature[64];
static uint8_t salt[32];
static bool measured, control;

/* A tenant is held to the policy's reports a second; then it asks again. */
static long ask_report(struct bh_report_op *op)
{
    long rc;

    while ((rc = bh(BH_REPORT, op)) == -XEN_EBUSY && !control)
        rt_time_spin(50 * RT_MS);
    return rc;
}

static long ask(uint8_t data, struct bh_report *r, uint8_t *sig)
{
    struct bh_report_op op = {.report = (unsigned long)r, .signature = (unsigned long)sig, .salt = (unsigned long)salt};

    memset(op.report_data, data, sizeof(op.report_data));
    return ask_report(&op);
}

static bool all(const uint8_t *p, size_t n, uint8_t v)
{
    while (n && *p == v)
        p++, n--;
    return n == 0;
}

static void print(const char *what, const void *p, size_t n)
{
    rt_printf("%s ", what);
    for (size_t i = 0; i < n; i++)
        rt_printf("%02x", ((const uint8_t *)p)[i]);
    rt_printf("\n");
}

static void platform_agrees(void)
{
    struct bh_platform_info info;

    EQ(bh(BH_PLATFORM_INFO, &info), 0);
    EQ(!!(info.flags & BH_FLAG_MEASURED), measured);
    if (!measured) {
        CHECK(all(info.hv_pubkey, 64, 0));
        return;
    }
    CHECK(memcmp(report.policy_digest, info.policy_digest, 32) == 0);
    EQ(report.policy_version, info.policy_version);
    print("pubkey", info.hv_pubkey, 64);
}

static void reports(void)
{
    uint64_t begun;
    long rc;

    memset(&report, 0xee, sizeof(report));
    rc = ask(0x5c, &report, signature);
    measured = rc == 0;
    rt_printf("this boot is %smeasured\n", measured ? "" : "un");
    if (control) platform_agrees();
    if (!measured) {
        EQ(rc, -XEN_ENODEV);
        CHECK(all((uint8_t *)&report, sizeof(report), 0xee));
        return;
    }
    CHECK(memcmp(report.magic, "BHREPT2", 8) == 0);
    EQ(report.version, 2);
    EQ(report.domid == 0, control);
    CHECK(report.flags & BH_FLAG_MEASURED);
    CHECK(all(report.report_data, 64, 0x5c));
    CHECK(memcmp(report.launch.magic, "BHLNCH1", 8) == 0);
    EQ(report.launch.memory_kib == 0, control);
    CHECK(!all(report.launch.kernel, 32, 0));
    CHECK(!all(report.launch_digest, 32, 0));
    CHECK(!all(signature, 64, 0));
    begun = rt_time_now();
    for (int i = 0; i < 10; i++)
        EQ(ask((uint8_t)i, &second, second_signature), 0);
    rt_printf("a report takes %lu us\n", (rt_time_now() - begun) / 10000);
    EQ(report.counter, 1); /* the first that this domain asked for */
    EQ(second.counter, 11);
    EQ(second.report_data[63], 9);
    CHECK(memcmp(report.boot_id, second.boot_id, 32) == 0);
    CHECK(memcmp(signature, second_signature, 64) != 0);
    print("report", &report, sizeof(report));
    print("signature", signature, 64);
}

static const unsigned long bad[] = {
    0, 0xffff800000000000ul, 0xffff838000000000ul, 0xfffffffffffffff0ul, TEST_NONCANONICAL, TEST_UNMAPPED};

/* The salt is the domain's for its life, whoever does not ask is not told, and a wrong place for it is an error. */
static void salts(void)
{
    struct bh_report_op op = {.report = (unsigned long)&second, .signature = (unsigned long)second_signature};
    uint8_t first[32];

    if (!measured) return;
    memcpy(first, salt, 32);
    CHECK(!all(first, 32, 0));
    memset(salt, 0xee, 32);
    EQ(ask_report(&op), 0);
    CHECK(all(salt, 32, 0xee));
    CHECK(memcmp(report.compartment_hash, second.compartment_hash, 32) == 0);
    EQ(ask(1, &second, second_signature), 0);
    CHECK(memcmp(first, salt, 32) == 0);
    for (unsigned i = 1; i < RT_ARRAY_SIZE(bad); i++) {
        op.salt = bad[i];
        EQ(ask_report(&op), -XEN_EFAULT);
    }
    print("salt", first, 32);
}

/* Each vCPU asks for its own, at the same time; now and then two ask for the very same. */
static struct bh_report per_cpu_report[2];
static uint8_t per_cpu_signature[2][64];
static unsigned per_cpu_wrong[2];

static void ask_many(void *arg)
{
    unsigned cpu = (unsigned)(unsigned long)arg;

    for (unsigned i = 0; i < 16; i++) {
        uint8_t data = (uint8_t)(i % 8 ? i * 2 + cpu : 0);

        if (ask(data, &per_cpu_report[cpu], per_cpu_signature[cpu]) != 0 ||
            !all(per_cpu_report[cpu].report_data, 64, data))
            per_cpu_wrong[cpu]++;
    }
}

static void at_the_same_time(void)
{
    if (!measured || rt_cpu_count() < 2) return;
    NEED(rt_cpu_start(1, ask_many, (void *)1) == 0);
    ask_many((void *)0);
    CHECK(rt_cpu_wait(1, 20000));
    EQ(per_cpu_wrong[0], 0);
    EQ(per_cpu_wrong[1], 0);
}

static void bad_pointers(void)
{
    struct bh_report_op op = {.signature = (unsigned long)signature};
    struct bh_blob blob = {.size = 16};
    uint8_t get_random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16};
    struct bh_tpm_command tpm = {.command_size = 12, .response_size = 64};
    static const unsigned cmds[] = {BH_REPORT, BH_EVIDENCE_PUT, BH_EVIDENCE_GET, BH_EVENTLOG_READ, BH_TPM_COMMAND};
    long rc;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        /* Who may not ask is told so before the pointer is looked at; which TPM command it is, is behind the pointer.
         */
        for (unsigned c = 0; c < RT_ARRAY_SIZE(cmds); c++)
            EQ(bh(cmds[c], (void *)bad[i]),
               !control && (cmds[c] == BH_EVIDENCE_PUT || cmds[c] == BH_EVENTLOG_READ) ? -XEN_EPERM : -XEN_EFAULT);
        op.report = bad[i];
        if (measured) EQ(ask_report(&op), -XEN_EFAULT);
        blob = (struct bh_blob){.size = 16, .data = bad[i]};
        EQ(bh(BH_EVENTLOG_READ, &blob), !control ? -XEN_EPERM : measured ? -XEN_EFAULT : 0);
        blob = (struct bh_blob){.size = 16, .total = 32, .data = bad[i]};
        EQ(bh(BH_EVIDENCE_PUT, &blob), control ? -XEN_EFAULT : -XEN_EPERM);
        tpm.command = bad[i];
        tpm.response = (unsigned long)buffer;
        EQ(bh(BH_TPM_COMMAND, &tpm), -XEN_EFAULT);
        if (!measured || !control) continue;
        tpm.command = (unsigned long)get_random;
        tpm.response = bad[i];
        do
            rc = bh(BH_TPM_COMMAND, &tpm);
        while (rc == -XEN_EAGAIN);
        EQ(rc, -XEN_EFAULT);
    }
    if (!measured || !control) return;
    tpm.response = (unsigned long)buffer; /* the response of the last one waits still */
    do
        rc = bh(BH_TPM_COMMAND, &tpm);
    while (rc == -XEN_EAGAIN);
    EQ(rc, 28);
}

/* What the policy lets nobody but the provisioning service do. */
static void refused_to_tenants(void)
{
    struct bh_blob blob = {.size = 16, .total = 16, .data = (unsigned long)buffer};
    uint8_t random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16};

    EQ(bh(BH_EVIDENCE_PUT, &blob), -XEN_EPERM);
    EQ(bh(BH_EVENTLOG_READ, &blob), -XEN_EPERM);
    EQ(tpm(random, 12), -XEN_EPERM);
    blob = (struct bh_blob){.size = 4096, .data = (unsigned long)buffer};
    CHECK(bh(BH_EVIDENCE_GET, &blob) >= 0);
    blob.size = 4097;
    EQ(bh(BH_EVIDENCE_GET, &blob), -XEN_EINVAL);
}

static void evidence(void)
{
    struct bh_blob blob = {.size = 4096, .total = 6000, .data = (unsigned long)buffer};

    for (unsigned i = 0; i < sizeof(buffer); i++)
        buffer[i] = (uint8_t)(i * 13);
    EQ(bh(BH_EVIDENCE_PUT, &blob), 4096);
    blob.offset = 4095;
    EQ(bh(BH_EVIDENCE_PUT, &blob), -XEN_EINVAL);
    blob = (struct bh_blob){.offset = 4096, .size = 1904, .total = 6000, .data = (unsigned long)buffer + 4096};
    EQ(bh(BH_EVIDENCE_PUT, &blob), 1904);
    memset(buffer, 0, sizeof(buffer));
    blob = (struct bh_blob){.size = 4096, .data = (unsigned long)buffer};
    EQ(bh(BH_EVIDENCE_GET, &blob), 4096);
    EQ(blob.total, 6000);
    blob.offset = 4096;
    blob.data += 4096;
    EQ(bh(BH_EVIDENCE_GET, &blob), 1904);
    for (unsigned i = 0; i < 6000; i++)
        if (buffer[i] != (uint8_t)(i * 13)) test_failure("evidence differs at %u", i);
    CHECK(all(buffer + 6000, sizeof(buffer) - 6000, 0));
    blob = (struct bh_blob){.size = 4097, .total = 8000, .data = (unsigned long)buffer};
    EQ(bh(BH_EVIDENCE_PUT, &blob), -XEN_EINVAL);
    EQ(bh(BH_EVIDENCE_GET, &blob), -XEN_EINVAL);
    blob = (struct bh_blob){.size = 16, .total = BH_EVIDENCE_MAX + 1, .data = (unsigned long)buffer};
    EQ(bh(BH_EVIDENCE_PUT, &blob), -XEN_EINVAL);
}

static long tpm(const uint8_t *command, uint32_t size)
{
    struct bh_tpm_command c = {(unsigned long)command, size, sizeof(buffer) / 2, (unsigned long)buffer};
    long rc;

    do
        rc = bh(BH_TPM_COMMAND, &c);
    while (rc == -XEN_EAGAIN);
    return rc;
}

static uint32_t code(void)
{
    return (uint32_t)buffer[6] << 24 | (uint32_t)buffer[7] << 16 | (uint32_t)buffer[8] << 8 | buffer[9];
}

/* Every command code: none but the listed ones reaches the TPM, whatever handles come with it. */
static void forbidden(void)
{
    uint8_t cmd[27] = {0x80, 2, 0, 0, 0, 27, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 9, 0x40, 0, 0, 9};
    static const uint16_t never[] = {0x11f, 0x120, 0x121, 0x122, 0x124, 0x126, 0x127, 0x128, 0x129, 0x12a, 0x12b, 0x12c,
                                     0x12d, 0x130, 0x132, 0x133, 0x134, 0x135, 0x136, 0x137, 0x138, 0x139, 0x13a, 0x13b,
                                     0x13c, 0x13d, 0x13e, 0x13f, 0x140, 0x142, 0x143, 0x144, 0x145, 0x146, 0x148, 0x149,
                                     0x14a, 0x14b, 0x14f, 0x152, 0x154, 0x15c, 0x182, 0x185, 0x18b};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(never); i++) {
        cmd[8] = (uint8_t)(never[i] >> 8);
        cmd[9] = (uint8_t)never[i];
        EQ(tpm(cmd, sizeof(cmd)), -XEN_EPERM);
    }
    cmd[0] = 0x55;
    EQ(tpm(cmd, sizeof(cmd)), -XEN_EINVAL);
    EQ(tpm(cmd, 9), -XEN_EINVAL);
    EQ(tpm(cmd, 4097), -XEN_EINVAL);
}

static void commands(void)
{
    uint8_t random[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 16}, first[16];
    uint8_t read21[20] = {0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e, 0, 0, 0, 1, 0, 0x0b, 3, 0, 0, 0x20};
    uint8_t cut[22] = {0x80, 1, 0, 0, 0, 22, 0, 0, 1, 0x7a, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 127};

    if (!measured) {
        EQ(tpm(random, 12), -XEN_ENODEV);
        return;
    }
    EQ(tpm(random, 12), 28);
    EQ(code(), 0);
    memcpy(first, buffer + 12, 16);
    EQ(tpm(random, 12), 28);
    CHECK(memcmp(first, buffer + 12, 16) != 0);
    EQ(tpm(read21, 20), 62);
    EQ(code(), 0);
    CHECK(!all(buffer + 30, 32, 0xff));
    CHECK(!all(buffer + 30, 32, 0));
    print("pcr21", buffer + 30, 32);
    CHECK(tpm(cut, 22) > 100); /* all properties: a long answer */
    EQ(code(), 0);
    for (int i = 0; i < 50; i++)
        EQ(tpm(random, 12), 28);
}

static void event_log(void)
{
    struct bh_blob blob = {.size = 4096, .data = (unsigned long)buffer};
    long n = bh(BH_EVENTLOG_READ, &blob);
    unsigned records = 0;

    EQ(blob.total, n);
    for (long at = 0; at < n; records++) {
        uint32_t size;

        memcpy(&size, buffer + at + 40, 4);
        at += 44 + (long)size;
        CHECK(at <= n);
    }
    EQ(records, measured ? 4 : 0);
    if (measured) print("log", buffer, (size_t)n);
}

void test_main(void)
{
    if (!test_on_bulkhead()) test_skip("Bulkhead's own hypercall");
    control = rt_start_info->flags & SIF_INITDOMAIN;
    reports();
    salts();
    at_the_same_time();
    bad_pointers();
    forbidden();
    if (!control) {
        refused_to_tenants();
        return;
    }
    event_log();
    evidence();
    commands();
}
