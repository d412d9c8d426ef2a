/* SPDX-License-Identifier: MIT */
/* bh-verify: a relying party's command. Everything that decides is in attest/verify. */
#include "toolfile.h"
#include "verify_explain.h"
#include "verify_options.h"
#include "verify_show.h"
#include "../format/evidence_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char *const toolfile_program = "bh-verify";

/* Details are printable ASCII: findings_add() sees to it. */
static void print_json_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static int json_verdict(const struct findings *findings, bool accepted)
{
    printf("{\"verdict\": \"%s\", \"checks\": [", accepted ? "ACCEPTED" : "REJECTED");
    for (size_t i = 0; i < findings->count; i++) {
        const struct findings_item *item = &findings->item[i];

        printf("%s\n {\"code\": \"%s\", \"state\": \"%s\", \"detail\": ", i == 0 ? "" : ",", findings_name(item->code),
               findings_state_name(item->state));
        print_json_text(item->detail);
        putchar('}');
    }
    puts("\n]}");
    return accepted ? 0 : 1;
}

/* The codes whose worst line is of that state; how many there were. */
static unsigned int print_codes(const struct findings *findings, enum findings_state state)
{
    unsigned int count = 0;

    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        if (findings_state_of(findings, (enum findings_code)code) == state)
            printf("%s%s", count++ == 0 ? "" : " ", findings_name((enum findings_code)code));
    }
    return count;
}

static bool any_of(const struct findings *findings, enum findings_state state)
{
    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        if (findings_state_of(findings, (enum findings_code)code) == state) return true;
    }
    return false;
}

static int verdict(const struct findings *findings, bool accepted)
{
    for (size_t i = 0; i < findings->count; i++)
        printf("%-8s %-12s %s\n", findings_state_name(findings->item[i].state), findings_name(findings->item[i].code),
               findings->item[i].detail);
    if (accepted) {
        puts("verdict: ACCEPTED");
        return 0;
    }
    printf("verdict: REJECTED (");
    if (print_codes(findings, FINDINGS_FAIL) != 0 && any_of(findings, FINDINGS_NOT_MADE)) printf("; ");
    if (any_of(findings, FINDINGS_NOT_MADE)) {
        printf("not made: ");
        print_codes(findings, FINDINGS_NOT_MADE);
    }
    puts(")");
    return 1;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* From bytes to verdict, each time from the start: nothing is kept in between. */
static void measure_time(struct verify_options *s, struct findings *findings)
{
    uint64_t *each = calloc(s->bench, sizeof(*each));
    FILE *out = s->json ? stderr : stdout; /* JSON stays JSON */
    struct timespec from, to;

    for (uint32_t i = 0; each != NULL && i < s->bench; i++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        verify_evidence(s->evidence_file, &s->wanted, findings);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        each[i] = (uint64_t)((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec);
    }
    if (each == NULL) return;
    fprintf(out, "one verification: first %.3f ms,", (double)each[0] / 1e6);
    qsort(each, s->bench, sizeof(*each), compare);
    fprintf(out, " median %.3f ms, 99 of 100 below %.3f ms (CPU time, %u times)\n", (double)each[s->bench / 2] / 1e6,
            (double)each[(uint64_t)s->bench * 99 / 100] / 1e6, s->bench);
    free(each);
}

static int explain(const struct verify_options *s)
{
    struct verify_explain_files files = {0};
    int rc = 0;

    for (int i = 0; rc == 0 && i < s->file_count; i++) {
        struct bytes content = toolfile_read(s->files[i], 1u << 30);

        if (content.data == NULL) rc = 2;
        if (rc == 0 && verify_explain_add(&files, s->files[i], content) != 0) {
            toolfile_complain("%s: no memory for its names", s->files[i]);
            rc = 2;
        }
        toolfile_free(content);
    }
    if (rc == 0) verify_explain_refs(s->wanted.refs, &files);
    verify_explain_free(&files);
    return rc;
}

static int run(struct verify_options *s, const char *verb)
{
    struct findings findings;
    bool accepted;
    int rc;

    if (verb != NULL && strcmp(verb, "explain") == 0) {
        if (s->wanted.refs == NULL) return verify_options_usage();
        return explain(s);
    }
    rc = verb == NULL ? verify_options_complete(s) : s->evidence_path == NULL ? verify_options_usage() : 0;
    if (rc != 0) return rc;
    s->evidence_file = toolfile_read_evidence(s->evidence_path, EVIDENCE_MAX);
    if (s->evidence_file.data == NULL) return 2;
    if (verb != NULL) return verify_show(s->evidence_path, s->evidence_file, s->json);
    if (s->bench != 0) measure_time(s, &findings);
    accepted = verify_evidence(s->evidence_file, &s->wanted, &findings);
    return s->json ? json_verdict(&findings, accepted) : verdict(&findings, accepted);
}

int main(int argc, char **argv)
{
    static struct verify_options options;
    const char *verb;
    int rc;

    setenv("TSS2_LOG", "all+NONE", 0); /* PARSE says it */
    rc = verify_options_read(&options, argc, argv, &verb);
    if (rc == 0) rc = run(&options, verb);
    verify_options_close(&options);
    return rc;
}
