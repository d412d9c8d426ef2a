/* SPDX-License-Identifier: MIT */
/* bh-extend as a program, with registers by this test: the log leads to them whatever happens, or it is refused. */
#define main bh_extend_main
int bh_extend_main(int argc, char **argv);
#include "bh_extend.c"
#undef main
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "guestprog.h"

/* --- The hypervisor ---------------------------------------------------------------------------- */

static struct world {
    uint8_t value[EXTENDLOG_REGISTERS][32];
    int extends;
    int refuse;         /* the next extend fails with this */
    int die;            /* the program is killed in place of the next extend */
    int foreign;        /* something else extends the register just before */
    int report, misses; /* reports give this, so often */
    int slow;           /* a report takes a while */
} * w;

int lxcall_open(void)
{
    return 0;
}

int attestcall_report(const uint8_t data[64], struct attestcall_report *out)
{
    static const uint8_t zero[64];

    assert_memory_equal(data, zero, 64);
    if (w->slow) usleep(50000);
    if (w->misses > 0) return w->misses--, w->report;
    memset(out, 0, sizeof(*out));
    memcpy(out->report.runtime, w->value, sizeof(w->value));
    return 0;
}

int attestcall_extend(uint32_t index, const uint8_t digest[32], uint8_t value[32])
{
    int rc = w->refuse;

    if (w->die) raise(SIGKILL);
    w->refuse = 0;
    if (rc < 0) return rc;
    if (w->foreign) extendlog_step(w->value[index], (const uint8_t[32]){7});
    w->foreign = 0;
    w->extends++;
    extendlog_step(w->value[index], digest);
    memcpy(value, w->value[index], 32);
    return 0;
}

/* --- The test ------------------------------------------------------------------------------------ */

#define RUN(...) GUESTPROG_RUN(bh_extend_main, "bh-extend", __VA_ARGS__)

static int fresh(void **state)
{
    (void)state;
    guestprog_start();
    memset(w, 0, sizeof(*w));
    setenv("BH_EXTEND_LOG", "log", 1);
    return 0;
}

static int after(void **state)
{
    (void)state;
    guestprog_stop();
    return 0;
}

static int lines(const char *name)
{
    static char text[65536];
    long n = guestprog_get(name, text, sizeof(text));
    int count = 0;

    for (long i = 0; i < n; i++)
        count += text[i] == '\n';
    return n < 0 ? -1 : count;
}

/* The log is whole, has so many lines, and leads to the registers. */
static void agrees(int count)
{
    char want[512];
    int at = 0;

    assert_int_equal(lines("log"), count);
    assert_int_equal(RUN("replay", "log"), 0);
    for (unsigned int i = 0; i < EXTENDLOG_REGISTERS; i++) {
        at += snprintf(want + at, sizeof(want) - (size_t)at, "%u ", i);
        extendlog_hex(w->value[i], 32, want + at);
        at += 64;
        want[at++] = '\n';
    }
    want[at] = '\0';
    assert_string_equal(guestprog_out, want);
}

static void each_kind(void **state)
{
    (void)state;
    guestprog_put("some file", "its bytes", 9);
    guestprog_put("list", "10 a\n10 b\n", 10);
    assert_int_equal(RUN("0", "text", "hello"), 0);
    assert_int_equal(RUN("3", "file", "some file"), 0);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(w->extends, 4);
    agrees(4);
    assert_int_equal(RUN("4", "text", "x"), 2);
    assert_int_equal(RUN("0", "text"), 2);
    assert_int_equal(RUN("0", "text", "two\nlines"), 1);
    assert_int_equal(RUN("0", "file", "missing"), 1);
    agrees(4);
}

static void a_second_boot_begins_a_new_log(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    assert_int_equal(RUN("0", "text", "b"), 0);
    memset(w->value, 0, sizeof(w->value));
    assert_int_equal(RUN("0", "text", "c"), 0);
    guestprog_said("log.1");
    agrees(1);
    assert_int_equal(lines("log.1"), 2);
}

/* Its list is extended anew, all of it. */
static void a_second_boot_begins_imas_list_anew(void **state)
{
    (void)state;
    guestprog_put("list", "10 a\n10 b\n", 10);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(w->extends, 2);
    memset(w->value, 0, sizeof(w->value));
    guestprog_put("list", "10 c\n10 a\n10 b\n", 15);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(w->extends, 5);
    agrees(3);
}

static void a_crash_between_line_and_extend(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    w->die = 1;
    assert_int_equal(RUN("0", "text", "b"), -1);
    w->die = 0;
    assert_int_equal(lines("log"), 2);
    assert_int_equal(RUN("2", "text", "c"), 0);
    agrees(2);
}

/* Its first line, too: the log of the boot before is not given up for it. */
static void a_crash_at_the_first_line_of_a_boot(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    assert_int_equal(RUN("0", "text", "b"), 0);
    memset(w->value, 0, sizeof(w->value));
    w->die = 1;
    assert_int_equal(RUN("0", "text", "c"), -1);
    w->die = 0;
    assert_int_equal(lines("log.1"), 2);
    assert_int_equal(RUN("2", "text", "d"), 0);
    assert_int_equal(lines("log.1"), 2);
    agrees(1);
}

static void a_line_that_a_crash_cut(void **state)
{
    static char text[4096];
    long n;

    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    n = guestprog_get("log", text, sizeof(text));
    strcpy(text + n, "0 12345");
    guestprog_put("log", text, (size_t)n + 7);
    assert_int_equal(RUN("replay", "log"), 1);
    guestprog_said("has no end");
    assert_int_equal(RUN("0", "text", "b"), 0);
    agrees(2);
}

