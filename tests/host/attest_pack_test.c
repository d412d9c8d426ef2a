/* SPDX-License-Identifier: MIT */
/* The evidence file and the signed structures byte by byte, and the strict reader. Run from the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../attest/format/cborout.h"
#include "../../attest/format/evidence_pack.h"
#include "../../attest/format/platform_pack.h"
#include "../../attest/verify/cborin.h"
#include "../../attest/verify/eventlog.h"

static struct bh_report report;
static const uint8_t nonce[8] = {1, 2, 3, 4, 5, 6, 7, 8}, platform[3] = {0xa, 0xb, 0xc}, signature[64] = {0x51};

static struct evidence_parts parts(void)
{
    return (struct evidence_parts){nonce, sizeof(nonce), platform, sizeof(platform), &report, signature, NULL, 0, NULL};
}

/* As FORMAT.md's table says it, written out by hand. */
static void the_bytes_are_those_of_the_format(void **state)
{
    static const uint8_t head[] = {0xa7, 0x0a, 0x48, 1,    2,    3,    4,    5,    6,    7,
                                   8,    0x19, 0x01, 0x07, 0x00, 0x19, 0x01, 0x09, 0x78, 0x24};
    static const uint8_t seed[] = {0x19, 0x01, 0x0c, 0x58, 0x20};
    static const uint8_t middle[] = {0x3a, 0x00, 0x01, 0x11, 0x70, 0x43, 0x0a, 0x0b, 0x0c,
                                     0x3a, 0x00, 0x01, 0x11, 0x71, 0x59, 0x02, 0x98};
    static const uint8_t tail[] = {0x3a, 0x00, 0x01, 0x11, 0x72, 0x58, 0x40, 0x51};
    struct evidence_parts p = parts();
    uint8_t out[2048], *at = out;
    size_t size;

    (void)state;
    memset(&report, 0x77, sizeof(report));
    size = evidence_pack(&p, out, sizeof(out));
    assert_int_equal(size, sizeof(head) + 36 + sizeof(seed) + 32 + sizeof(middle) + 664 + 7 + 64);
    assert_memory_equal(at, head, sizeof(head));
    at += sizeof(head);
    assert_memory_equal(at, "tag:bulkhead.invalid,2026:evidence-2", 36);
    at += 36;
    assert_memory_equal(at, seed, sizeof(seed));
    at += sizeof(seed);
    assert_memory_equal(at, report.boot_id, 32);
    at += 32;
    assert_memory_equal(at, middle, sizeof(middle));
    at += sizeof(middle);
    assert_memory_equal(at, &report, 664);
    assert_memory_equal(at + 664, tail, sizeof(tail));
}

static void sizes_out_of_range_are_refused(void **state)
{
    struct evidence_parts p = parts();
    uint8_t out[2048];
    size_t size = evidence_pack(&p, NULL, 0);

    (void)state;
    assert_int_equal(evidence_pack(&p, out, size), size);
    assert_int_equal(evidence_pack(&p, out, size - 1), 0);
    p.nonce_size = 7;
    assert_int_equal(evidence_pack(&p, out, sizeof(out)), 0);
    p.nonce_size = 65;
    assert_int_equal(evidence_pack(&p, out, sizeof(out)), 0);
    p = parts();
    p.platform_size = BH_EVIDENCE_MAX + 1;
    assert_int_equal(evidence_pack(&p, NULL, 0), 0);
    p = parts();
    p.binding = nonce;
    assert_int_equal(evidence_pack(&p, out, sizeof(out)), 0);
    p.binding_size = 4097;
    assert_int_equal(evidence_pack(&p, out, sizeof(out)), 0);
}

static void what_was_packed_parses(void **state)
{
    struct evidence_parts p = parts();
    struct evidence e;
    uint8_t out[2048];
    size_t size;

    (void)state;
    p.binding = signature;
    p.binding_size = 64;
    size = evidence_pack(&p, out, sizeof(out));
    assert_int_equal(evidence_parse((struct bytes){out, size}, &e), 0);
    assert_true(bytes_equal(e.nonce, nonce, sizeof(nonce)));
    assert_true(bytes_equal(e.platform, platform, sizeof(platform)));
    assert_true(bytes_equal(e.binding, signature, 64));
    out[size] = 0;
    assert_int_equal(evidence_parse((struct bytes){out, size + 1}, &e), -EBADMSG);
}

