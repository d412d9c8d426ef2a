/* SPDX-License-Identifier: MIT */
/* A guest's attestation calls: an answer that is not there yet is waited for, a limit only for a moment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "attestcall.h"
#include "attestwords.h"
#include "lxcall.h"

/* --- The hypervisor: so many answers of the one kind, then the other --------------------------------- */

static struct {
    long rc, then;
    int times, calls;
} answers;

void *lxcall_pages(size_t count)
{
    return calloc(count, 4096);
}

long lxcall_bulkhead(unsigned int cmd, void *arg)
{
    struct bh_seal_counter *c = arg;

    assert_int_equal(cmd, BH_SEAL_COUNTER);
    assert_int_equal(c->flags, BH_SEAL_LAUNCH);
    answers.calls++;
    if (answers.times != 0) return answers.times--, answers.rc;
    c->value = 7;
    return answers.then;
}

static int count(long rc, int times, long then, uint64_t *value, double *seconds)
{
    struct timespec a, b;
    int got;

    answers.rc = rc;
    answers.times = times;
    answers.then = then;
    answers.calls = 0;
    clock_gettime(CLOCK_MONOTONIC, &a);
    got = attestcall_counter(BH_SEAL_LAUNCH, 1, value);
    clock_gettime(CLOCK_MONOTONIC, &b);
    *seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    return got;
}

static void an_answer_is_waited_for(void **state)
{
    uint64_t value = 0;
    double seconds;

    (void)state;
    assert_int_equal(count(-EAGAIN, 20, 0, &value, &seconds), 0);
    assert_int_equal(value, 7);
    assert_int_equal(answers.calls, 21);
    assert_int_equal(count(-EAGAIN, 3, -EIO, &value, &seconds), -EIO);
}

static void a_limit_is_told_soon(void **state)
{
    uint64_t value;
    double seconds;

    (void)state;
    assert_int_equal(count(-EBUSY, -1, 0, &value, &seconds), -EBUSY);
    assert_true(seconds < 8);
    assert_non_null(strstr(attestwords(-EBUSY), "try again in a minute"));
    assert_int_equal(count(-EBUSY, 50, 0, &value, &seconds), 0); /* a limit that is over soon */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_answer_is_waited_for),
                                       cmocka_unit_test(a_limit_is_told_soon)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
