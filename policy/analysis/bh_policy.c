/* SPDX-License-Identifier: MIT */
/* bh-policy: what an auditor asks a policy. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonout.h"
#include "policy_file.h"
#include "polcheck.h"
#include "poldiff.h"
#include "polexplain.h"
#include "polinput.h"
#include "polprove.h"
#include "polreport.h"
#include "polshow.h"
#include "polsvg.h"

static const char usage[] =
    "usage: bh-policy check [--codes] [--strict] [--json] FILE...   what an auditor would ask about\n"
    "       bh-policy explain A B [--class C] [--json] FILE...      which rule lets type A reach type B, and why not\n"
    "       bh-policy explain --types FILE...                       the types that there are\n"
    "       bh-policy flows [--rules] [--dot|--svg|--json] FILE...  who can inform or control whom\n"
    "       bh-policy prove [--json] FILE...                        decides the assertions of the .spec files\n"
    "       bh-policy diff OLD NEW [--json]                         what became possible; each a list: "
    "a.cil,b.cil,c.rules\n"
    "       bh-policy report -o OUT.html [--title T] [--key KEY.pem] FILE... one page for an audit's file\n"
    "FILE by its ending: .cil (sources; base.cil among them), .bin (secilc's), .rules, .bhp, .spec; README.md has the "
    "rest.\n"
    "Status: 0 all well, 1 findings, an assertion that does not hold, differences; 2 input that cannot be used.\n";

static int __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("bh-policy: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return 2;
}

struct options {
    bool json, dot, svg, rules, strict, codes, types, all;
    const char *class_name, *out, *title, *key;
};

/* A policy read, with its graph. */
struct subject {
    struct polinput in;
    struct polgraph graph;
    struct polspec *specs;
    const struct polfile **spec_files;
    size_t spec_count;
};

static int read_specs(struct subject *s, struct policy_error *e)
{
    s->specs = calloc(s->in.count + 1, sizeof(*s->specs));
    s->spec_files = calloc(s->in.count + 1, sizeof(*s->spec_files));
    for (const struct polfile *f = polinput_next(&s->in, NULL, ".spec"); f; f = polinput_next(&s->in, f, ".spec")) {
        struct polspec_error why;
        s->spec_files[s->spec_count] = f;
        if (polspec_parse(&s->specs[s->spec_count++], (const char *)f->data, f->size, &why) != 0) {
            snprintf(e->text, sizeof(e->text), "%.250s:%u: %s", f->path, why.line, why.text);
            return -1;
        }
    }
    return 0;
}

static int open_subject(struct subject *s, char *const *paths, int count)
{
    struct policy_error e = {""};
    memset(s, 0, sizeof(*s));
    if (polinput_load(&s->in, paths, (size_t)count, &e) != 0 || read_specs(s, &e) != 0) return complain("%s", e.text);
    struct polworld w = {&s->in.model, &s->in.rules};
    if (polgraph_build(&s->graph, &w, &e) != 0) return complain("%s", e.text);
    return 0;
}

static void close_subject(struct subject *s)
{
    for (size_t i = 0; i < s->spec_count; i++)
        polspec_free(&s->specs[i]);
    free(s->specs);
    free(s->spec_files);
    polgraph_free(&s->graph);
    polinput_free(&s->in);
}

/* ---- Commands -------------------------------------------------------------------------------------- */

static void print_finding(const struct polfinding *f)
{
    printf("%s%s%s: %s: %s", f->where, *f->where ? ": " : "",
           f->because ? "accepted" : pol_severity_names[f->code->severity], f->code->code, f->text);
    if (f->because) printf(" (%s)", f->because);
    putchar('\n');
}

static void json_findings(const struct polfindings *f)
{
    struct jsonout j = {.file = stdout};
    jsonout_open(&j, NULL, '[');
    for (size_t i = 0; i < f->count; i++) {
        jsonout_open(&j, NULL, '{');
        jsonout_string(&j, "code", f->list[i].code->code);
        jsonout_string(&j, "severity", pol_severity_names[f->list[i].code->severity]);
        jsonout_string(&j, "where", f->list[i].where);
        jsonout_string(&j, "text", f->list[i].text);
        if (f->list[i].because) jsonout_string(&j, "accepted", f->list[i].because);
        jsonout_close(&j, '}');
    }
    jsonout_close(&j, ']');
    putchar('\n');
}

/* Every spec, into proofs; the sets that they define stay in the model. NULL: complained. */
static struct polproof *prove_all(struct subject *s)
{
    struct policy_error e = {""};
    struct polproof *proofs = calloc(s->spec_count + 1, sizeof(*proofs));
    for (size_t i = 0; i < s->spec_count; i++) {
        if (polprove(&proofs[i], s->spec_files[i]->path, &s->specs[i], &s->graph, &s->in.model, &s->in.cil, &e) == 0)
            continue;
        complain("%s", e.text);
        for (size_t k = 0; k <= i; k++)
            polprove_free(&proofs[k]);
        free(proofs);
        return NULL;
    }
    return proofs;
}

