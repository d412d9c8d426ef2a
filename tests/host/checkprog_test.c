/* SPDX-License-Identifier: MIT */
/* bh-check as a program, with reports by this test. */
#define main bh_check_main
int bh_check_main(int argc, char **argv);
#include "bh_check.c"
#undef main
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include "guestprog.h"

#define NONCE "000102030405060708090a0b0c0d0e0f"
#define OTHER "000102030405060708090a0b0c0d0e0e"

/* --- The hypervisor ---------------------------------------------------------------------------- */

static struct world {
    uint32_t flags;
    int answer; /* of report and check */
    struct bh_report last;
} * w;

int lxcall_open(void)
{
    return 0;
}

int attestcall_report(const uint8_t data[64], struct attestcall_report *out)
{
    *out = (struct attestcall_report){
        .report = {.domid = 7, .flags = w->flags, .type = "svc_t", .guest_svn = 4, .launch_digest = {0xab}}};
    memcpy(out->report.report_data, data, 64);
    memset(out->signature, 0x51, 64);
    w->last = out->report;
    return w->answer;
}

int attestcall_check(const struct bh_report *report, const uint8_t signature[64])
{
    if (w->answer < 0) return w->answer;
    return memcmp(report, &w->last, sizeof(*report)) == 0 && signature[63] == 0x51 ? 0 : -EBADMSG;
}

/* --- The test ------------------------------------------------------------------------------------ */

#define RUN(...) GUESTPROG_RUN(bh_check_main, "bh-check", __VA_ARGS__)

static int fresh(void **state)
{
    (void)state;
    guestprog_start();
    *w = (struct world){.flags = BH_FLAG_MEASURED};
    return 0;
}

static int after(void **state)
{
    (void)state;
    guestprog_stop();
    return 0;
}

static void show_to(const char *name)
{
    assert_int_equal(RUN("show", NONCE), 0);
    guestprog_put(name, guestprog_out, guestprog_out_size);
}

static void a_neighbour_is_known(void **state)
{
    (void)state;
    show_to("report");
    assert_int_equal(RUN("report", NONCE), 0);
    assert_non_null(strstr((char *)guestprog_out, "domain 7\ntype svc_t\nlaunch ab0000"));
    assert_non_null(strstr((char *)guestprog_out, "guest-svn 4\nmeasured yes\ndebug no\n"));
    assert_int_equal(RUN("report", OTHER), 1);
    guestprog_said("another nonce");
    assert_int_equal(RUN("report", NONCE, "cd00000000000000000000000000000000000000000000000000000000000000"), 1);
    guestprog_said("another launch");
    w->answer = -EBADMSG;
    assert_int_equal(RUN("report", NONCE), 1);
    guestprog_said("not signed by this hypervisor in this boot");
    w->answer = -EBUSY;
    assert_int_equal(RUN("report", NONCE), 1);
    guestprog_said("limit");
}

static void flags_are_told_and_count(void **state)
{
    (void)state;
    w->flags = BH_FLAG_MEASURED | BH_FLAG_DEBUG;
    show_to("report");
    assert_int_equal(RUN("report", NONCE), 0);
    assert_non_null(strstr((char *)guestprog_out, "debug yes\n"));
    w->flags = 0;
    show_to("report");
    assert_int_equal(RUN("report", NONCE), 1);
    guestprog_said("not measured");
    assert_int_equal(guestprog_out_size, 0);
}

/* What it shows a neighbour is no evidence for a verifier, which wants bytes 32 to 63 to be zero or a binding of its
 * choice; nor is evidence over the same nonce good for a neighbour. */
static void it_is_for_neighbours_alone(void **state)
{
    uint8_t binding[32], data[64] = {0}, nonce[16];

    (void)state;
    show_to("report");
    mbedtls_sha256_ret((const uint8_t *)"BHCHECK1", 8, binding, 0);
    assert_memory_equal(w->last.report_data + 32, binding, 32);
    unhex(NONCE, nonce, sizeof(nonce));
    mbedtls_sha256_ret(nonce, sizeof(nonce), data, 0);
    assert_memory_equal(w->last.report_data, data, 32);
    /* as bh-evidence has it made */
    memset(w->last.report_data + 32, 0, 32);
    {
        char hex[2 * BYTES + 1];
        uint8_t signature[64];

        memset(signature, 0x51, 64);
        extendlog_hex((uint8_t *)&w->last, sizeof(w->last), hex);
        extendlog_hex(signature, 64, hex + 2 * sizeof(w->last));
        guestprog_put("report", hex, strlen(hex));
    }
    assert_int_equal(RUN("report", NONCE), 1);
    guestprog_said("for another use");
}

static void usage_errors(void **state)
{
    (void)state;
    assert_int_equal(RUN("show", "00010203040506"), 2);
    assert_int_equal(RUN("show", NONCE, NONCE), 2);
    assert_int_equal(RUN("missing", NONCE), 1);
    guestprog_put("report", "00", 2);
    assert_int_equal(RUN("report", NONCE), 1);
    guestprog_said("not a report");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_neighbour_is_known),
        TEST(flags_are_told_and_count),
        TEST(it_is_for_neighbours_alone),
        TEST(usage_errors),
    };

    w = guestprog_shared(sizeof(*w));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
