/* SPDX-License-Identifier: MIT */
/* Runs each test in a process of its own, since the code under test keeps state for a whole boot. Include after
 * cmocka.h. */
#ifndef RUN_APART_H
#define RUN_APART_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int run_apart(const struct CMUnitTest *tests, size_t n)
{
    int failed = 0;

    for (size_t i = 0; i < n; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0) exit(_cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL));
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) failed++;
    }
    fprintf(stderr, "%zu tests, %d failed\n", n, failed);
    return failed != 0;
}

#endif