static void free_proofs(const struct subject *s, struct polproof *proofs)
{
    for (size_t i = 0; i < s->spec_count; i++)
        polprove_free(&proofs[i]);
    free(proofs);
}

static void find(struct subject *s, struct polfindings *f)
{
    const char **files = calloc(s->spec_count + 1, sizeof(*files));
    for (size_t i = 0; i < s->spec_count; i++)
        files[i] = s->spec_files[i]->path;
    polcheck(f, &s->graph, &s->in.cil, files, s->specs, s->spec_count);
    free(files);
}

static int command_check(struct subject *s, const struct options *o)
{
    struct polfindings f;
    struct polproof *proofs = prove_all(s); /* for the sets that accept lines may name */
    if (!proofs) return 2;
    free_proofs(s, proofs);
    find(s, &f);
    if (o->json) {
        json_findings(&f);
    } else {
        size_t accepted = f.count - f.open[POL_ERROR] - f.open[POL_WARNING] - f.open[POL_NOTE];
        for (size_t i = 0; i < f.count; i++)
            print_finding(&f.list[i]);
        printf("%zu errors, %zu warnings, %zu notes, %zu accepted\n", f.open[POL_ERROR], f.open[POL_WARNING],
               f.open[POL_NOTE], accepted);
    }
    int rc = f.open[POL_ERROR] || f.open[POL_WARNING] || (o->strict && f.open[POL_NOTE]);
    polcheck_free(&f);
    return rc;
}

static int command_explain(struct subject *s, const struct options *o, char *const *names)
{
    struct polworld w = {&s->in.model, &s->in.rules};
    int type[2];
    for (uint32_t t = 0; o->types && t < w.m->flat.types; t++)
        puts(w.m->flat.names[t]);
    if (o->types) return 0;
    for (int i = 0; i < 2; i++)
        if ((type[i] = polmodel_type(w.m, names[i])) < 0) return complain("the policy has no type %s", names[i]);
    bool known = !o->class_name;
    for (int c = 0; c < BH_CLASS_COUNT && !known; c++)
        known = strcmp(bh_class_names[c], o->class_name) == 0;
    if (!known) return complain("there is no class %s", o->class_name);
    if (o->json)
        polexplain_json(stdout, &w, &s->in.cil, (uint32_t)type[0], (uint32_t)type[1], o->class_name, o->all);
    else
        polexplain_text(stdout, &w, &s->in.cil, (uint32_t)type[0], (uint32_t)type[1], o->class_name);
    return 0;
}

static int command_flows(struct subject *s, const struct options *o)
{
    struct polshow show;
    polshow_init(&show, &s->graph);
    if (o->json)
        polshow_json(stdout, &show);
    else if (o->dot)
        polshow_dot(stdout, &show);
    else if (o->svg)
        polsvg(stdout, &show, true);
    else
        polshow_text(stdout, &show, &s->in.cil, o->rules);
    polshow_free(&show);
    return 0;
}

