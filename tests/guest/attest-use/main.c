/* SPDX-License-Identifier: MIT */
/*
 * What a guest does with attestation: its run-time registers, the check of another's report, sealed keys, counters.
 * Honest use, and every argument bent (attack rows 8, 22, 24): no pointer may hurt, no flag may give a key that is not
 * the caller's, no flood may stop others, and a register never goes back. With a TPM (test-measured) there are reports
 * and keys; without one the refusals are looked at. Two lines, "sealed KEY" and "counter N", are compared from boot to
 * boot by who runs this.
 */
#include "rt_test.h"
#include "bulkhead.h"

static long bh(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static struct bh_report report;
static uint8_t signature[64];
static bool measured;

static const unsigned long bad[] = {
    0, 0xffff800000000000ul, 0xffff838000000000ul, 0xfffffffffffffff0ul, TEST_NONCANONICAL, TEST_UNMAPPED};

static bool zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    while (n && *b == 0)
        b++, n--;
    return n == 0;
}

static void ask_report(void)
{
    struct bh_report_op op = {.report = (unsigned long)&report, .signature = (unsigned long)signature};
    long rc = bh(BH_REPORT, &op);

    measured = rc == 0;
    if (!measured) EQ(rc, -XEN_ENODEV);
}

/* --- Registers -------------------------------------------------------------------------------- */

static void registers(void)
{
    struct bh_extend e[4], twice;

    for (unsigned i = 0; i < 4; i++) {
        e[i] = (struct bh_extend){.index = i, .digest = {(uint8_t)i}};
        EQ(bh(BH_EXTEND, &e[i]), 0);
        CHECK(!zero(e[i].value, 32));
    }
    CHECK(memcmp(e[0].value, e[1].value, 32) != 0);
    /* extending with what would undo it, were it no hash, does not */
    twice = e[2];
    memcpy(twice.digest, e[2].value, 32);
    EQ(bh(BH_EXTEND, &twice), 0);
    CHECK(!zero(twice.value, 32) && memcmp(twice.value, e[2].value, 32) != 0);
    for (unsigned i = 4; i; i <<= 1) {
        struct bh_extend wrong = {.index = i};

        EQ(bh(BH_EXTEND, &wrong), -XEN_EINVAL);
        wrong = (struct bh_extend){.reserved = i};
        EQ(bh(BH_EXTEND, &wrong), -XEN_EINVAL);
    }
    ask_report();
    if (!measured) return;
    CHECK(memcmp(report.runtime[0], e[0].value, 32) == 0);
    CHECK(memcmp(report.runtime[2], twice.value, 32) == 0);
    CHECK(memcmp(report.runtime[3], e[3].value, 32) == 0);
}

/* --- Checks ------------------------------------------------------------------------------------ */

static long check(const void *r, const void *s)
{
    struct bh_report_check c = {(unsigned long)r, (unsigned long)s};

    return bh(BH_REPORT_CHECK, &c);
}

static void checks(void)
{
    static struct bh_report changed;
    uint64_t begun;

    if (!measured) {
        EQ(check(&report, signature), -XEN_ENODEV);
        return;
    }
    begun = rt_time_now();
    EQ(check(&report, signature), 0);
    rt_printf("a check takes %lu us\n", (rt_time_now() - begun) / 1000);
    for (unsigned at = 0; at < sizeof(report); at += 37) {
        changed = report;
        ((uint8_t *)&changed)[at] ^= 0x40;
        EQ(check(&changed, signature), -XEN_EBADMSG);
    }
    for (unsigned at = 0; at < 64; at += 31) {
        signature[at] ^= 1;
        EQ(check(&report, signature), -XEN_EBADMSG);
        signature[at] ^= 1;
    }
    EQ(check(&report, signature), 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        EQ(check((void *)bad[i], signature), -XEN_EFAULT);
        EQ(check(&report, (void *)bad[i]), -XEN_EFAULT);
    }
}

/* The other vCPU changes the report while it is checked: what was never signed never passes. */
static volatile unsigned stop;
static struct bh_report racing;

static void change(void *arg)
{
    while (!stop)
        racing.domid ^= *(uint32_t *)arg;
}

static void races(void)
{
    static uint32_t bit = 0x100;
    unsigned wrong = 0;

    if (!measured || rt_cpu_count() < 2) return;
    racing = report;
    racing.type[0] ^= 1; /* so no state of it is the signed one */
    NEED(rt_cpu_start(1, change, &bit) == 0);
    for (unsigned i = 0; i < 10; i++)
        wrong += check(&racing, signature) == 0;
    stop = 1;
    CHECK(rt_cpu_wait(1, 20000));
    EQ(wrong, 0);
}

