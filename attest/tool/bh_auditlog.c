/* SPDX-License-Identifier: MIT */
/* bh-auditlog: is an audit log that somebody hands over whole? Recomputes the running hash over a file of `bhctl audit
 * --save` and looks for the one that a report names. That the evidence itself is genuine is for bh-verify to say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../verify/auditlog.h"
#include "../verify/evidence.h"
#include "toolfile.h"

const char *const toolfile_program = "bh-auditlog";

#define LOG_MAX (1ul << 30)

static int usage(void)
{
    fputs("usage: bh-auditlog LOG [--evidence FILE]\n"
          "  prints the records of LOG (bhctl audit --save LOG) and the running hash over them; with evidence, made "
          "after\n"
          "  the last record of interest and verified by bh-verify, says whether the log is whole up to it\n"
          "exit status: 0 whole (or no evidence given), 1 not shown to be whole, 2 wrong use, unreadable file\n",
          stderr);
    return 2;
}

/* The log is what somebody handed over: its strings stay in their line. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e) *text = '?';
    }
}

static void print_record(struct bh_audit_record *r)
{
    make_printable(r->source_type);
    make_printable(r->target_type);
    make_printable(r->class_name);
    make_printable(r->perm_name);
    make_printable(r->reason);
    printf("%6" PRIu64 " %12.6f %s %s:c%u (dom %u) -> %s:c%u (dom %u) %s:%s object %" PRIu64 " by %s", r->seq,
           (double)r->time_ns / 1e9, r->allowed ? "allowed" : "DENIED", r->source_type, r->source_compartment,
           r->source, r->target_type, r->target_compartment, r->target, r->class_name, r->perm_name, r->object,
           r->reason);
    if (r->suppressed) printf(" (%u more before it, over the rate limit)", r->suppressed);
    putchar('\n');
}

/* Up to where the report vouches for the log: 0 when that is the whole of what it names, else 1. */
static int judge(const struct auditlog *log, const struct bh_report *report)
{
    int64_t upto = auditlog_find(log, report->audit_hash);

    if (upto < 0) {
        toolfile_complain(
            "the log is NOT the one that the report names: no record's running hash is the report's. Records "
            "were altered or left out, or the log was saved before the report was made");
        return 1;
    }
    if ((uint64_t)upto != report->audit_seq) {
        toolfile_complain("the report contradicts itself: its hash is that of %" PRIi64 " records, its number %" PRIu64,
                          upto, report->audit_seq);
        return 1;
    }
    if (upto == 0) {
        toolfile_complain("the report vouches for no record: there was none when it was made");
        return 1;
    }
    printf("WHOLE: records 1 to %" PRIi64 " are what the hypervisor had recorded when it made the report\n", upto);
    if ((uint64_t)upto < log->count)
        printf("the %" PRIu64 " records after it are younger than the report\n", log->count - (uint64_t)upto);
    return 0;
}

static int compare(const struct auditlog *log, const char *path)
{
    struct bytes file = toolfile_read_evidence(path, 1u << 20);
    struct evidence evidence;
    struct bh_report report;
    int rc = 1;

    if (file.data == NULL) return 2;
    if (evidence_parse(file, &evidence) != 0 || evidence_parse_report(evidence.report, &report) != 0)
        toolfile_complain("%s: is no evidence", path);
    else
        rc = judge(log, &report);
    toolfile_free(file);
    return rc;
}

int main(int argc, char **argv)
{
    struct auditlog log;
    uint8_t hash[32];

    if (argc != 2 && (argc != 4 || strcmp(argv[2], "--evidence") != 0)) return usage();
    struct bytes file = toolfile_read(argv[1], LOG_MAX);
    if (file.data == NULL) return 2;
    if (auditlog_open(file, &log) != 0) {
        toolfile_complain("%s: at byte %" PRIu64 ": %s", argv[1], log.at, log.error);
        toolfile_free(file);
        return 1;
    }
    for (uint64_t n = 1; n <= log.count; n++) {
        struct bh_audit_record r = auditlog_record(&log, n);
        print_record(&r);
    }
    auditlog_hash(&log, log.count, hash);
    printf("%" PRIu64 " records, running hash ", log.count);
    for (unsigned i = 0; i < sizeof(hash); i++)
        printf("%02x", hash[i]);
    putchar('\n');
    int rc = argc == 4 ? compare(&log, argv[3]) : 0;
    toolfile_free(file);
    return rc;
}