static void what_somebody_else_extended_shows(void **state)
{
    static const uint8_t other[32] = {7};

    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    extendlog_step(w->value[0], other);
    assert_int_equal(RUN("0", "text", "b"), 1);
    guestprog_said("log: log and registers disagree");
    assert_int_equal(w->extends, 1);
    assert_int_equal(lines("log"), 1);
    remove("log"); /* nor is one that is gone begun anew */
    assert_int_equal(RUN("0", "text", "b"), 1);
    guestprog_said("disagree");
}

static void what_somebody_else_extends_meanwhile_shows(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    w->foreign = 1;
    assert_int_equal(RUN("0", "text", "b"), 1);
    guestprog_said("extended the register meanwhile");
    assert_int_equal(RUN("0", "text", "c"), 1);
    guestprog_said("disagree");
}

static void a_refused_extend_leaves_no_line(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    w->refuse = -EPERM;
    assert_int_equal(RUN("0", "text", "b"), 1);
    guestprog_said("refused by the policy");
    agrees(1);
}

static void without_a_report_nothing_is_done(void **state)
{
    (void)state;
    w->report = -ENODEV;
    w->misses = 1;
    assert_int_equal(RUN("0", "text", "a"), 1);
    guestprog_said("not measured");
    assert_int_equal(w->extends, 0);
    w->report = -EBUSY; /* the limit on reports: once more */
    w->misses = 2;
    assert_int_equal(RUN("0", "text", "a"), 0);
    agrees(1);
}

/* Room for a part of the line only. */
static int on_a_small_disk(int argc, char **argv)
{
    struct rlimit some = {120, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &some);
    return bh_extend_main(argc, argv);
}

static void a_full_disk_leaves_no_part_of_a_line(void **state)
{
    (void)state;
    assert_int_equal(RUN("0", "text", "a"), 0);
    assert_int_equal(GUESTPROG_RUN(on_a_small_disk, "bh-extend", "0", "text", "b"), 1);
    assert_int_equal(w->extends, 1);
    agrees(1);
    assert_int_equal(RUN("0", "text", "c"), 0);
    agrees(2);
}

static void a_long_line_is_refused_whole(void **state)
{
    static char text[TEXT_MAX + 100], list[TEXT_MAX + 200];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(RUN("0", "text", text), 1);
    guestprog_said("longer than a line");
    agrees(0);
    snprintf(list, sizeof(list), "10 a\n%s\n10 b\n", text);
    guestprog_put("list", list, strlen(list));
    assert_int_equal(RUN("0", "ima", "list"), 1);
    guestprog_said("longer than a line");
    agrees(1);
    text[TEXT_MAX - 5] = '\0'; /* the longest */
    assert_int_equal(RUN("0", "text", text), 0);
    agrees(2);
}

static void lists_and_registers_are_counted_apart(void **state)
{
    (void)state;
    guestprog_put("list", "10 a\n10 b\n", 10);
    guestprog_put("other", "10 c\n10 d\n10 e\n", 15);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(RUN("2", "ima", "list"), 0);
    assert_int_equal(w->extends, 4);
    assert_int_equal(RUN("1", "ima", "other"), 0);
    assert_int_equal(w->extends, 7);
    guestprog_put("list", "10 a\n10 b\n10 f\n", 15);
    assert_int_equal(RUN("1", "ima", "list"), 0);
    assert_int_equal(w->extends, 8);
    agrees(8);
    /* not what the log has of it */
    guestprog_put("list", "10 a\n10 x\n10 f\n10 g\n", 20);
    assert_int_equal(RUN("1", "ima", "list"), 1);
    guestprog_said("not those that the log has");
    guestprog_put("list", "10 a\n", 5);
    assert_int_equal(RUN("1", "ima", "list"), 1);
    guestprog_said("shorter");
    guestprog_put("list", "10 a\n10 b\n10 f\n10 half", 22); /* is being written */
    assert_int_equal(RUN("1", "ima", "list"), 0);
    agrees(8);
}

/* One log and its registers, whoever comes first; and the one that waited takes the new log, not the one put aside. */
static void two_at_once(void **state)
{
    int status, quiet = open("/dev/null", O_WRONLY);
    pid_t pid[4];

    (void)state;
    assert_int_equal(RUN("0", "text", "of the former boot"), 0);
    memset(w->value, 0, sizeof(w->value));
    w->slow = 1; /* all have opened the former log before it is put aside */
    for (int i = 0; i < 4; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            dup2(quiet, 1);
            dup2(quiet, 2);
            _exit(bh_extend_main(4, (char *[]){"bh-extend", "0", "text", "x", NULL}));
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    agrees(4);
    assert_int_equal(lines("log.1"), 1);
    close(quiet);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind),
        TEST(a_second_boot_begins_a_new_log),
        TEST(a_second_boot_begins_imas_list_anew),
        TEST(a_crash_between_line_and_extend),
        TEST(a_crash_at_the_first_line_of_a_boot),
        TEST(a_line_that_a_crash_cut),
        TEST(what_somebody_else_extended_shows),
        TEST(what_somebody_else_extends_meanwhile_shows),
        TEST(a_refused_extend_leaves_no_line),
        TEST(without_a_report_nothing_is_done),
        TEST(a_full_disk_leaves_no_part_of_a_line),
        TEST(a_long_line_is_refused_whole),
        TEST(lists_and_registers_are_counted_apart),
        TEST(two_at_once),
    };

    w = guestprog_shared(sizeof(*w));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
