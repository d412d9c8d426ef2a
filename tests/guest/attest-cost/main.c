/* SPDX-License-Identifier: MIT */
/*
 * A report costs one signature: under -icount, where a nanosecond is an instruction, no more than SIGNATURE and no more
 * the tenth time than the first. With the word "wall", on a machine without -icount: how long a report takes, and a
 * quote by the TPM, and how many of each fit into two seconds of the machine's own time. `make bench` prints the
 * figures. Row 24.
 */
#include "rt_test.h"

#include "bulkhead.h"

#define REPORTS   32u
#define SIGNATURE 8000000ul /* instructions: P-256 by mbedTLS's portable code takes about half of it */
#define WINDOW    (2 * RT_S)

static struct bh_report report;
static uint8_t signature[64];

static long ask(unsigned n)
{
    struct bh_report_op op = {.report = (uint64_t)&report, .signature = (uint64_t)signature};

    memcpy(op.report_data, &n, sizeof(n));
    return RT_HC(BH_HYPERCALL, BH_REPORT, &op, 0, 0, 0);
}

static void count_instructions(void)
{
    uint64_t first = 0, all = rt_time_now();

    for (unsigned i = 0; i < REPORTS; i++) {
        uint64_t begun = rt_time_now();
        EQ(ask(i), 0);
        if (i == 0) first = rt_time_now() - begun;
    }
    all = (rt_time_now() - all) / REPORTS;
    rt_printf("BENCH report %lu\n", all);
    CHECK_MSG(first <= SIGNATURE, "the first report took %lu instructions", first);
    CHECK_MSG(all <= SIGNATURE, "a report takes %lu instructions", all);
}

/* ---- Quotes: TPM 2.0 Library, part 3; a password session with the empty password ------------------------------- */
#define SESSION    0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0
#define HANDLE_AT  10 /* in a command, and in CreatePrimary's response */
#define NONCE_AT   29
#define ATTEST_AT  16                           /* after the sizes of parameters and of TPMS_ATTEST */
#define NONCE_BACK (ATTEST_AT + 6 + 2 + 34 + 2) /* magic and type, the signer's name (SHA-256), the size */

static uint8_t response[4096];

/* TPM_RC_RETRY: the TPM was not able to begin, and wants the same command again. */
static bool wants_it_again(long size)
{
    return size == 10 && response[8] == 9 && response[9] == 0x22;
}

static long tpm(const uint8_t *command, uint32_t size)
{
    struct bh_tpm_command c = {(uint64_t)command, size, sizeof(response), (uint64_t)response};
    long rc;

    do
        rc = RT_HC(BH_HYPERCALL, BH_TPM_COMMAND, &c, 0, 0, 0);
    while (rc == -XEN_EAGAIN || wants_it_again(rc));
    return rc;
}

static bool tpm_succeeded(void)
{
    static const uint8_t zero[4];

    return memcmp(response + 6, zero, sizeof(zero)) == 0;
}

/* A restricted P-256 signing key of the null hierarchy, for ECDSA with SHA-256. */
static void make_key(uint8_t handle[4])
{
    static const uint8_t command[] = {0x80,    2, 0,    0, 0, 65, 0,    0, 1,    0x31, 0x40, 0, 0,    7,
                                      SESSION, 0, 4,    0, 0, 0,  0,    0, 24,   0,    0x23, 0, 0x0b, 0,
                                      5,       0, 0x72, 0, 0, 0,  0x10, 0, 0x18, 0,    0x0b, 0, 3,    0,
                                      0x10,    0, 0,    0, 0, 0,  0,    0, 0,    0,    0};
    _Static_assert(sizeof(command) == 65, "as it says itself");

    NEED(tpm(command, sizeof(command)) > HANDLE_AT + 4);
    NEED(tpm_succeeded());
    memcpy(handle, response + HANDLE_AT, 4);
}

static bool quote(const uint8_t handle[4], unsigned n)
{
    /* PCR 4, 8, 9, 21, 22, as tests/bench/quote_bench.c */
    static uint8_t command[] = {
        0x80, 2, 0, 0, 0, 73, 0,    0, 1,    0x58, 0,   0, 0, 0, SESSION, 0, 32, [NONCE_AT + 32] = 0,
        0x10, 0, 0, 0, 1, 0,  0x0b, 3, 0x10, 3,    0x60};
    static const uint8_t attest[] = {0xff, 0x54, 0x43, 0x47, 0x80, 0x18};
    _Static_assert(sizeof(command) == 73, "as it says itself");

    memcpy(command + HANDLE_AT, handle, 4);
    memcpy(command + NONCE_AT, &n, sizeof(n));
    long size = tpm(command, sizeof(command));
    if (size >= NONCE_BACK + 32 && tpm_succeeded() && memcmp(response + ATTEST_AT, attest, sizeof(attest)) == 0 &&
        memcmp(response + NONCE_BACK, command + NONCE_AT, 32) == 0)
        return true;
    rt_printf("quote %u: size %ld, code %02x%02x\n", n, size, response[8], response[9]);
    return false;
}

/* Prints how many fit into the window, a second, and the mean time of one. */
static void count_calls(const char *what, const uint8_t *handle)
{
    uint64_t begun = rt_time_now(), took;
    unsigned n = 0, wrong = 0;

    while (rt_time_now() - begun < WINDOW && !wrong) {
        wrong += handle ? !quote(handle, n) : ask(n) != 0;
        n++;
    }
    took = rt_time_now() - begun;
    EQ(wrong, 0);
    rt_printf("BENCH %s-ns %lu\nBENCH %s-a-second %lu\n", what, took / n, what, n * RT_S / took);
}

void test_main(void)
{
    uint8_t handle[4];

    if (ask(0) == -XEN_ENODEV) test_skip("wants a TPM: make test-measured");
    if (!strstr((const char *)rt_start_info->cmd_line, "wall")) {
        count_instructions();
        return;
    }
    make_key(handle);
    count_calls("report", NULL);
    count_calls("quote", handle);
}