/* --- Determinism ----------------------------------------------------------------------------- */

static bool reads_as_int(const uint8_t *data, size_t size)
{
    struct cborin in = cborin_open((struct bytes){data, size});
    int64_t value;

    return cborin_int(&in, &value) && cborin_done(&in);
}

static void only_the_shortest_form_is_read(void **state)
{
    static const uint8_t good[] = {0x17}, good8[] = {0x18, 24}, long8[] = {0x18, 23}, long16[] = {0x19, 0, 255},
                         long32[] = {0x1a, 0, 0, 255, 255}, long64[] = {0x1b, 0, 0, 0, 0, 255, 255, 255, 255},
                         most[] = {0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, truth[] = {0xf5},
                         cut[] = {0x19, 1};

    (void)state;
    assert_true(reads_as_int(good, sizeof(good)));
    assert_true(reads_as_int(good8, sizeof(good8)));
    assert_false(reads_as_int(long8, sizeof(long8)));
    assert_false(reads_as_int(long16, sizeof(long16)));
    assert_false(reads_as_int(long32, sizeof(long32)));
    assert_false(reads_as_int(long64, sizeof(long64)));
    assert_false(reads_as_int(most, sizeof(most)));
    assert_false(reads_as_int(truth, sizeof(truth)));
    assert_false(reads_as_int(cut, sizeof(cut)));
    assert_false(reads_as_int(good, 0));
}

static size_t pairs_of(const uint8_t *data, size_t size, bool *done)
{
    struct cborin in = cborin_open((struct bytes){data, size});
    struct cborin_map map;
    uint64_t value;
    size_t count = 0;

    cborin_map(&in, &map);
    while (cborin_pair(&in, &map) && cborin_uint(&in, &value))
        count++;
    *done = cborin_done(&in);
    return count;
}

static void keys_are_in_order_and_once(void **state)
{
    static const uint8_t good[] = {0xa3, 1, 0, 0x20, 0, 0x21, 0}, twice[] = {0xa2, 1, 0, 1, 0},
                         swapped[] = {0xa2, 2, 0, 1, 0}, negative_first[] = {0xa2, 0x20, 0, 1, 0},
                         indefinite[] = {0xbf, 1, 0, 0xff}, short_one[] = {0xa2, 1, 0};
    bool done;

    (void)state;
    assert_int_equal(pairs_of(good, sizeof(good), &done), 3);
    assert_true(done);
    pairs_of(twice, sizeof(twice), &done);
    assert_false(done);
    pairs_of(swapped, sizeof(swapped), &done);
    assert_false(done);
    pairs_of(negative_first, sizeof(negative_first), &done);
    assert_false(done);
    pairs_of(indefinite, sizeof(indefinite), &done);
    assert_false(done);
    pairs_of(short_one, sizeof(short_one), &done);
    assert_false(done);
}

static void the_writer_writes_what_the_reader_reads(void **state)
{
    static const int64_t values[] = {0, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296, -1, -24, -25, -70001};
    uint8_t out[16];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct cborout w = {.out = out, .capacity = sizeof(out)};
        struct cborin in;
        int64_t back;

        cborout_int(&w, values[i]);
        assert_false(w.full);
        in = cborin_open((struct bytes){out, w.used});
        assert_true(cborin_int(&in, &back) && cborin_done(&in));
        assert_true(back == values[i]);
    }
}

static void a_full_buffer_shows(void **state)
{
    static const struct evidence_platform empty = {.pcr_mask = 1};
    uint8_t out[16];
    struct cborout w = {.out = out, .capacity = 4};

    (void)state;
    cborout_text(&w, "abcd");
    assert_true(w.full);
    assert_int_equal(platform_pack(&empty, out, sizeof(out)), 0);
}

/* --- Event log ------------------------------------------------------------------------------- */

