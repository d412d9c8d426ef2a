/* SPDX-License-Identifier: MIT */
/* bhctl audit and dmesg: what the hypervisor wrote down. */
#include <inttypes.h>
#include <string.h>

#include "ctl.h"

#define BATCH 16u

static void show_record(const struct bh_audit_record *r)
{
    printf("%6" PRIu64 " %12.6f %s %s:c%u (dom %u) -> %s:c%u (dom %u) %s:%s object %" PRIu64 "\n", r->seq,
           (double)r->time_ns / 1e9, r->allowed ? "allowed" : "DENIED", r->source_type, r->source_compartment,
           r->source, r->target_type, r->target_compartment, r->target, r->class_name, r->perm_name, r->object);
}

static void json_record(struct jsonout *j, const struct bh_audit_record *r)
{
    jsonout_open(j, NULL, '{');
    jsonout_number(j, "seq", r->seq);
    jsonout_number(j, "time_ns", r->time_ns);
    jsonout_bool(j, "allowed", r->allowed);
    jsonout_number(j, "source", r->source);
    jsonout_string(j, "source_type", r->source_type);
    jsonout_number(j, "source_compartment", r->source_compartment);
    jsonout_number(j, "target", r->target);
    jsonout_string(j, "target_type", r->target_type);
    jsonout_number(j, "target_compartment", r->target_compartment);
    jsonout_string(j, "class", r->class_name);
    jsonout_string(j, "permission", r->perm_name);
    jsonout_number(j, "object", r->object);
    jsonout_close(j, '}');
}

static void terminate(struct bh_audit_record *r)
{
    r->source_type[sizeof(r->source_type) - 1] = r->target_type[sizeof(r->target_type) - 1] = '\0';
    r->class_name[sizeof(r->class_name) - 1] = r->perm_name[sizeof(r->perm_name) - 1] = '\0';
}

/* Prints the records from the oldest kept to the newest at the time of the call. */
static long read_records(struct hvcall *hv, struct jsonout *json)
{
    uint64_t next = 1, missing = 0;

    for (;;) {
        struct bh_audit_record *records = hvcall_buffer(hv);
        struct bh_audit_read read = {.seq = next, .count = BATCH, .data = (uintptr_t)records};
        long rc = hvcall_op(hv, BH_AUDIT_READ, &read, sizeof(read));

        if (rc < 0)
            return rc;
        if (read.count == 0 || read.count > BATCH)
            break;
        missing += read.seq - next;
        next = read.seq + read.count;
        for (uint32_t i = 0; i < read.count; i++) {
            struct bh_audit_record r = records[i];

            terminate(&r);
            json ? json_record(json, &r) : show_record(&r);
        }
    }
    if (missing)
        ctl_error("audit: %" PRIu64 " older records are gone from the ring", missing);
    return 0;
}

int ctl_audit(struct hvcall *hv, int argc, char **argv)
{
    struct jsonout j = {.file = stdout};
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    long rc;

    if (argc != 1 + json)
        return ctl_usage("audit: '%s' is no option", argv[1]);
    if (json)
        jsonout_open(&j, NULL, '[');
    rc = read_records(hv, json ? &j : NULL);
    if (json) {
        jsonout_close(&j, ']');
        putchar('\n');
    }
    return rc < 0 ? ctl_error("audit: %s", strerror((int)-rc)) : CTL_OK;
}

int ctl_dmesg(struct hvcall *hv, int argc, char **argv)
{
    uint64_t position = 0;

    if (argc != 1)
        return ctl_usage("dmesg: '%s' is no option", argv[1]);
    for (;;) {
        char *text = hvcall_buffer(hv);
        struct bh_blob blob = {.offset = position, .size = BH_BLOB_CHUNK, .data = (uintptr_t)text};
        long rc = hvcall_op(hv, BH_DMESG_READ, &blob, sizeof(blob));

        if (rc < 0)
            return ctl_error("dmesg: %s", strerror((int)-rc));
        if (rc == 0 || rc > (long)BH_BLOB_CHUNK)
            return CTL_OK;
        fwrite(text, 1, (size_t)rc, stdout);
        position = blob.offset + (uint64_t)rc;
    }
}