/* --- Keys -------------------------------------------------------------------------------------- */

static long key(uint32_t flags, uint32_t min_svn, uint8_t context, uint8_t out[32])
{
    struct bh_seal_key k = {.flags = flags, .min_svn = min_svn, .context = {context}};
    long rc = bh(BH_SEAL_KEY, &k);

    memcpy(out, k.key, 32);
    return rc;
}

static void keys(void)
{
    uint8_t k[4][32];

    EQ(key(0, 0, 0, k[0]), -XEN_EINVAL);
    EQ(key(BH_SEAL_LABEL, 0, 0, k[0]), -XEN_EINVAL);
    EQ(key(BH_SEAL_LAUNCH | BH_SEAL_SIGNER, 0, 0, k[0]), -XEN_EINVAL);
    EQ(key(BH_SEAL_LAUNCH, 1, 0, k[0]), -XEN_EINVAL);
    for (uint32_t flag = 8; flag; flag <<= 1)
        EQ(key(BH_SEAL_LAUNCH | flag, 0, 0, k[0]), -XEN_EINVAL);
    EQ(key(BH_SEAL_SIGNER, 0, 0, k[0]), -XEN_EACCES); /* nobody signed this launch */
    CHECK(zero(k[0], 32));
    if (!measured) {
        EQ(key(BH_SEAL_LAUNCH, 0, 0, k[0]), -XEN_ENODEV);
        CHECK(zero(k[0], 32));
        return;
    }
    EQ(key(BH_SEAL_LAUNCH, 0, 0, k[0]), 0);
    EQ(key(BH_SEAL_LAUNCH, 0, 0, k[1]), 0);
    EQ(key(BH_SEAL_LAUNCH, 0, 1, k[2]), 0);
    EQ(key(BH_SEAL_LAUNCH | BH_SEAL_LABEL, 0, 0, k[3]), 0);
    CHECK(!zero(k[0], 32) && memcmp(k[0], k[1], 32) == 0);
    CHECK(memcmp(k[0], k[2], 32) != 0 && memcmp(k[0], k[3], 32) != 0 && memcmp(k[2], k[3], 32) != 0);
    rt_printf("sealed ");
    for (unsigned i = 0; i < 32; i++)
        rt_printf("%02x", k[0][i]);
    rt_printf("\n");
}

/* --- Counters ---------------------------------------------------------------------------------- */

static long count(uint32_t flags, uint32_t increment, uint64_t *value)
{
    struct bh_seal_counter c = {.flags = flags, .increment = increment};
    long rc;

    while ((rc = bh(BH_SEAL_COUNTER, &c)) == -XEN_EAGAIN)
        ;
    *value = c.value;
    return rc;
}

#define BURST 10 /* increments at once; measured.sh knows it */

static void counters(void)
{
    uint64_t first, next, begun;

    EQ(count(0, 0, &first), -XEN_EINVAL);
    EQ(count(BH_SEAL_LAUNCH, 2, &first), -XEN_EINVAL);
    EQ(count(BH_SEAL_SIGNER, 1, &first), -XEN_EACCES);
    if (!measured) {
        EQ(count(BH_SEAL_LAUNCH, 1, &first), -XEN_ENODEV);
        return;
    }
    EQ(count(BH_SEAL_LAUNCH, 1, &first), 0);
    for (unsigned i = 1; i < BURST; i++) {
        EQ(count(BH_SEAL_LAUNCH, 1, &next), 0);
        EQ(next, first + i);
    }
    begun = rt_time_now();
    for (unsigned i = 0; i < 1000; i++) /* a named limit, and no TPM command */
        EQ(count(BH_SEAL_LAUNCH, 1, &next), -XEN_EBUSY);
    rt_printf("1000 refusals take %lu us\n", (rt_time_now() - begun) / 1000);
    EQ(count(BH_SEAL_LAUNCH, 0, &next), 0);
    EQ(next, first + BURST - 1);
    rt_printf("counter %lu\n", next);
}

static void pointers(void)
{
    static const unsigned cmds[] = {BH_EXTEND, BH_REPORT_CHECK, BH_SEAL_KEY, BH_SEAL_COUNTER};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        for (unsigned c = 0; c < RT_ARRAY_SIZE(cmds); c++)
            EQ(bh(cmds[c], (void *)bad[i]), -XEN_EFAULT);
}

void test_main(void)
{
    if (!test_on_bulkhead()) test_skip("Bulkhead's own hypercall");
    registers();
    checks();
    races();
    keys();
    counters();
    pointers();
}