static void a_record_ends_where_its_size_says(void **state)
{
    uint8_t log[48] = {21, 0, 0, 0, 1, 0, 0x48, 0x42};
    struct bytes rest;
    struct eventlog_record record;

    (void)state;
    log[40] = 4;
    rest = (struct bytes){log, sizeof(log)};
    assert_int_equal(eventlog_next(&rest, &record), 1);
    assert_int_equal(record.pcr, 21);
    assert_int_equal(record.type, BH_EV_HV_KEY);
    assert_int_equal(record.data.size, 4);
    assert_int_equal(eventlog_next(&rest, &record), 0);
    assert_int_equal(eventlog_parse((struct bytes){log, sizeof(log) - 1}), -EBADMSG);
    assert_int_equal(eventlog_parse((struct bytes){log, 43}), -EBADMSG);
    memset(log + 40, 0xff, 4);
    assert_int_equal(eventlog_parse((struct bytes){log, sizeof(log)}), -EBADMSG);
    assert_int_equal(eventlog_parse((struct bytes){log, 0}), 0);
}

/* --- The structures that are signed ------------------------------------------------------------ */

struct field {
    const char *name;
    size_t offset, size;
};

#define REPORT(field)                                                                                                  \
    {                                                                                                                  \
#field, offsetof(struct bh_report, field), sizeof(((struct bh_report *)0)->field)                              \
    }
#define LAUNCH(field)                                                                                                  \
    {                                                                                                                  \
#field, offsetof(struct bh_launch, field), sizeof(((struct bh_launch *)0)->field)                              \
    }

static char format_md[65536];

/* The table behind the heading has a row for each field in turn, and the fields leave no byte out. */
static void assert_table(const char *heading, const struct field *fields, size_t count, size_t whole)
{
    const char *at = strstr(format_md, heading), *end;
    size_t offset = 0;
    char row[128];

    assert_non_null(at);
    end = strstr(at, "\n\n## ");
    assert_non_null(end);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fields[i].offset, offset);
        offset += fields[i].size;
        snprintf(row, sizeof(row), "\n| %zu | %zu | `%s` | ", fields[i].offset, fields[i].size, fields[i].name);
        at = strstr(at, row);
        if (at == NULL || at > end) print_message("no row%s\n", row);
        assert_true(at != NULL && at < end);
    }
    assert_int_equal(offset, whole);
}

static void the_report_is_as_documented(void **state)
{
    static const struct field fields[] = {REPORT(magic),
                                          REPORT(version),
                                          REPORT(flags),
                                          REPORT(domid),
                                          REPORT(svn),
                                          REPORT(uuid),
                                          REPORT(epoch),
                                          REPORT(counter),
                                          REPORT(uptime_ns),
                                          REPORT(boot_id),
                                          REPORT(launch),
                                          REPORT(launch_digest),
                                          REPORT(type),
                                          REPORT(compartment_hash),
                                          REPORT(signer),
                                          REPORT(guest_svn),
                                          REPORT(policy_version),
                                          REPORT(policy_digest),
                                          REPORT(audit_seq),
                                          REPORT(audit_hash),
                                          REPORT(runtime),
                                          REPORT(hv_version),
                                          REPORT(report_data)};

    (void)state;
    assert_table("### The report\n", fields, sizeof(fields) / sizeof(fields[0]), 664);
    assert_int_equal(sizeof(struct bh_report), 664);
}

static void the_launch_is_as_documented(void **state)
{
    static const struct field fields[] = {LAUNCH(magic),      LAUNCH(kernel), LAUNCH(ramdisk), LAUNCH(cmdline),
                                          LAUNCH(memory_kib), LAUNCH(vcpus),  LAUNCH(flags)};

    (void)state;
    assert_table("### A launch\n", fields, sizeof(fields) / sizeof(fields[0]), 120);
    assert_int_equal(sizeof(struct bh_launch), 120);
}

static int read_format(void **state)
{
    FILE *f = fopen("attest/FORMAT.md", "r");
    size_t size = f != NULL ? fread(format_md, 1, sizeof(format_md) - 1, f) : 0;

    (void)state;
    if (f != NULL) fclose(f);
    return size == 0 || size == sizeof(format_md) - 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_the_format),
        cmocka_unit_test(sizes_out_of_range_are_refused),
        cmocka_unit_test(what_was_packed_parses),
        cmocka_unit_test(only_the_shortest_form_is_read),
        cmocka_unit_test(keys_are_in_order_and_once),
        cmocka_unit_test(the_writer_writes_what_the_reader_reads),
        cmocka_unit_test(a_full_buffer_shows),
        cmocka_unit_test(a_record_ends_where_its_size_says),
        cmocka_unit_test(the_report_is_as_documented),
        cmocka_unit_test(the_launch_is_as_documented),
    };

    return cmocka_run_group_tests(tests, read_format, NULL);
}
