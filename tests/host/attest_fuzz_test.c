/* SPDX-License-Identifier: MIT */
/* The attestation fuzzers, a few seconds of each (ATTEST_FUZZ_SECONDS): from their seeds, which are good inputs of each
 * parser, without keeping what they find. Run from the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char folder[] = "/tmp/attest-fuzz-XXXXXX";

/* What it says about itself, and its exit status. */
static int shell(const char *command, char *text, size_t capacity)
{
    FILE *pipe = popen(command, "r");
    size_t size;
    int status;

    assert_non_null(pipe);
    size = fread(text, 1, capacity - 1, pipe);
    text[size] = '\0';
    while (fgetc(pipe) != EOF)
        ;
    status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void fuzz(const char *name, const char *seeds)
{
    const char *seconds = getenv("ATTEST_FUZZ_SECONDS");
    static char text[65536];
    unsigned long units = 0;
    char command[512], *at;

    snprintf(command, sizeof(command),
             "build/fuzz/%s -max_total_time=%d -max_len=8192 -verbosity=0 -print_final_stats=1 -artifact_prefix=%s/ "
             "%s %s 2>&1",
             name, seconds != NULL ? atoi(seconds) : 5, folder, folder, seeds);
    if (shell(command, text, sizeof(text)) != 0) {
        printf("%s\n%s", command, text);
        fail();
    }
    at = strstr(text, "stat::number_of_executed_units:");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "stat::number_of_executed_units: %lu", &units), 1);
    printf("  %s: %lu inputs\n", name, units);
    assert_true(units > 100);
}

static void the_parsers(void **state)
{
    (void)state;
    fuzz("attest_parse_fuzz", "build/fuzz/attest_parse_fuzz.corpus");
}

static void whole_evidence(void **state)
{
    (void)state;
    fuzz("attest_evidence_fuzz", "");
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int stop(void **state)
{
    char command[64], text[16];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return shell(command, text, sizeof(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parsers),
        cmocka_unit_test(whole_evidence),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
