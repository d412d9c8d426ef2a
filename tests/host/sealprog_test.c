/* SPDX-License-Identifier: MIT */
/* bh-seal as a program, with keys and a counter by this test: whatever the counter and the disk do, one of OUT and
 * OUT.new opens; and a file is not taken for another one, an older one, or one that is bound to less. */
#define main bh_seal_main
int bh_seal_main(int argc, char **argv);
#include "bh_seal.c"
#undef main
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "guestprog.h"

/* --- The hypervisor ---------------------------------------------------------------------------- */

static struct world {
    uint64_t counter;
    int exists, increments, most;
    int extra;             /* the next increment counts so often more */
    int always;            /* each one does */
    int answer;            /* of the next increment, where not 0 */
    int lost;              /* and that one does not count */
    int late;              /* the next increment gets an earlier one's answer, and does not count */
    int die;               /* the program is killed after it counted */
    int slow, inside, met; /* an increment takes a while; whether two were at it at once */
    uint32_t svn, launch, label;
} * w;

int lxcall_open(void)
{
    return 0;
}

int attestcall_seal_key(struct bh_seal_key *k)
{
    uint32_t identity[4] = {k->flags, k->min_svn, k->flags & BH_SEAL_LAUNCH ? w->launch : 0,
                            k->flags & BH_SEAL_LABEL ? w->label : 0};
    uint8_t input[sizeof(identity) + 32];

    if ((k->flags & BH_SEAL_SIGNER) && k->min_svn > w->svn) return -EACCES;
    memcpy(input, identity, sizeof(identity));
    memcpy(input + sizeof(identity), k->context, 32);
    mbedtls_sha256_ret(input, sizeof(input), k->key, 0);
    return 0;
}

int attestcall_counter(uint32_t flags, uint32_t increment, uint64_t *value)
{
    (void)flags;
    if (!increment) {
        *value = __atomic_load_n(&w->counter, __ATOMIC_SEQ_CST);
        return w->exists ? 0 : -ENOENT;
    }
    w->increments++;
    if (w->slow) {
        w->met |= __atomic_add_fetch(&w->inside, 1, __ATOMIC_SEQ_CST) > 1;
        usleep(20000);
        __atomic_sub_fetch(&w->inside, 1, __ATOMIC_SEQ_CST);
    }
    if (w->most && w->increments > w->most) return -EBUSY;
    if (w->late) {
        w->late = 0;
        *value = w->counter;
        return 0;
    }
    w->exists = 1;
    if (!w->lost) *value = __atomic_add_fetch(&w->counter, (uint64_t)(1 + w->extra + w->always), __ATOMIC_SEQ_CST);
    w->extra = 0;
    if (w->die) raise(SIGKILL);
    increment = (uint32_t)w->answer;
    w->answer = w->lost = 0;
    return (int)increment;
}

/* --- The test ------------------------------------------------------------------------------------ */

#define RUN(...) GUESTPROG_RUN(bh_seal_main, "bh-seal", __VA_ARGS__)

static int fresh(void **state)
{
    (void)state;
    guestprog_start();
    memset(w, 0, sizeof(*w));
    *w = (struct world){.svn = 5, .launch = 1, .label = 2};
    guestprog_put("one", "the first", 9);
    guestprog_put("two", "the second", 10);
    return 0;
}

static int after(void **state)
{
    (void)state;
    guestprog_stop();
    return 0;
}

static bool opens(const char *name, const char *text)
{
    return RUN("open", "--count", (char *)name, "-") == 0 && strcmp((char *)guestprog_out, text) == 0;
}

/* The first one is sealed, then things go wrong with the second. */
static void first(void)
{
    assert_int_equal(RUN("seal", "--count", "one", "s"), 0);
    assert_true(opens("s", "the first"));
    w->increments = 0;
}

static void counted(void **state)
{
    (void)state;
    first();
    assert_int_equal(guestprog_get("s.new", guestprog_out, 1), -1);
    rename("s", "old");
    assert_int_equal(RUN("seal", "--count", "two", "s"), 0);
    assert_int_equal(w->increments, 1);
    assert_true(opens("s", "the second"));
    assert_false(opens("old", "the first"));
    guestprog_said("an old copy");
}

static void more_was_counted_than_by_us(void **state)
{
    (void)state;
    first();
    w->extra = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 0);
    assert_true(opens("s", "the second"));
    w->extra = 3;
    assert_int_equal(RUN("seal", "--count", "one", "s"), 0);
    assert_true(opens("s", "the first"));
    w->always = 1;
    w->increments = 0;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 1);
    guestprog_said("counts all the time");
    assert_int_equal(w->increments, 8);
    assert_true(opens("s", "the second"));
}

/* The limit on increments sets in while the file has to be sealed once more. */
static void the_limit_sets_in(void **state)
{
    (void)state;
    first();
    w->extra = 1;
    w->most = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 1);
    guestprog_said("try again in a minute");
    assert_true(opens("s", "the second"));
    assert_int_equal(RUN("seal", "--count", "one", "s"), 1);
    assert_true(opens("s", "the second"));
}