static void print_result(const char *file, const struct polresult *r)
{
    printf("%-5s %s:%u: %s%s%s\n", r->holds ? "holds" : "FALSE", file, r->line->line, r->line->label,
           *r->line->label ? ": " : "", r->line->text);
    char *save = NULL;
    for (char *line = strtok_r(r->why, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        printf("      %s\n", line);
}

static void json_result(struct jsonout *j, const char *file, const struct polresult *r)
{
    jsonout_open(j, NULL, '{');
    jsonout_string(j, "file", file);
    jsonout_number(j, "line", r->line->line);
    jsonout_string(j, "label", r->line->label);
    jsonout_string(j, "assertion", r->line->text);
    jsonout_bool(j, "holds", r->holds);
    jsonout_string(j, "why", r->why);
    jsonout_close(j, '}');
}

static int command_prove(struct subject *s, const struct options *o)
{
    struct jsonout j = {.file = stdout};
    size_t all = 0, failed = 0;
    if (s->spec_count == 0) return complain("no .spec file to prove");
    struct polproof *proofs = prove_all(s);
    if (!proofs) return 2;
    if (o->json) jsonout_open(&j, NULL, '[');
    for (size_t i = 0; i < s->spec_count; i++) {
        for (size_t k = 0; k < proofs[i].count; k++) {
            if (o->json)
                json_result(&j, s->spec_files[i]->path, &proofs[i].results[k]);
            else
                print_result(s->spec_files[i]->path, &proofs[i].results[k]);
        }
        all += proofs[i].count;
        failed += proofs[i].failed;
    }
    if (o->json) {
        jsonout_close(&j, ']');
        putchar('\n');
    } else {
        printf("%zu assertions hold, %zu do not\n", all - failed, failed);
    }
    free_proofs(s, proofs);
    return all == 0 ? complain("%s: no assertion in it", s->spec_files[0]->path) : failed != 0;
}

/* Whole or not at all. Status 1 where the page says that something is wrong. */
static int command_report(struct subject *s, const struct options *o)
{
    struct polfindings findings;
    struct policy_error e = {""};
    char temporary[4096], signer[640];
    if (!o->out || snprintf(temporary, sizeof(temporary), "%s.new", o->out) >= (int)sizeof(temporary))
        return complain("report wants -o OUT.html");
    const struct polfile *table = polinput_next(&s->in, NULL, ".bhp");
    if (o->key && !table) return complain("--key: there is no .bhp among the files whose signature it could check");
    struct polproof *proofs = prove_all(s);
    if (!proofs) return 2;
    find(s, &findings);
    if (o->key && policy_file_check(table->data, table->size, o->key, &e) == 0)
        snprintf(signer, sizeof(signer), "signed by %s", o->key);
    else if (o->key)
        snprintf(signer, sizeof(signer), "REFUSED: %s", e.text);
    FILE *out = fopen(temporary, "w");
    int rc = 0;
    if (out) {
        struct polreport r = {&s->in,
                              &s->graph,
                              &findings,
                              proofs,
                              s->spec_count,
                              o->title ? o->title : "Policy",
                              o->key ? signer : NULL};
        polreport(out, &r);
    }
    if (!out || fclose(out) != 0 || rename(temporary, o->out) != 0) rc = complain("%s: cannot be written", o->out);
    for (size_t i = 0; i < s->spec_count && rc == 0; i++)
        rc = proofs[i].failed != 0;
    rc = rc ? rc : findings.open[POL_ERROR] || findings.open[POL_WARNING];
    polcheck_free(&findings);
    free_proofs(s, proofs);
    return rc;
}

/* a.cil,b.cil,c.rules */
static int open_list(struct subject *s, char *list)
{
    char *paths[64], *save = NULL;
    int n = 0;
    for (char *p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (n == 64) return complain("%s: more than 64 files", list);
        paths[n++] = p;
    }
    return open_subject(s, paths, n);
}

static int command_diff(const struct options *o, char **names)
{
    struct subject before, after = {0};
    int rc = open_list(&before, names[0]);
    if (rc == 0) rc = open_list(&after, names[1]);
    if (rc == 0) rc = (o->json ? poldiff_json : poldiff_text)(stdout, &before.graph, &after.graph) != 0;
    close_subject(&before);
    close_subject(&after);
    return rc;
}

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},         {"dot", no_argument, NULL, 'd'},
        {"rules", no_argument, NULL, 'r'},        {"class", required_argument, NULL, 'c'},
        {"strict", no_argument, NULL, 's'},       {"codes", no_argument, NULL, 'k'},
        {"output", required_argument, NULL, 'o'}, {"svg", no_argument, NULL, 'g'},
        {"title", required_argument, NULL, 't'},  {"key", required_argument, NULL, 'K'},
        {"types", no_argument, NULL, 'T'},        {"all", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'j':
            o->json = true;
            break;
        case 'd':
            o->dot = true;
            break;
        case 'g':
            o->svg = true;
            break;
        case 't':
            o->title = optarg;
            break;
        case 'T':
            o->types = true;
            break;
        case 'a':
            o->all = true;
            break;
        case 'K':
            o->key = optarg;
            break;
        case 'r':
            o->rules = true;
            break;
        case 'c':
            o->class_name = optarg;
            break;
        case 's':
            o->strict = true;
            break;
        case 'k':
            o->codes = true;
            break;
        case 'o':
            o->out = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct subject s;
    if (parse(argc, argv, &o) != 0) return 2;
    const char *command = optind < argc ? argv[optind++] : "";
    char **rest = argv + optind;
    int left = argc - optind, skip = strcmp(command, "explain") == 0 && !o.types ? 2 : 0;
    if (strcmp(command, "check") == 0 && o.codes) {
        polcheck_codes(stdout);
        return 0;
    }
    if (strcmp(command, "diff") == 0 && left == 2) return command_diff(&o, rest);
    bool known = strcmp(command, "check") == 0 || strcmp(command, "explain") == 0 || strcmp(command, "flows") == 0 ||
                 strcmp(command, "prove") == 0 || strcmp(command, "report") == 0;
    if (!known || left <= skip) {
        fputs(usage, stderr);
        return 2;
    }
    int rc = open_subject(&s, rest + skip, left - skip);
    if (rc == 0)
        rc = strcmp(command, "check") == 0     ? command_check(&s, &o)
             : strcmp(command, "explain") == 0 ? command_explain(&s, &o, rest)
             : strcmp(command, "flows") == 0   ? command_flows(&s, &o)
             : strcmp(command, "report") == 0  ? command_report(&s, &o)
                                               : command_prove(&s, &o);
    close_subject(&s);
    return rc;
}
