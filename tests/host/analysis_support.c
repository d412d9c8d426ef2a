/* SPDX-License-Identifier: MIT */
#include "analysis_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64];

static void remove_directory(void)
{
    char path[128];
    static const char *const names[] = {"t.cil", "t.rules"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

static char *write_file(const char *name, const char *head, const char *text)
{
    if (!directory[0]) {
        strcpy(directory, "/tmp/analysis-test-XXXXXX");
        if (!mkdtemp(directory)) abort();
        atexit(remove_directory);
    }
    char *path;
    if (asprintf(&path, "%s/%s", directory, name) < 0) abort();
    FILE *f = fopen(path, "w");
    if (!f || fprintf(f, "%s%s", head, text) < 0 || fclose(f) != 0) abort();
    return path;
}

void analysis_open(struct analysis *a, const char *more, const char *rules)
{
    struct policy_error e = {""};
    char *cil = write_file("t.cil",
                           "(type dom0_t)(call control (dom0_t))"
                           "(sidcontext dom0 (system_u system_r dom0_t ((s0 (c0)) (s0 (c0)))))\n"
                           "(type a_t)(call guest (a_t))\n"
                           "(type b_t)(call guest (b_t))\n\n",
                           more);
    char *paths[3] = {strdup("policy/base.cil"), cil, NULL};
    size_t count = 2;
    if (rules) paths[count++] = write_file("t.rules", "", rules);
    memset(a, 0, sizeof(*a));
    if (polinput_load(&a->in, paths, count, &e) != 0) {
        fprintf(stderr, "analysis_open: %s\n", e.text);
        abort();
    }
    struct polworld w = {&a->in.model, &a->in.rules};
    if (polgraph_build(&a->graph, &w, &e) != 0) abort();
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
}

void analysis_close(struct analysis *a)
{
    polgraph_free(&a->graph);
    polinput_free(&a->in);
}

int analysis_prove(struct analysis *a, const char *text, char *said, size_t size)
{
    struct polspec spec;
    struct polspec_error e;
    struct policy_error why = {""};
    struct polproof proof = {0};
    int rc = 1;
    said[0] = 0;
    if (polspec_parse(&spec, text, strlen(text), &e) != 0) {
        snprintf(said, size, "%u: %s", e.line, e.text);
        rc = -1;
    } else if (polprove(&proof, "t.spec", &spec, &a->graph, &a->in.model, &a->in.cil, &why) != 0) {
        snprintf(said, size, "%s", why.text);
        rc = -1;
    }
    for (size_t i = 0; i < proof.count; i++) {
        size_t n = strlen(said);
        rc = rc == 1 ? proof.results[i].holds : rc;
        snprintf(said + n, size - n, "%s", proof.results[i].why);
    }
    polprove_free(&proof);
    polspec_free(&spec);
    return rc;
}