/* One count a minute: the run after a refused one is done with one. */
static void one_count_a_run_is_enough(void **state)
{
    (void)state;
    first();
    w->most = 1;
    w->increments = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 1);
    w->increments = 0;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 0);
    assert_true(opens("s", "the second"));
}

static void an_earlier_answer_comes_late(void **state)
{
    (void)state;
    first();
    w->late = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 0);
    assert_int_equal(w->increments, 2);
    assert_true(opens("s", "the second"));
}

static void unknown_outcomes(void **state)
{
    static const int answers[] = {-ETIMEDOUT, -EIO, -EBUSY};

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        for (int lost = 0; lost < 2; lost++) {
            first();
            w->answer = answers[i];
            w->lost = lost;
            assert_int_equal(RUN("seal", "--count", "two", "s"), 1);
            guestprog_said("s.new: kept");
            assert_true(lost ? opens("s", "the first") : opens("s.new", "the second"));
            /* the next one ends it */
            assert_int_equal(RUN("seal", "--count", "one", "s"), 0);
            assert_true(opens("s", "the first"));
            assert_int_equal(guestprog_get("s.new", guestprog_out, 1), -1);
        }
    }
}

static void killed_after_the_count(void **state)
{
    (void)state;
    first();
    w->die = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), -1);
    w->die = 0;
    assert_true(opens("s.new", "the second"));
    assert_false(opens("s", "the first"));
    /* The disk is full now: the valid file is not lost to the next run. */
    assert_int_equal(
        guestprog_run(bh_seal_main, (char *[]){"bh-seal", "seal", "--count", "one", "s", NULL}, true, false), 1);
    assert_true(opens("s", "the second") || opens("s.new", "the second"));
    assert_int_equal(RUN("seal", "--count", "one", "s"), 0);
    assert_true(opens("s", "the first"));
}

static void a_file_of_others_in_the_way_stays(void **state)
{
    char there[16] = {0};

    (void)state;
    first();
    guestprog_put("s.new", "rubbish", 7);
    assert_int_equal(RUN("seal", "--count", "two", "s"), 1);
    guestprog_said("move it away");
    assert_int_equal(guestprog_get("s.new", there, sizeof(there)), 7);
    assert_string_equal(there, "rubbish");
    assert_true(opens("s", "the first"));
    assert_int_equal(w->increments, 0);
}

static void two_at_once(void **state)
{
    pid_t pid[2];
    int status;

    (void)state;
    first();
    for (int round = 0; round < 20; round++) {
        w->slow = round < 5;
        for (int i = 0; i < 2; i++) {
            pid[i] = fork();
            if (pid[i] == 0)
                _exit(bh_seal_main(5, (char *[]){"bh-seal", "seal", "--count", i ? "one" : "two", "s", NULL}));
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
            assert_int_equal(status, 0);
        }
        assert_true(opens("s", "the first") || opens("s", "the second"));
    }
    assert_false(w->met); /* between reading the counter and the end nobody else counts for this file */
}

/* One nonce serves all files only because no two have one key. */
static void no_key_serves_twice(void **state)
{
    uint8_t before[512], now[512];

    (void)state;
    first();
    w->always = 1;
    w->most = 1;
    assert_int_equal(RUN("seal", "--count", "two", "s"), 1); /* both are of this run */
    assert_true(guestprog_get("s", before, sizeof(before)) > 56);
    assert_true(guestprog_get("s.new", now, sizeof(now)) > 56);
    assert_memory_not_equal(before + 24, now + 24, 32);
}

/* --- What is opened ------------------------------------------------------------------------------- */

static void a_file_that_is_bound_to_less_is_refused(void **state)
{
    (void)state;
    assert_int_equal(RUN("seal", "one", "plain"), 0);
    assert_int_equal(RUN("seal", "--label", "one", "label"), 0);
    assert_int_equal(RUN("seal", "--count", "one", "counted"), 0);
    assert_int_equal(RUN("seal", "--signer", "3", "--label", "one", "three"), 0);
    assert_int_equal(RUN("seal", "--signer", "5", "one", "five"), 0);
    assert_int_equal(RUN("open", "--count", "plain", "-"), 1);
    guestprog_said("not counted");
    assert_int_equal(RUN("open", "--label", "plain", "-"), 1);
    guestprog_said("not bound to the label");
    assert_int_equal(RUN("open", "--signer", "4", "plain", "-"), 1);
    guestprog_said("not bound to a signer");
    assert_int_equal(RUN("open", "--signer", "4", "three", "-"), 1);
    guestprog_said("lower version");
    assert_int_equal(RUN("open", "--label", "three", "-"), 1);
    guestprog_said("not to this launch");
    assert_int_equal(guestprog_out_size, 0);
    assert_int_equal(RUN("open", "--signer", "3", "three", "-"), 0);
    assert_int_equal(RUN("open", "--signer", "3", "--label", "three", "-"), 0);
    assert_int_equal(RUN("open", "--signer", "4", "five", "-"), 0);
    assert_int_equal(RUN("open", "--label", "label", "-"), 0);
    assert_int_equal(RUN("open", "--count", "counted", "-"), 0);
    assert_string_equal(guestprog_out, "the first");
}

