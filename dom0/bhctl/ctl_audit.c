/* SPDX-License-Identifier: MIT */
/* bhctl audit: what the policy refused, and what it wants recorded. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "auditfile.h"
#include "ctl.h"

#define BATCH     16u
#define FOLLOW_US 200000

struct view {
    bool json, follow;
    struct auditfile *save; /* NULL: to the screen only */
    uint64_t next, lost;
};

static void show_record(const struct bh_audit_record *r)
{
    printf("%6" PRIu64 " %12.6f %s %s:c%u (dom %u) -> %s:c%u (dom %u) %s:%s object %" PRIu64 " by %s", r->seq,
           (double)r->time_ns / 1e9, r->allowed ? "allowed" : "DENIED", r->source_type, r->source_compartment,
           r->source, r->target_type, r->target_compartment, r->target, r->class_name, r->perm_name, r->object,
           r->reason);
    if (r->suppressed) printf(" (%u more before it, over the rate limit)", r->suppressed);
    putchar('\n');
}

/* One object a line. */
static void json_record(const struct bh_audit_record *r)
{
    struct jsonout j = {.file = stdout};

    jsonout_open(&j, NULL, '{');
    jsonout_number(&j, "seq", r->seq);
    jsonout_number(&j, "time_ns", r->time_ns);
    jsonout_bool(&j, "allowed", r->allowed);
    jsonout_number(&j, "source", r->source);
    jsonout_string(&j, "source_type", r->source_type);
    jsonout_number(&j, "source_compartment", r->source_compartment);
    jsonout_number(&j, "target", r->target);
    jsonout_string(&j, "target_type", r->target_type);
    jsonout_number(&j, "target_compartment", r->target_compartment);
    jsonout_string(&j, "class", r->class_name);
    jsonout_string(&j, "permission", r->perm_name);
    jsonout_number(&j, "object", r->object);
    jsonout_string(&j, "reason", r->reason);
    jsonout_number(&j, "suppressed", r->suppressed);
    jsonout_close(&j, '}');
    putchar('\n');
}

static void terminate(struct bh_audit_record *r)
{
    r->source_type[sizeof(r->source_type) - 1] = r->target_type[sizeof(r->target_type) - 1] = '\0';
    r->class_name[sizeof(r->class_name) - 1] = r->perm_name[sizeof(r->perm_name) - 1] = '\0';
    r->reason[sizeof(r->reason) - 1] = '\0';
}

static int take_records(struct view *v, const struct bh_audit_record *records, uint32_t count)
{
    int rc = v->save ? auditfile_append(v->save, records, count) : 0;

    if (rc < 0) return rc;
    for (uint32_t i = 0; i < count; i++) {
        struct bh_audit_record r = records[i];

        terminate(&r);
        v->json ? json_record(&r) : show_record(&r);
    }
    return 0;
}

/* Takes the records from v->next to the newest at the time of the call. */
static int read_records(struct hvcall *hv, struct view *v, uint64_t *limited)
{
    for (;;) {
        struct bh_audit_record *records = hvcall_buffer(hv);
        struct bh_audit_read read = {.seq = v->next, .count = BATCH, .data = (uintptr_t)records};
        long rc = hvcall_op(hv, BH_AUDIT_READ, &read, sizeof(read));

        if (rc < 0) return (int)rc;
        *limited = read.limited;
        if (read.count == 0 || read.count > BATCH) return 0;
        v->lost += read.seq - v->next;
        v->next = read.seq + read.count;
        rc = take_records(v, records, read.count);
        if (rc < 0) return (int)rc;
    }
}

static int show(struct hvcall *hv, struct view *v)
{
    uint64_t limited = 0, told = 0;
    int rc;

    do {
        rc = read_records(hv, v, &limited);
        if (rc < 0) return ctl_error("audit: %s", strerror(-rc));
        if (v->lost > told) ctl_error("audit: %" PRIu64 " older records are gone from the ring", v->lost - told);
        told = v->lost;
        if (fflush(stdout) != 0) return ctl_error("audit: the output could not be written: %s", strerror(errno));
        if (v->follow) usleep(FOLLOW_US);
    } while (v->follow);
    if (limited) ctl_error("audit: rate limits kept out %" PRIu64 " records since start", limited);
    return CTL_OK;
}

int ctl_audit(struct hvcall *hv, int argc, char **argv)
{
    struct view v = {.next = 1};
    struct auditfile file;
    const char *path = NULL, *why;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            v.json = true;
        else if (strcmp(argv[i], "--follow") == 0)
            v.follow = true;
        else if (strcmp(argv[i], "--save") == 0 && i + 1 < argc)
            path = argv[++i];
        else
            return ctl_usage("audit: '%s' is no option, or lacks its file", argv[i]);
    }
    if (!path) return show(hv, &v);
    if (auditfile_open(&file, path, &why) < 0) return ctl_error("audit: %s: %s", path, why);
    v.save = &file;
    v.next = file.last + 1;
    int rc = show(hv, &v);
    if (auditfile_close(&file) < 0) rc = ctl_error("audit: %s: %s", path, strerror(errno));
    return rc;
}
