/* SPDX-License-Identifier: MIT */
/* The audit log as a file: what bhctl writes is what bh-auditlog reads; nothing can be taken out, altered, moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../attest/verify/auditlog.h"
#include "auditfile.h"

#define RECORDS 40u

static char path[] = "auditlog-test-XXXXXX";
static struct bh_audit_record records[RECORDS];
static uint8_t content[8 + sizeof(records) + 1];

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    for (uint32_t i = 0; i < RECORDS; i++)
        records[i] = (struct bh_audit_record){.seq = i + 1, .time_ns = 10 * i, .object = 7 * i, .reason = "policy"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static struct bytes whole_file(void)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(content, 1, sizeof(content), f);
    fclose(f);
    return (struct bytes){content, n};
}

static void append(uint32_t from, uint32_t count, int expect)
{
    struct auditfile a;
    const char *why;
    assert_int_equal(auditfile_open(&a, path, &why), 0);
    assert_int_equal(auditfile_append(&a, records + from, count), expect);
    assert_int_equal(auditfile_close(&a), 0);
}

/* In three runs, one of them after a write that stopped in the middle of a record. */
static void what_is_saved_is_read(void **state)
{
    (void)state;
    struct auditlog log;
    uint8_t hash[32] = {0};
    append(0, 10, 0);
    append(11, 5, -EILSEQ);
    append(10, 20, 0);
    assert_int_equal(truncate(path, (off_t)(8 + 29 * sizeof(records[0]) + 5)), 0);
    append(30, 10, -EILSEQ);
    append(29, 11, 0);
    assert_int_equal(auditlog_open(whole_file(), &log), 0);
    assert_int_equal(log.count, RECORDS);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct bh_audit_record r = auditlog_record(&log, i + 1);
        assert_memory_equal(&r, &records[i], sizeof(r));
        assert_int_equal(auditlog_find(&log, hash), i);
        uint8_t input[32 + sizeof(r)];
        memcpy(input, hash, 32);
        memcpy(input + 32, &r, sizeof(r));
        mbedtls_sha256_ret(input, sizeof(input), hash, 0);
    }
    uint8_t computed[32];
    auditlog_hash(&log, RECORDS, computed);
    assert_memory_equal(computed, hash, 32);
    assert_int_equal(auditlog_find(&log, hash), RECORDS);
}

/* Any altered byte, and any record left out or moved, is either refused or has another hash. */
static void nothing_can_be_changed(void **state)
{
    (void)state;
    struct auditlog log;
    uint8_t hash[32];
    struct bytes file = whole_file();
    assert_int_equal(auditlog_open(file, &log), 0);
    auditlog_hash(&log, RECORDS, hash);
    for (size_t i = 0; i < file.size; i++) {
        content[i] ^= 0x20;
        if (auditlog_open(file, &log) == 0) assert_int_equal(auditlog_find(&log, hash), -1);
        content[i] ^= 0x20;
    }
    for (size_t size = 0; size < file.size; size++)
        if (auditlog_open((struct bytes){content, size}, &log) == 0) assert_int_equal(auditlog_find(&log, hash), -1);
    memmove(content + 8 + 3 * sizeof(records[0]), content + 8 + 4 * sizeof(records[0]), 36 * sizeof(records[0]));
    assert_int_equal(auditlog_open((struct bytes){content, file.size - sizeof(records[0])}, &log), -EBADMSG);
    assert_int_equal(log.at, 8 + 3 * sizeof(records[0]));
}

static void other_files_are_left_alone(void **state)
{
    (void)state;
    struct auditfile a;
    const char *why = NULL;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite("BHAUDIT2 and more", 1, 17, f), 17);
    fclose(f);
    assert_int_equal(auditfile_open(&a, path, &why), -EINVAL);
    assert_non_null(why);
    assert_int_equal(whole_file().size, 17);
    assert_int_equal(truncate(path, 3), 0);
    assert_int_equal(auditfile_open(&a, path, &why), -EINVAL);
    assert_int_equal(whole_file().size, 3);
    assert_int_equal(auditfile_open(&a, "/nowhere/at/all", &why), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_read),
        cmocka_unit_test(nothing_can_be_changed),
        cmocka_unit_test(other_files_are_left_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