static void files_of_one_guest_are_told_apart_by_name(void **state)
{
    (void)state;
    assert_int_equal(RUN("seal", "--name", "disk", "one", "a"), 0);
    assert_int_equal(RUN("seal", "--name", "mail", "two", "b"), 0);
    assert_int_equal(RUN("seal", "two", "c"), 0);
    assert_int_equal(RUN("open", "--name", "disk", "a", "-"), 0);
    assert_int_equal(RUN("open", "--name", "disk", "b", "-"), 1);
    guestprog_said("another name");
    assert_int_equal(RUN("open", "--name", "disk", "c", "-"), 1);
    guestprog_said("no name");
}

static void without_options_it_is_told_what_the_file_is_bound_to(void **state)
{
    (void)state;
    assert_int_equal(RUN("seal", "--label", "one", "a"), 0);
    assert_int_equal(RUN("open", "a", "-"), 0);
    guestprog_said("bound to the launch, and the label; not counted: any older one opens as well; no name\n");
    assert_int_equal(guestprog_run(bh_seal_main, (char *[]){"bh-seal", "open", "a", "-", NULL}, false, true), 0);
    assert_string_equal(guestprog_out, "the first"); /* not amid the data */
    assert_int_equal(RUN("seal", "--signer", "3", "--count", "--name", "x", "one", "b"), 0);
    assert_int_equal(RUN("open", "b", "opened"), 0);
    guestprog_said("bound to the signer, version 3 or higher; counted, the newest; it has a name");
}

static void usage_errors(void **state)
{
    (void)state;
    assert_int_equal(RUN("seal", "--count", "one", "-"), 2);
    assert_int_equal(RUN("seal", "--signer", "x", "one", "a"), 2);
    assert_int_equal(RUN("seal", "--signer", "-1", "one", "a"), 2);
    assert_int_equal(RUN("open", "--signer", "4294967296", "one", "a"), 2);
    assert_int_equal(RUN("open", "--name", "a", "--name", "b", "one", "a"), 2);
    assert_int_equal(RUN("open", "one"), 2);
    assert_int_equal(RUN("shut", "one", "a"), 2);
}

/* --- What is written ------------------------------------------------------------------------------ */

static void a_link_stays_one(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    guestprog_put("d/real", "", 0);
    assert_int_equal(symlink("d/real", "link"), 0);
    assert_int_equal(RUN("seal", "one", "link"), 0);
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(RUN("open", "d/real", "-"), 0);
    assert_string_equal((char *)guestprog_out, "the first");
    unlink("d/real");
    rmdir("d");
}

static void secrets_are_for_their_owner_alone(void **state)
{
    struct stat st;

    (void)state;
    umask(022);
    assert_int_equal(RUN("seal", "one", "a"), 0);
    assert_int_equal(RUN("open", "a", "opened"), 0);
    assert_int_equal(stat("opened", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_full_disk_leaves_what_was_there(void **state)
{
    char there[32] = {0};

    (void)state;
    assert_int_equal(RUN("seal", "one", "a"), 0);
    guestprog_put("opened", "of old", 6);
    assert_int_equal(guestprog_run(bh_seal_main, (char *[]){"bh-seal", "open", "a", "opened", NULL}, true, false), 1);
    assert_int_equal(guestprog_get("opened", there, sizeof(there)), 6);
    assert_int_equal(guestprog_run(bh_seal_main, (char *[]){"bh-seal", "seal", "two", "a", NULL}, true, false), 1);
    guestprog_said("a: File too large");
    assert_int_equal(RUN("open", "a", "-"), 0);
    assert_string_equal(guestprog_out, "the first");
    assert_int_equal(RUN("open", "a", "/dev/full"), 1); /* a device is written to, not replaced */
    guestprog_said("No space left");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counted),
        TEST(more_was_counted_than_by_us),
        TEST(the_limit_sets_in),
        TEST(one_count_a_run_is_enough),
        TEST(a_link_stays_one),
        TEST(an_earlier_answer_comes_late),
        TEST(unknown_outcomes),
        TEST(killed_after_the_count),
        TEST(a_file_of_others_in_the_way_stays),
        TEST(two_at_once),
        TEST(no_key_serves_twice),
        TEST(a_file_that_is_bound_to_less_is_refused),
        TEST(files_of_one_guest_are_told_apart_by_name),
        TEST(without_options_it_is_told_what_the_file_is_bound_to),
        TEST(usage_errors),
        TEST(secrets_are_for_their_owner_alone),
        TEST(a_full_disk_leaves_what_was_there),
    };

    w = guestprog_shared(sizeof(*w));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
